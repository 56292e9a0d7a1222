"""Loading a protocol file: lines, all mistakes at once, and files that are refused at once."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.loader import load, load_file
from protocols.problems import ProtocolErrors
from protocols.schema import Axis
from tests.factories import protocol_text
from tests.protocols.protocol_texts import SMALL, broken, only


def refused(text):
    """Return the only problem of a text that cannot be loaded."""
    with pytest.raises(ProtocolErrors) as caught:
        load(text)
    return only(caught.value.problems)


def test_a_loaded_protocol_keeps_its_text_and_fingerprint():
    loaded = load(SMALL)

    assert loaded.text == SMALL
    assert loaded.sha256 == sha256(SMALL.encode()).hexdigest()
    assert loaded.protocol.random_share == 0.05
    assert loaded.protocol.stages.full_text.decisions_needed == 2


def test_three_mistakes_are_reported_at_once_with_their_lines():
    text = (
        SMALL.replace("published_to: 2020", "published_to: 1980")
        .replace("{item: outcome_area, also", "{item: outcom_area, also")
        .replace("    label: Bond\n", "    lable: Bond\n")
    )

    with pytest.raises(ProtocolErrors) as caught:
        load(text, name="mine")

    assert str(caught.value).splitlines() == [
        "line 4: published_from (1990) is after published_to (1980); correct one of them.",
        "line 13: concept 'bond' needs 'label'.",
        "line 14: concept 'bond' has no field 'lable'. Did you mean 'label'?",
        "line 60: framework 'area_by_theme' names rows 'outcom_area', which is not in the "
        "codebook. Did you mean 'outcome_area'?",
    ]
    assert caught.value.name == "mine"


def test_a_problem_has_its_path_in_the_protocol():
    (problem,) = broken("type: yes_no", "type: yesno")

    assert (problem.line, problem.path) == (39, "codebook[3].type")
    assert "is 'yesno'; it can be yes_no, one_of" in problem.message
    assert problem.message.endswith("Did you mean 'yes_no'?")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("title: Does it work?", "title:", "line 1: 'title' of the protocol is empty."),
        ("title: Does it work?", "title: 5", "line 1: 'title' of the protocol should be text."),
        (
            "languages: [en, es]",
            "languages: [en, es, no]",
            "line 3: 'languages' of the protocol should be text: YAML reads an unquoted yes, no, "
            "on or off as true or false, so put it in quotes.",
        ),
        (
            "published_from: 1990",
            "published_from: early",
            "line 4: 'published_from' of the protocol should be a whole number.",
        ),
        (
            "    include: [evaluat*]",
            "    include: evaluat*",
            "line 11: 'include' of highlights 'en' should be a list, each entry on a line that "
            "begins with '- '.",
        ),
        (
            "title: Does it work?",
            "title: Does it work?\nstages: {full_text: {decisions_needed: 3}}",
            "line 2: 'decisions_needed' of 'full_text' is '3'; it can be 1 or 2.",
        ),
        (
            "key: has_investor",
            "key: Has investor",
            "line 36: 'key' of codebook item 'Has investor' is 'Has investor', which is not a key: "
            "use a lower-case letter first, then lower-case letters, digits and underscores.",
        ),
        (
            "title: Does it work?",
            "title: Does it work?\nrandom_share: 2",
            "line 2: 'random_share' of the protocol should be less than or equal to 1.",
        ),
    ],
)
def test_the_schemas_errors_are_sentences(before, after, message):
    problems = [str(problem) for problem in broken(before, after)]

    assert message in problems


def test_a_field_written_twice_is_reported_with_both_lines():
    problems = broken("published_to: 2020", "published_to: 2020\ntitle: Again")

    assert only(problems) == "line 6: 'title' is already on line 1; remove one of them."


def test_text_that_looks_like_a_date_stays_text():
    loaded = load(SMALL.replace("title: Does it work?", "title: 2020-01-01"))

    assert loaded.protocol.title == "2020-01-01"


def test_norwegian_can_be_planned_in_quotes_and_used_as_a_field_name():
    text = SMALL.replace("[en, es]", "[en, es, 'no']").replace("      en: [imp", "      no: [imp")

    loaded = load(text)

    assert loaded.protocol.languages == ("en", "es", "no")
    assert loaded.protocol.terminology[0].names["no"] == ("impact bond",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: a protocol is a list of 'field: value' lines, but this file is not."),
        ("- title\n- question\n", "line 1: a protocol is a list of 'field: value' lines"),
        ("title: a\nquestion: [b\n", "line 3: this is not YAML"),
        ("title: a\nstages:\n\tfull_text: {}\n", "line 3: this line begins with a tab"),
        ("title: a\n---\ntitle: b\n", "line 2: the file has more than one document"),
        ("title: &a text\nquestion: *a\n", "line 1: anchors (&name) and aliases (*name)"),
        ("title: a\nquestion: *missing\n", "line 2: anchors (&name) and aliases (*name)"),
        ("title: a\nquestion: b\x00c\n", "line 2: YAML does not allow this character"),
        ("title: a\nquestion: b\ud800c\n", "line 2: YAML does not allow this character"),
        ("title: " + "x" * 1_000_001, "line 1: the file is larger than 1 MB"),
        ("title: a\nquestion: " + "[" * 5000, "line 2: the file is nested more than 20 levels"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(text, message):
    assert refused(text).startswith(message)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.getcwd []", "!!python/name:os.sep ''"])
def test_no_tag_reaches_python(tag):
    with pytest.raises(ProtocolErrors):
        load(SMALL.replace("title: Does it work?", f"title: {tag}"))


def test_a_number_that_is_too_long_is_reported_and_not_computed():
    problems = broken("published_from: 1990", "published_from: " + "9" * 5000)

    assert any("is not a plain value" in problem.message for problem in problems)


def test_a_file_full_of_mistakes_stops_at_two_hundred():
    entries = "".join(f"  - {{kee: item_{n}}}\n" for n in range(5000))

    with pytest.raises(ProtocolErrors) as caught:
        load(SMALL.replace("codebook:\n", f"codebook:\n{entries}"))

    assert len(caught.value.problems) == 201
    assert "there are 200 mistakes or more" in str(caught.value)


def test_a_missing_part_is_reported_once():
    before = "exclusion_reasons:\n  - key: not_empirical\n    label: Not empirical\n"

    assert only(broken(before, "")) == "line 1: the protocol needs 'exclusion_reasons'."


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    file = tmp_path / "old.yaml"
    file.write_bytes("title: a\nquestion: qu\xe9\n".encode("latin-1"))

    with pytest.raises(ProtocolErrors, match="line 2: the file is not in UTF-8"):
        load_file(file)


def test_a_protocol_without_maps_says_so():
    protocol = load(SMALL[: SMALL.index("frameworks:")]).protocol

    with pytest.raises(LookupError, match="has no map"):
        protocol.framework()
    with pytest.raises(LookupError, match="no item 'absent'"):
        protocol.item("absent")


def test_the_entries_of_an_axis_follow_the_codebook():
    protocol = load(SMALL).protocol
    framework = protocol.framework("area_by_theme")

    assert protocol.axis_entries(framework.rows) == (
        ("health", "Health", "Bodies and minds."),
        ("education", "Education", None),
    )
    assert protocol.axis_entries(framework.columns) == (
        ("equity", "Equity", "Who gains."),
        ("costs", "Costs", None),
    )
    assert protocol.axis_entries(Axis(item="country")) is None
    assert protocol.axis_entries(Axis(item="has_investor")) == (
        ("yes", "Yes", None),
        ("no", "No", None),
    )


@given(st.text(max_size=200))
def test_any_text_is_loaded_or_refused_in_sentences(text):
    with pytest.raises(ProtocolErrors) as caught:
        load(text)

    assert all(problem.line >= 1 and problem.message for problem in caught.value.problems)


@given(st.data())
def test_a_line_lost_from_a_protocol_never_breaks_the_loader(data):
    lines = SMALL.splitlines(keepends=True)
    lost = data.draw(st.integers(0, len(lines) - 1))
    word = data.draw(st.sampled_from(["", "  - 5\n", "  x: [\n", "languages: {en: 1}\n", "null\n"]))
    text = "".join([*lines[:lost], word, *lines[lost + 1 :]])

    try:
        load(text)
    except ProtocolErrors as errors:
        assert errors.problems  # noqa: PT017 — some lines are optional, so nothing may be raised


def test_a_reason_has_the_same_number_at_both_stages_and_early_reasons_come_first():
    protocol = load(protocol_text().replace(
        "{key: date,", "{key: language, label: No language we read, stages: [full_text]}\n"
        "  - {key: date,"
    )).protocol  # fmt: skip

    numbers = protocol.reason_numbers()

    assert protocol.reasons("full_text")[0].key == "language"
    assert numbers == {"date": 1, "population": 2, "intervention": 3, "language": 4}
