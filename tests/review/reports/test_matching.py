"""Which report a PDF is: attached only where it is beyond doubt, offered where it may be."""

from uuid import UUID

import pytest

from review.reports.matching import Sought, candidates_of, is_scan

AUSTRIA, AUSTRALIA, BOND, SHORT, TWIN = (UUID(int=number) for number in range(1, 6))
SOUGHT = [
    Sought(AUSTRIA, "Paying for outcomes in Austria: a country profile of what was achieved",
           ["Steinbach, Ida"], 2017, None),
    Sought(AUSTRALIA, "Paying for outcomes in Australia: a country profile of what was achieved",
           ["Steinbach, Ida"], 2017, "10.5555/austral.1"),
    Sought(BOND, "A bond for homes: six years of lessons from the north", ["Doe, Jané"], 2001,
           "10.5555/bond(1)"),
    Sought(SHORT, "A bond", ["Roe, R."], 2009, None),
]  # fmt: skip


def first(name: str, *pages: str) -> tuple[UUID | None, bool]:
    found = candidates_of(name, pages, SOUGHT)
    return (found[0].record_id, found[0].is_sure) if found else (None, False)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("Paying for outcomes in\nAUSTRIA: a country profile of what was achieved\nIda Steinbach",
         AUSTRIA),
        ("A Bond for Homes – Six Years of Lessons from the North\nJ. Jane Doe", BOND),
        ("doi: 10.5555/BOND(1). A bond for homes: six years of lesons from the North-East", BOND),
    ],
)  # fmt: skip
def test_a_whole_title_with_an_author_or_the_doi_with_a_close_title_is_sure(text, record):
    assert first("main.pdf", text) == (record, True)


@pytest.mark.parametrize(
    ("name", "text", "record"),
    [
        # Another title of the series, a reply to it, the title in other words.
        ("a.pdf", "Paying for outcomes in Austro-Hungary: a country profile of what was achieved. "
         "Ida Steinbach", AUSTRIA),
        ("a.pdf", "A bond for homes: lessons of six years from the north. Jane Doe", BOND),
        ("a.pdf", "A bond for homes: six years of lessons from the north. R. Other", BOND),
        ("a.pdf", "https://doi.org/10.5555/other A bond for homes: six years of lessons from the "
         "north. Jane Doe", BOND),
        ("a.pdf", "Something else altogether, https://doi.org/10.5555/bond(1)", BOND),
        ("Doe 2001.pdf", "", BOND),
        ("Steinbach_2017_final.pdf", "", AUSTRIA),
        ("10.5555_austral.1.pdf", "", AUSTRALIA),
    ],
)  # fmt: skip
def test_what_leaves_a_doubt_is_asked_about(name, text, record):
    found, is_sure = first(name, text)

    assert not is_sure
    assert found == record


@pytest.mark.parametrize(
    ("name", "text"),
    [("main_article (3).pdf", "A bond and nothing more. R. Roe"), ("scan.pdf", ""),
     ("report.pdf", "Quarterly accounts of a water company, 2014")],
)  # fmt: skip
def test_what_speaks_for_no_report_is_offered_without_one(name, text):
    assert candidates_of(name, [text], SOUGHT) == []


def test_of_two_titles_the_longer_one_wins_and_the_same_title_twice_is_asked_about():
    longer = Sought(TWIN, "A bond for homes: six years of lessons from the north, revisited",
                    ["Doe, Jané"], 2011, None)  # fmt: skip
    text = f"{longer.title}\nJane Doe"

    assert candidates_of("a.pdf", [text], [*SOUGHT, longer])[0].record_id == TWIN
    assert candidates_of("a.pdf", [text], [*SOUGHT, longer])[0].is_sure
    same = Sought(TWIN, SOUGHT[2].title, SOUGHT[2].authors, 2011, None)
    assert not any(
        one.is_sure for one in candidates_of("a.pdf", [f"{same.title} Jane Doe"], [*SOUGHT, same])
    )


@pytest.mark.parametrize(
    ("name", "before"),
    [("a.pdf", "Supplementary material for: "), ("a.pdf", "Comment on "), ("a.pdf", "Erratum to "),
     ("Doe_S1.pdf", ""), ("appendix 2.pdf", "")],
)  # fmt: skip
def test_what_is_about_a_report_is_not_taken_for_it(name, before):
    assert first(name, f"{before}{SOUGHT[2].title}. Jane Doe") == (BOND, False)


def test_a_publishers_number_in_the_name_of_a_file_is_no_supplement():
    text = f"{SOUGHT[2].title}. Jane Doe"

    assert first("s12889-020-08766-9.pdf", text) == (BOND, True)
    assert first("12889_2020_8766_MOESM_S2.pdf", text) == (BOND, False)


def test_an_author_is_a_whole_word_and_a_page_number_is_like_no_title():
    short = [Sought(TWIN, SOUGHT[2].title, ["Li, X"], 2001, None),
             Sought(SHORT, SOUGHT[0].title, ["-"], 2001, None)]  # fmt: skip

    assert not candidates_of("a.pdf", [f"{SOUGHT[2].title}, by the public"], short)[0].is_sure
    assert candidates_of("a.pdf", [f"{SOUGHT[2].title}, Xia Li"], short)[0].is_sure
    assert not candidates_of("a.pdf", [f"{SOUGHT[0].title} -"], short)[0].is_sure
    assert candidates_of("scan.pdf", ["f"], SOUGHT) == []


def test_pages_without_text_are_a_scan():
    assert is_scan(["", " \n "])
    assert not is_scan(["Some text that goes on for more than a few words."])
    assert not is_scan([])
