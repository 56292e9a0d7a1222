"""RIS as programs write it: wrapped lines like tags, TY anywhere, lines after ER, CENTRAL."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.searches.formats import Format, count_blocks
from tests.review.searches.formats.format_cases import read_text

NEVER_A_RECORD = [
    "ER-positive tumours",
    "ER- tumours did worse",
    "ER -positive",
    "ER - positive tumours",
    "ER-",
    "ER -",
    "ER–alpha",
    "ER stress",
    "TY-21 cells",
    "TY- x",
    "TY -",
    "TY - based lines",
    "TYLER - a name",
    "AU-rich elements",
    "KW -hours",
    "AB - and",
    "TI-RADS scores",
    "PY-GC",
]


def records(folder, text):
    """Return the records of a RIS text, whose independent count must agree."""
    blocks = read_text(folder, text, format=Format.RIS)
    assert count_blocks(folder / "search.txt", format=Format.RIS, encoding="utf-8") == len(blocks)
    assert all(block.record for block in blocks)
    return [block.record for block in blocks]


@pytest.mark.parametrize("line", NEVER_A_RECORD)
def test_a_wrapped_line_that_resembles_a_tag_is_text(tmp_path, line):
    text = "".join(
        f"TY  - JOUR\nTI  - Cohort {n}\nAB  - Women with\n{line}\nlived longer.\nPY  - 200{n}\n"
        "ER  - \n\n"
        for n in range(3)
    )

    found = records(tmp_path, text)

    assert [record.abstract for record in found] == [f"Women with {line} lived longer."] * 3
    assert [record.year for record in found] == [2000, 2001, 2002]


WORDS = ["ER-", "ER", "-", "TY-", "TY", "AU-x", "ER-positive", "women", "KW-", "TI-", "and", "JOUR"]


@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=12), st.randoms())
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_wrapping_at_any_blank_changes_no_number_of_records(tmp_path, words, chance):
    wrapped = words[0] + "".join(chance.choice([" ", "\n"]) + word for word in words[1:])
    text = f"TY  - JOUR\nTI  - One\nAB  - On {wrapped} end\nPY  - 2001\nER  - \n\n" * 2

    assert [record.abstract for record in records(tmp_path, text)] == [
        f"On {' '.join(words)} end"
    ] * 2


@pytest.mark.parametrize(
    "end", ["ER  - ", "ER  -", "ER -", "ER-", "ER\t- ", "  ER  - ", "ER  -  x"]
)
@pytest.mark.parametrize("begin", ["TY  - JOUR", "TY -JOUR", "TY - JOUR", "TY-JOUR", "TY\t- JOUR"])
def test_tags_count_with_other_blanks_where_that_is_sure(tmp_path, begin, end):
    text = "".join(f"{begin}\nTI  - Title {n}\nPY  - 2001\n{end}\n\n" for n in range(2))

    found = records(tmp_path, text)

    assert [record.title for record in found] == ["Title 0", "Title 1"]
    assert [(record.type, record.year) for record in found] == [("JOUR", 2001)] * 2


def test_a_file_with_single_blanks_throughout_is_read(tmp_path):
    text = "TY - JOUR\nTI - One\nAU - Roy, M.\nPY - 2001\nER -\n\nTY - BOOK\nTI - Two\nER -\n"

    assert [record.title for record in records(tmp_path, text)] == ["One", "Two"]


@pytest.mark.parametrize("gap", ["", "\n", "\n\n"])
@pytest.mark.parametrize("position", [1, 2, 3, 5, 7])
def test_the_type_may_be_anywhere_in_a_record(tmp_path, position, gap):
    def record(n: int) -> str:
        lines = [
            f"DB  - Source {n}",
            f"TI  - Title {n}",
            f"AB  - Abstract {n}",
            f"AU  - Author{n}, A.",
            f"JO  - Journal {n}",
            f"PY  - 200{n}",
            f"VL  - {n}",
        ]
        lines.insert(position, "TY  - JOUR")
        return "\n".join([*lines, "ER  - ", ""])

    found = records(tmp_path, gap.join(record(n) for n in range(1, 4)))

    assert [
        (record.title, record.abstract, record.authors, record.journal, record.year)
        for record in found
    ] == [(f"Title {n}", f"Abstract {n}", (f"Author{n}, A.",), f"Journal {n}", 2000 + n)
          for n in (1, 2, 3)]  # fmt: skip
    assert [record.extra.get("DB") for record in found] == [[f"Source {n}"] for n in (1, 2, 3)]


# An empty line before such lines alone would show that they begin the next record.
@pytest.mark.parametrize(("before", "gap"), [("", ""), ("", "\n"), ("", "\n\n"), ("\n", "\n")])
def test_lines_after_the_end_belong_to_the_record_before(tmp_path, gap, before):
    text = "".join(
        f"TY  - JOUR\nT1  - Title {n}\nPY  - 2014\nER  - \n{before}AB  - Abstract\nof {n}.\n{gap}"
        for n in range(3)
    )

    found = records(tmp_path, text)

    assert [record.abstract for record in found] == [f"Abstract of {n}." for n in range(3)]


def test_a_record_that_lost_its_type_is_no_part_of_the_next(tmp_path):
    one, two = "TY  - JOUR\nTI  - One\nER  - \n", "TI  - Two\nAU  - B, B.\n"
    text = f"{one}\n{two}\nTY  - JOUR\nTI  - Three\nER  - \n"

    assert [record.title for record in records(tmp_path, text)] == ["One", "Two", "Three"]


@pytest.mark.parametrize("missing", ["ER  - \n", ""])
def test_lines_between_the_records_of_central_are_no_text(tmp_path, missing):
    text = "".join(
        f"Record #{n} of 2\nProvider: John Wiley & Sons, Ltd.\n"
        'Content: text/plain; charset="UTF-8"\n\n'
        f"TY  - JOUR\nAN  - CN-0199999{n}\nTI  - Homes {n}\nAB  - We studied {n} homes.\n"
        f"{missing}\n"
        for n in (1, 2)
    )

    found = records(tmp_path, text)

    assert [record.abstract for record in found] == ["We studied 1 homes.", "We studied 2 homes."]
    assert [record.accession for record in found] == ["CN-01999991", "CN-01999992"]


@pytest.mark.parametrize(
    ("line", "pmid"),
    [
        ("C3  - PUBMED 24999999", "24999999"),
        ("C3  - PUBMED 24999999,EMBASE 601234567", "24999999"),
        ("C3  - EMBASE 601234567, PubMed: 24999999", "24999999"),
        ("C3  - EMBASE 601234567", None),
        ("C3  - CTgov NCT01234567", None),
        ("N1  - We searched PubMed 2019 and others", None),
        ("AN  - CN-01999999", None),
    ],
)
def test_the_pubmed_number_of_a_central_record_is_found(tmp_path, line, pmid):
    (record,) = records(tmp_path, f"TY  - JOUR\nTI  - Homes\n{line}\nER  - \n")

    assert record.pmid == pmid


@pytest.mark.parametrize("tag", ["UR", "DO", "L2", "L3", "M3", "N1"])
@pytest.mark.parametrize(
    "doi",
    [
        "10.1002/central/CN-01999999",
        "10.1186/ISRCTN12345678",
        "10.1002/clhta/HTA-1",
        "10.3410/f.12.3",
    ],
)
def test_the_doi_of_a_register_entry_is_not_the_articles(tmp_path, tag, doi):
    value = f"https://www.cochranelibrary.example/central/doi/{doi}/full" if tag == "UR" else doi
    (entry,) = records(tmp_path, f"TY  - JOUR\nTI  - Homes\n{tag}  - {value}\nER  - \n")
    (article,) = records(
        tmp_path, f"TY  - JOUR\nTI  - Homes\n{tag}  - {value}\nDO  - 10.1000/1\nER  - \n"
    )

    assert (entry.doi, article.doi) == (None, "10.1000/1")


@pytest.mark.parametrize(
    "number",
    ["NCT09999999,", "ISRCTN12345678", "EUCTR2014-001234-12-GB", "ACTRN12600000000000,",
     "ChiCTR2000029308", "JPRN-UMIN000012345", "NTR1234", "RBR-6j8q5d", "DRKS00012345"],
)  # fmt: skip
def test_the_number_of_a_trial_is_no_author(tmp_path, number):
    text = f"TY  - JOUR\nTI  - Homes\nAU  - {number}\nAU  - Roy, M.\nAU  - RECOVERY\nER  - \n"

    (record,) = records(tmp_path, text)

    assert record.authors == ("Roy, M.", "RECOVERY")
    assert record.extra["registration number"] == [number.strip(",")]


def test_lines_in_any_order_are_counted_as_they_are_read(tmp_path):
    chance = random.Random(7)  # noqa: S311 - no secret
    lines = ["TY  - JOUR", "TY  - BOOK", "TY\t- BOOK", "ER  - ", "ER  -", "ER-positive", "ER - pos",
             "TI  - One", "T1  - Two", "AU  - A, B.", "AB  - text", "text", "PY  - 2001", "DB  - X",
             "", "", "KW -z", "Record #1 of 2", "Provider: x\nContent: text/plain"]  # fmt: skip
    for _ in range(400):
        text = "\n".join(chance.choices(lines, k=chance.randint(1, 14)))
        blocks = read_text(tmp_path, f"TY  - JOUR\n{text}\n", format=Format.RIS)
        path = tmp_path / "search.txt"

        assert count_blocks(path, format=Format.RIS, encoding="utf-8") == len(blocks), text


@pytest.mark.parametrize("size", [7, 50, 333])
def test_the_size_of_the_chunks_changes_nothing(tmp_path, monkeypatch, size):
    text = "".join(
        f"DB  - X\nTI  - Title {n}\nTY  - JOUR\nAB  - Women with\nER-positive\nER -\nand more\n"
        f"ER  - \n\n\nRecord #{n} of 9\n"
        for n in range(20)
    )
    monkeypatch.setattr("review.searches.formats.source.CHUNK", size)

    found = records(tmp_path, text)

    assert [record.title for record in found] == [f"Title {n}" for n in range(20)]
    assert {record.abstract for record in found} == {"Women with ER-positive ER - and more"}
