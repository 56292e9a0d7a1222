"""The forms of a protocol: sent back as they are they change nothing, and what is typed counts."""

import pytest

from protocols.forms import entries_of, filled, key_for, with_form_entry, with_section
from protocols.loader import load, read_shipped, shipped
from protocols.problems import ProtocolErrors
from protocols.sections import FieldKind, section_of, sections
from protocols.source import read
from tests.factories import protocol_text

TEXTS = {name: read_shipped(name) for name in shipped()} | {"a small one": protocol_text()}


def sent(shown):
    """Return what a browser sends of a form that shows this."""
    form = {}
    for name, value in shown.items():
        if value is True:
            form[name] = ["yes"]
        elif isinstance(value, list):
            form[name] = value
        elif value is not False:
            form[name] = [value.replace("\n", "\r\n")]
    return form


@pytest.mark.parametrize("name", TEXTS)
def test_every_form_sent_back_as_it_is_changes_no_character(name):
    text = TEXTS[name]
    protocol = load(text).protocol
    plain = protocol.model_dump(mode="json")
    for section in sections(protocol):
        if not section.entries:
            form = sent(filled(section, plain, protocol.languages))
            assert with_section(text, section, form) == text
            continue
        for number, entry in enumerate(entries_of(protocol, section)):
            form = sent(filled(section, entry, protocol.languages))
            assert with_form_entry(text, section, number=number, sent=form) == text


def test_every_field_of_the_schema_has_a_form():
    protocol = load(TEXTS["social-outcomes-contracting"]).protocol
    in_forms = {name for section in sections(protocol) for name in section.names}
    assert in_forms == set(type(protocol).model_fields)
    for section in sections(protocol):
        if section.entries:
            fields = {field.path[0] for field in section.fields}
            assert fields == set(section.model.model_fields), section.key
            for field in section.fields:
                if field.kind is FieldKind.ROWS:
                    assert {part.name for part in field.parts} == set(field.row.model_fields)


def form_of(text, key, number=None):
    protocol = load(text).protocol
    section = section_of(protocol, key)
    data = protocol.model_dump(mode="json")
    data = data if number is None else data[section.entries][number]
    return section, sent(filled(section, data, protocol.languages))


def test_what_is_typed_is_in_the_protocol_and_nothing_else_changes():
    text = TEXTS["social-outcomes-contracting"]
    section, form = form_of(text, "reasons", 6)
    changed = with_form_entry(
        text,
        section,
        number=6,
        sent=form | {"label": ["No empirical data"], "stages": ["full_text"]},
    )

    reason = load(changed).protocol.exclusion_reasons[6]
    assert (reason.label, reason.stages) == ("No empirical data", ("full_text",))
    assert len(set(changed.splitlines()) ^ set(text.splitlines())) <= 4

    section, form = form_of(text, "rules")
    form.pop("stages.title_abstract.maybe_advances")
    one = with_section(text, section, form | {"stages.title_abstract.decisions_needed": ["1"]})
    rules = load(one).protocol.stages.title_abstract
    assert (rules.decisions_needed, rules.maybe_advances) == (1, False)


def test_a_new_entry_gets_a_key_of_its_own():
    text = TEXTS["blank"]
    section = section_of(load(text).protocol, "reasons")
    form = {"label": ["Wrong population"], "stages": ["title_abstract", "full_text"],
            "teaches_model": ["yes"], "help": [""], "key": [""]}  # fmt: skip

    added = with_form_entry(text, section, number=None, sent=form)

    reason = load(added).protocol.exclusion_reasons[-1]
    assert (reason.key, reason.label) == ("wrong_population_2", "Wrong population")
    assert read(added).data["exclusion_reasons"][-1] == {
        "key": "wrong_population_2", "label": "Wrong population",
    }  # fmt: skip


def test_values_of_an_item_are_added_moved_and_left_out():
    text = TEXTS["health-interventions"]
    protocol = load(text).protocol
    number = next(
        n
        for n, item in enumerate(protocol.codebook)
        if len(item.values) > 2 and not item.value_groups
    )
    section, form = form_of(text, "codebook", number)
    n = len(protocol.codebook[number].values)
    form |= {
        "values.0.label": [""], f"values.{n}.label": ["A new value"],
        f"values.{n}.position": ["0"], f"values.{n}.synonyms": ["one, two\r\ntwo words"],
    }  # fmt: skip

    item = load(with_form_entry(text, section, number=number, sent=form)).protocol.codebook[number]

    assert [value.key for value in item.values] == [
        "a_new_value",
        *(value.key for value in protocol.codebook[number].values[1:]),
    ]
    assert item.values[0].synonyms == ("one, two", "two words")


def test_a_mistake_is_named_and_nothing_is_lost():
    text = TEXTS["blank"]
    section, form = form_of(text, "stopping")
    wrong = with_section(text, section, form | {"stopping.recall_target": ["most of them"]})

    with pytest.raises(ProtocolErrors) as error:
        load(wrong)

    assert "recall_target" in str(error.value)
    assert "most of them" in wrong


@pytest.mark.parametrize(
    ("label", "taken", "key"),
    [
        ("Zahlung nach Wirkung", (), "zahlung_nach_wirkung"),
        ("Évaluation d’impact", (), "evaluation_dimpact"),
        ("3ie", (), "x_3ie"),
        ("社会", (), "x"),
        ("Date", {"date", "date_2"}, "date_3"),
    ],
)
def test_keys_are_made_of_names(label, taken, key):
    assert key_for(label, taken) == key


def test_a_hostile_form_is_read_at_once():
    text = TEXTS["health-interventions"]
    section, form = form_of(text, "codebook", 0)
    form |= {"values.999999999.label": ["x"], "values.0.position": ["9" * 5000], "key.x": ["y"]}

    with_form_entry(text, section, number=0, sent=form)


def test_words_that_look_like_numbers_stay_words():
    text = TEXTS["health-interventions"].replace("languages: [en, es, fr, pt]",
                                                 "languages: [en, es, fr, pt]")  # fmt: skip
    section, form = form_of(text, "terminology", 0)
    names = next(name for name in form if name.startswith("names."))

    changed = with_form_entry(
        text, section, number=0, sent=form | {names: ["2020\r\nSmith, Jones"]}
    )

    code = names.removeprefix("names.")
    assert load(changed).protocol.terminology[0].names[code] == ("2020", "Smith, Jones")


def test_a_condition_is_given_and_taken_away_on_the_form():
    text = TEXTS["a small one"]
    number = [item.key for item in load(text).protocol.codebook].index("equity")
    section, form = form_of(text, "codebook", number)

    given = form | {"asked_if.item": ["design"], "asked_if.values": ["trial, case"]}
    changed = with_form_entry(text, section, number=number, sent=given)

    condition = load(changed).protocol.item("equity").asked_if
    assert (condition.item, condition.values) == ("design", ("trial", "case"))
    back = with_form_entry(changed, section, number=number, sent=form)
    assert load(back).protocol == load(text).protocol
