"""JSON of ClinicalTrials.gov, OpenAlex and Lens, in all the forms that JSON comes in."""

import json

import pytest

from review.searches.formats import Format, count_blocks, detect
from review.searches.formats import read as read_blocks
from tests.review.searches.formats.format_cases import LENS, OPENALEX, TRIALS_JSON, read_text

KEYS = {Format.TRIALS_JSON: "studies", Format.OPENALEX: "results", Format.LENS: "data"}
ITEMS = {
    Format.TRIALS_JSON: json.loads(TRIALS_JSON)["studies"],
    Format.OPENALEX: [json.loads(line) for line in OPENALEX.splitlines()],
    Format.LENS: [json.loads(line) for line in LENS.splitlines()],
}


def forms(kind):
    """Return the same two items in each form that files have."""
    items, key = ITEMS[kind], KEYS[kind]
    page = {"meta": {"count": 2, "page": {}}, key: items, "group_by": [{"key": 1, "title": "x"}]}
    return {
        "list": json.dumps(items),
        "indented": json.dumps(items, indent=2),
        "lines": "\n".join(map(json.dumps, items)) + "\n\n",
        "response": json.dumps(page),
        "indented response": json.dumps(page, indent=1),
        "responses": "\n".join(json.dumps({key: [item]}) for item in items),
        "list of responses": json.dumps([{key: [item]} for item in items]),
    }


@pytest.mark.parametrize("kind", list(KEYS))
@pytest.mark.parametrize("form", list(forms(Format.LENS)))
def test_items_are_found_in_every_form(tmp_path, kind, form):
    blocks = read_text(tmp_path, forms(kind)[form])

    assert [block.record.title for block in blocks][1:] == ["Second"]
    path = tmp_path / "search.txt"
    assert detect(path).format is kind
    assert count_blocks(path, format=kind, encoding="utf-8") == 2


@pytest.mark.parametrize("kind", list(KEYS))
def test_an_item_alone_is_read(tmp_path, kind):
    (block,) = read_text(tmp_path, json.dumps(ITEMS[kind][1]))

    assert block.record.title == "Second"


def test_a_study_of_clinicaltrials_gov_gives_a_trial(tmp_path):
    first, second = (block.record for block in read_text(tmp_path, TRIALS_JSON))

    assert (first.title, first.accession) == ("Rent help", "NCT00001111")
    assert (first.abstract, first.year) == ("We pay the rent. For a year.", 2018)
    assert first.url == "https://clinicaltrials.gov/study/NCT00001111"
    assert first.extra["other numbers"] == ["R-7", "ISRCTN11112222"]
    assert first.extra["official title"] == ["A trial of help with the rent"]
    assert second.abstract == "Condition: Debt; Illness."


def test_a_work_of_openalex_gets_its_abstract_back(tmp_path):
    first, second = (block.record for block in read_text(tmp_path, OPENALEX))

    assert (first.title, first.abstract) == ("Paying for homes", "We paid. Then We waited.")
    assert first.authors == ("Roy, Michael", "Tan, Sue")
    assert (first.doi, first.pmid) == ("10.1000/homes.1", "27777777")
    assert (first.journal, first.year, first.pages) == ("Journal of Homes", 2016, "11-19")
    assert first.accession == "https://openalex.org/W1111111111"
    assert second.abstract is None


def test_a_work_of_lens_gives_its_numbers(tmp_path):
    record = read_text(tmp_path, LENS)[0].record

    assert record.authors == ("Roy, Michael", "Outcomes Trial Group")
    assert (record.doi, record.pmid, record.issn) == ("10.1000/homes.1", "277", "1234-5679")
    assert (record.journal, record.year, record.pages) == ("Journal of Homes", 2016, "11-19")
    assert record.accession == "000-111-222-333-444"


def test_a_patent_of_lens_gives_its_english_texts_first(tmp_path):
    patent = {
        "lens_id": "1-2", "jurisdiction": "US",
        "abstract": [{"text": "Wir zahlen.", "lang": "de"}, {"text": "We pay.", "lang": "en"}],
        "biblio": {
            "publication_reference": {"date": "2019-05-01"},
            "invention_title": [{"text": "Zahlung", "lang": "de"}, {"text": "Pay", "lang": "en"}],
            "parties": {"inventors": [{"extracted_name": {"value": "ROY MICHAEL"}}]},
        },
    }  # fmt: skip

    record = read_text(tmp_path, json.dumps(patent))[0].record

    assert (record.title, record.translated_title) == ("Pay", "Zahlung")
    assert (record.abstract, record.year) == ("We pay.", 2019)
    assert record.other_abstracts[0].text == "Wir zahlen."


@pytest.mark.parametrize("kind", list(KEYS))
def test_a_damaged_line_costs_only_itself(tmp_path, kind):
    lines = [json.dumps(item) for item in ITEMS[kind]]

    first, damaged, last = read_text(tmp_path, "\n".join([lines[0], lines[0][:-9], lines[1]]))

    assert (first.record is not None, last.record.title) == (True, "Second")
    assert "not valid JSON" in damaged.reason
    assert damaged.line == 2


def test_the_rest_of_an_item_that_ended_too_early_is_rejected(tmp_path):
    text = '[{"type": "book"}, "title": "Lost"}, {"title": "Second", "DOI": "10.1000/1"}]'

    _, rest, second = read_text(tmp_path, text)

    assert "between two items" in rest.reason
    assert '"title": "Lost"' in rest.raw
    assert second.record.title == "Second"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_items_come_out_whole_however_the_file_is_cut_into_chunks(tmp_path, monkeypatch, size):
    text = '[{"title": "A \\\\\\" {b} \\\\", "DOI": "10.1000/1"}, {"title": "C\\\\"}]'
    monkeypatch.setattr("review.searches.formats.source.CHUNK", size)
    path = tmp_path / "search.json"
    path.write_text(text, encoding="utf-8")

    blocks = list(read_blocks(path, format=Format.CSL_JSON, encoding="utf-8"))

    assert [block.record.title for block in blocks] == ['A \\" {b} \\', "C\\"]


@pytest.mark.parametrize(
    "value", [None, 1, "x", [], {}, [None], [[1]], {"a": {"b": 1}}, [{"text": 1}]]
)
@pytest.mark.parametrize("kind", list(KEYS))
def test_a_value_of_any_type_breaks_nothing(tmp_path, kind, value):
    def replaced(part):
        """Return every variant of an item with one of its values replaced."""
        if isinstance(part, dict):
            for key, inner in part.items():
                yield {**part, key: value}
                yield from ({**part, key: variant} for variant in replaced(inner))

    text = json.dumps(list(replaced(ITEMS[kind][0])))

    assert all(block.record or block.reason for block in read_text(tmp_path, text, format=kind))
