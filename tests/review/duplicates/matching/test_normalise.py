"""One spelling for what sources spell in many ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.duplicates.matching import normalise


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Effects of <i>E. coli</i> on CO<sub>2</sub>", "effects of e coli on co2"),
        ("Smoking &amp;amp; health", "smoking health"),
        ("Évaluation d'impact: l'été", "evaluation dimpact lete"),
        ("TNF-α in disease", "tnf alpha in disease"),
        ("Pay-for-success — a review. [Review] [16 refs] [Romanian]", "pay for success a review"),
        ("[Social impact bonds in Chile]", "social impact bonds in chile"),
        ("p < 0.05 and n > 3", "p 0 05 and n 3"),
        ("{DNA} \\'etude", "dna etude"),
        ("不同的标题", "不同的标题"),
        ("社會影響力債券", "社会影响力债券"),
        ("A trial of 10 000 people", "a trial of 10000 people"),
        ("A trial of 10,000 people in 2010", "a trial of 10000 people in 2010"),
        ("Reports of 2010 100 years on", "reports of 2010 100 years on"),
        ("N/A", ""),
        ("", ""),
    ],
)
def test_titles_lose_markup_accents_and_notes(written, plain):
    assert normalise.title(written) == plain


@pytest.mark.parametrize(
    ("written", "doi"),
    [
        ("https://doi.org/10.1136/BMJ.n71", "10.1136/bmj.n71"),
        ("doi: 10.1016/S1567-5688%2809%2970810-4.", "10.1016/s1567-5688(09)70810-4"),
        ("10.1672/0277(2002)022[0696:P]2.0.CO;2", "10.1672/0277(2002)022[0696:p]2.0.co;2"),
        (r"10.1007/s10506\_12", "10.1007/s10506_12"),
        (r"{10.1016\/j.x{\_}y}", "10.1016/j.x_y"),
        (r"10.1002/a\textunderscore b", "10.1002/a_b"),
        (r"10.1002/1\textless{}2::3\textgreater{}4$<$5", "10.1002/1<2::3>4<5"),
        ("not a doi", ""),
        ("10.", ""),
    ],
)
def test_a_doi_is_found_wherever_it_stands(written, doi):
    assert normalise.doi(written) == doi


@pytest.mark.parametrize(
    ("written", "pages"),
    [
        ("244-58", ("244", "258")),
        ("pp. 1535–41", ("1535", "1541")),
        ("376 -- 383", ("376", "383")),
        ("S72", ("s72", "")),
        ("e12-e20", ("12", "20")),
        ("01-Jun", ("1", "6")),
        ("Jun-01", ("1", "6")),
        ("Suppl-29", ("", "29")),
        ("t-20", ("", "20")),
        ("no pagination", ("", "")),
        ("", ("", "")),
    ],
)
def test_pages_are_expanded(written, pages):
    assert normalise.pages(written) == pages


@pytest.mark.parametrize(
    ("written", "volume"),
    [("36 Suppl 1", "36"), ("1)", ""), ("6 (1) (no pagination)", "6"), ("vol. XII", "12"),
     ("UNKNOWN", ""), ("007", "7"), ("SUPPL 2", "")],
)  # fmt: skip
def test_a_volume_is_its_number(written, volume):
    assert normalise.volume(written) == volume


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Adeli K.Lewis G. F.", "adeli lewis"),
        ("Zhai, Q. J. and Li, X.", "zhai li"),
        ("AT Hesselink, J Berkhof…", "hesselink berkhof"),
        ("Babu, DSS, et al.", "babu"),
        ("Anonymous", ""),
        ("Иванов, И. И.", "иванов и и"),
    ],
)
def test_authors_keep_their_names_and_lose_their_initials(written, names):
    assert normalise.authors(written) == names


def test_numbers_are_the_same_in_every_notation():
    assert normalise.numbers(["part", "ii", "of", "two", "trials"]) == {"2"}
    assert normalise.numbers(["il", "1beta", "in", "phase", "iv"]) == {"1", "4"}


@given(st.text(max_size=200))
def test_nothing_written_in_a_file_raises(text):
    for read in (
        normalise.title, normalise.doi, normalise.year, normalise.volume, normalise.pages,
        normalise.journal, normalise.authors, normalise.abstract, normalise.pmid,
        normalise.serials, normalise.plain, normalise.is_cut_short,
    ):  # fmt: skip
        read(text)


@given(st.text(max_size=200))
def test_a_plain_text_stays_as_it_is(text):
    once = normalise.plain(text)

    assert once == " ".join(once.split())
    assert "<" not in once
