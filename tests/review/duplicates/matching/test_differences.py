"""How two titles differ, and that a telling word never lets two reports merge silently."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.duplicates.matching import Band, find_pairs
from review.duplicates.matching.differences import Context, Difference, title_difference
from review.duplicates.matching.normalise import plain

FRAMES = (
    "Paying for results in social services, {}: a country report",
    "Les contrats à impact social en pratique, {} : rapport d'évaluation",
    "Los bonos de impacto social en la práctica, {}: informe de evaluación",
    "Contratos de impacto social na prática, {}: relatório de avaliação",
    "Wirkungsverträge in der Praxis, {}: ein Länderbericht",
)
# Each pair distinguishes two reports of one series; no word is a misspelling of the other.
TELLING = (
    "Austria | Australia", "Niger | Nigeria", "Iran | Iraq", "Ireland | Iceland", "Mali | Malta",
    "Suède | Suisse", "Suecia | Suiza", "Schweden | Schweiz", "Eslovenia | Eslovaquia",
    "Letónia | Estónia", "Österreich | Australien", "Ungarn | Uganda", "the UK | the US",
    "Zambia | Gambia", "Guinea | Guyana", "Peru | Nepal", "Dominica | Dominican Republic",
    "Essex | Sussex", "Leeds | Leith", "Derby | Denby", "Boston | Bolton", "Kent | Gwent",
    "Cordoba | Cordova", "Manchester | Winchester", "Barnet | Burnet", "North | South",
    "Volume A | Volume B", "Cohort C | Cohort D", "Annex B | Annex C", "Part I | Part II",
    "wave 3 | wave 4", "2018 | 2019", "lot 1 | lot 2", "ten sites | two sites",
    "March 2020 | May 2020", "June | July", "janvier | février", "enero | febrero",
    "junho | julho", "Juni | Juli", "lundi | mardi", "spring | autumn",
    "fifth report | sixth report", "troisième rapport | quatrième rapport",
    "tercer informe | cuarto informe", "terceiro relatório | quarto relatório",
    "dritter Bericht | vierter Bericht", "deux sites | trois sites", "dos casos | tres casos",
    "três casos | dois casos", "zwei Orte | drei Orte", "baseline | midline", "midline | endline",
    "interim findings | final findings", "employment | unemployment", "formal care | informal care",
    "legal aid | illegal aid", "stable homes | unstable homes", "typical | atypical",
    "inpatient care | outpatient care", "prenatal care | postnatal care", "HIV | HPV", "TB | HB",
    "SIBs | DIBs", "men | women", "mothers | fathers", "boys | girls", "urban | rural",
    "what works | what does not work", "with grants | without grants", "nunca | siempre",
    "mental health | dental health", "adoption | adaption", "causal effects | casual effects",
    "contract | contrast", "county councils | country councils", "prison | prism",
    "prevention | retention", "Germany | Germany and Austria", "London | East London",
    "德国 | 法国", "한국 | 중국",
)  # fmt: skip
CONTEXTS = (
    {},
    {"journal": "Country reports"},
    {"journal": "Country reports", "pages": "1-24"},
    {"journal": "Country reports", "volume": "3", "pages": "1-24"},
    {"journal": "Country reports", "abstract": "How governments pay for outcomes. " * 9},
)


def report(title, **fields):
    return {"author": "Adeyemi, Ada; Larsen, Ole", "year": "2021", "title": title, **fields}


def bands(*records, terms=()):
    return find_pairs(pd.DataFrame(records), terms=terms)["band"].tolist()


def difference(one, other, *, known=(), abstracts=(), terms=(), names=()):
    words = plain(one).split(), plain(other).split()
    own = tuple(map(frozenset, words))
    counts = Counter([*known, *own[0], *own[1]])
    context = Context(counts, own, *map(frozenset, (abstracts, terms, names)))
    return title_difference(*words, context)


@pytest.mark.slow
@pytest.mark.parametrize("pair", TELLING)
def test_reports_that_differ_in_a_telling_word_are_never_merged_silently(pair):
    for frame in FRAMES:
        titles = [frame.format(word) for word in pair.split(" | ")]
        for fields in CONTEXTS:
            assert Band.MERGE not in bands(*(report(title, **fields) for title in titles)), fields


@given(
    frame=st.sampled_from(FRAMES),
    pair=st.sampled_from(TELLING),
    fields=st.sampled_from(CONTEXTS),
    is_turned=st.booleans(),
)
def test_which_record_comes_first_makes_no_difference(frame, pair, fields, is_turned):
    one, other = (report(frame.format(word), **fields) for word in pair.split(" | "))
    records = [other, one] if is_turned else [one, other]

    assert bands(*records) == bands(one, other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Paying for outcomes", "Paying for outcomes", Difference.NONE),
        ("Pay-for-success in homecare", "Pay for success in home care", Difference.NONE),
        ("Labour programmes organised", "Labor programs organized", Difference.NONE),
        ("Outcomes paying for", "Paying for outcomes", Difference.NONE),
        ("From Bonn to Brno and on", "From Brno to Bonn and on", Difference.SPELLING),
        ("Who pays for outcomes", "How pays for outcomes", Difference.TELLING),
        ("Paying for bhe outcomes", "Paying for the outcomes", Difference.LIKELY_SLIP),
        ("Paying for outcomes", "Paying for outcomes in Chile", Difference.EXTRA),
        ("Paying in Sudan", "Paying in South Sudan", Difference.TELLING),
        ("正规就业", "非正规就业", Difference.TELLING),
        ("Paying for teh outcomes", "Paying for the outcomes", Difference.SLIP),
        ("Commissioning ofooutcomes now", "Commissioning of outcomes now", Difference.SLIP),
        ("Paying for outcome", "Paying for outcomes", Difference.SPELLING),
        ("Paying for homelesness", "Paying for homelessness", Difference.SPELLING),
        ("Paying for outcomes", "Paying for outcomes in prisons", Difference.EXTRA),
        ("Paying for outcomes", "Not paying for outcomes", Difference.TELLING),
        ("Paying for c4b", "Paying for c4d", Difference.TELLING),
    ],
)
def test_titles_differ_in_degrees(one, other, expected):
    assert difference(one, other) == expected
    assert difference(other, one) == expected


def test_a_slip_is_certain_where_the_abstract_has_the_right_word_alone():
    titles = "Ending homelesness", "Ending homelessness"
    both = ["homelessness", "homelesness"]

    assert difference(*titles, known=both[:1]) == Difference.LIKELY_SLIP
    assert difference(*titles, abstracts=both[:1]) == Difference.SLIP
    for where in ("known", "abstracts", "terms"):
        assert difference(*titles, **{where: both}) == Difference.TELLING


def test_one_name_may_always_be_another():
    titles = "Care reform in Rothbury", "Care reform in Rothburg"

    assert difference(*titles, known=["rothbury"]) == Difference.LIKELY_SLIP
    names = ["rothbury", "rothburg"]
    assert difference(*titles, known=["rothbury"], names=names) == Difference.SPELLING


@pytest.mark.parametrize(
    ("one", "other"), [("WHO", "WTO"), ("HAS", "HAT"), ("CAN", "CDN"), ("IT", "IS")]
)
def test_an_acronym_is_no_common_word_mistyped(one, other):
    titles = (f"How the {name} pays for outcomes in health and care" for name in (one, other))

    assert bands(*map(report, titles)) != [Band.MERGE]


def test_two_reports_are_not_joined_through_a_third():
    issue = {"journal": "Outcomes", "volume": "3", "number": "2"}
    titles = ("Impact bonds for schools", "Impact bonds for schools: the case of Peru",
              "Impact bonds for schools: the case of Nepal")  # fmt: skip

    assert Band.MERGE not in bands(*(report(title, **issue) for title in titles))


@pytest.mark.parametrize(
    ("stub", "whole"),
    [
        ("Paying for results in homes of La…", "Paying for results in homes of Lithuania"),
        ("Paying for results in homes of North …", "Paying for results in homes of South Sudan"),
        ("Paying for results in homes of La[...]", "Paying for results in homes of Lithuania"),
        ("Paying for results in homes of …", "Paying for results in homes of Lithuania"),
    ],
)
def test_a_title_cut_short_is_asked_about_where_its_end_may_tell(stub, whole):
    assert bands(report(stub, journal="Notes"), report(whole, journal="Notes")) != [Band.MERGE]


def test_a_misspelt_copy_is_merged_where_the_page_agrees_and_asked_about_elsewhere():
    right = "Paying for results in homelessness services: evidence from a trial"
    wrong = right.replace("homelessness", "homelesness")
    place = {"journal": "Journal of Outcomes", "volume": "38", "pages": "201-224"}

    assert bands(report(right, **place), report(wrong, **place)) == [Band.MERGE]
    assert bands(report(right, journal="Outcomes"), report(wrong, journal="Outcomes")) == [Band.ASK]


def test_an_identifier_outweighs_a_telling_word():
    one = report("Paying for results in Austria", doi="10.5555/pay.1")
    other = report("Paying for results in Australia", doi="10.5555/pay.1")

    assert bands(one, other) == [Band.MERGE]


def test_terms_of_the_protocol_are_not_misspellings():
    place = {"journal": "Outcomes", "volume": "38", "pages": "201-224"}
    one, other = (report(f"Buying {word} for people", **place) for word in ("outputs", "outpute"))

    assert bands(one, other) == [Band.MERGE]
    assert bands(one, other, terms=["outputs", "outpute"]) == [Band.ASK]


def test_a_long_series_is_put_apart_without_a_question_for_every_two_reports():
    countries = ("Austria", "Belgium", "Chile", "Denmark", "Egypt", "France", "Ghana", "Hungary")
    series = [report(f"Paying for results in {name}: a country report") for name in countries]
    misspelt = report("Paying for results in Denmrk: a country report")

    found = find_pairs(pd.DataFrame([*series, misspelt]))

    asked = found[found["band"] == Band.ASK]
    assert Band.MERGE not in set(found["band"])
    assert list(zip(asked["left"], asked["right"], strict=True)) == [(3, 8)]


def test_chinese_titles_in_two_sets_of_characters_are_asked_about():
    one = report("社会影响力债券的国际经验与启示研究", journal="公共管理评论")
    other = report("社會影響力債券的國際經驗與啟示研究", journal="公共管理評論")

    assert bands(one, other) == [Band.ASK]
