"""Which pairs are merged, asked about or kept apart."""

import pandas as pd
import pytest

from protocols.schema import DuplicateRules
from review.duplicates.matching import Band, cluster, dedupe_table, explain, find_pairs, questions
from review.duplicates.matching.score import ASK_FROM

ARTICLE = {
    "author": "Kolandai-Matchett, K.; Bellringer, M.; Landon, J.",
    "year": "2017",
    "title": "A process evaluation of gambling harm minimisation programmes in New Zealand",
    "journal": "European Journal of Public Health",
    "volume": "28",
    "number": "3",
    "pages": "369-376",
    "doi": "10.1093/eurpub/ckx046",
}


def make_record(**changes):
    return ARTICLE | changes


def band_of(left, right):
    found = find_pairs(pd.DataFrame([left, right]))
    return found["band"].iloc[0] if len(found) else "distinct"


@pytest.mark.parametrize(
    "copy",
    [
        {"title": ARTICLE["title"].upper() + ". [Review]", "pages": "369-76", "doi": ""},
        {"author": "Kolandai-Matchett K.Bellringer M.Landon J.", "journal": "Eur J Public Health"},
        {"doi": "http://dx.doi.org/10.1093/EURPUB/CKX046", "pages": "", "volume": ""},
        {"doi": "", "pages": "", "volume": "", "number": ""},
        {"doi": "", "year": "2018"},
        {"title": "A process evaluation", "doi": ""},
    ],
    ids=["typography", "abbreviated", "same DOI", "title in context", "next year", "no subtitle"],
)
def test_copies_of_one_report_are_merged(copy):
    assert band_of(make_record(), make_record(**copy)) == Band.MERGE


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({}, {"title": "Erratum to: " + ARTICLE["title"], "doi": "10.1093/x1"}),
        ({}, {"title": ARTICLE["title"] + ": authors' reply", "doi": "", "pages": "380"}),
        (
            {"title": ARTICLE["title"] + ": part I", "doi": ""},
            {"title": ARTICLE["title"] + ": part II", "doi": "", "pages": "377-382"},
        ),
        (
            {"title": ARTICLE["title"] + " among men", "doi": "", "pages": ""},
            {"title": ARTICLE["title"] + " among women", "doi": "", "volume": ""},
        ),
        (
            {},
            {"title": ARTICLE["title"] + ": a protocol", "doi": "", "pages": "", "volume": ""},
        ),
        (
            {},
            {"journal": "Abstracts of the Annual Meeting of the Gambling Society", "volume": "4",
             "pages": "S12", "doi": "", "number": ""},
        ),
        ({}, {"journal": "medRxiv", "doi": "10.1101/2016.01.01.123", "volume": "", "pages": ""}),
        ({}, {"journal": "Circulation", "volume": "136", "pages": "", "doi": ""}),
        ({}, {"year": "2021", "volume": "32", "pages": "12-19", "doi": "", "number": ""}),
        (
            {"doi": "10.1002/14651858.CD000001.pub2", "pages": "", "volume": "", "number": ""},
            {"doi": "10.1002/14651858.CD000001.pub3", "pages": "", "volume": "", "number": ""},
        ),
    ],
    ids=["erratum", "reply", "parts", "opposites", "protocol", "conference", "preprint",
         "another journal", "years apart", "Cochrane versions"],
)  # fmt: skip
def test_a_veto_keeps_look_alikes_apart(left, right):
    assert band_of(make_record(**left), make_record(**right)) not in {Band.MERGE, Band.ASK}


def test_another_report_of_the_same_study_is_named_as_such():
    erratum = make_record(title="Erratum to: " + ARTICLE["title"], doi="")

    pairs = find_pairs(pd.DataFrame([make_record(), erratum]))

    assert pairs["kind"].tolist() == ["same_study"]
    assert pairs["evidence"].iloc[0]["differed"][0] == "only one is an erratum or retraction"


def test_a_translated_title_is_asked_about_and_never_merged():
    translated = make_record(title="Evaluación del proceso de los programas de juego", doi="")

    assert band_of(make_record(), translated) == Band.ASK


@pytest.mark.parametrize(
    ("left", "right", "band"),
    [
        ({"title": ARTICLE["title"] + ": part I"}, {"title": ARTICLE["title"] + ": part II"},
         Band.ASK),
        ({"title": "Research note: " + ARTICLE["title"]}, {}, Band.MERGE),
        ({"year": "2019"}, {}, Band.MERGE),
        ({"title": ARTICLE["title"].replace("harm", "hram"), "pages": "Suppl-376"}, {}, Band.ASK),
        ({"title": "Comment: " + ARTICLE["title"]}, {}, Band.ASK),
        ({"pages": "P-10"}, {"pages": "O-90"}, Band.ASK),
        ({"pages": "t-340"}, {"pages": "314-320"}, Band.ASK),
        ({"pages": "Suppl-376"}, {}, Band.MERGE),
        ({"pages": "t-76"}, {}, Band.MERGE),
        ({"author": "New Zealand Ministry of Health", "pages": "369-376"}, {"pages": "369-376"},
         Band.MERGE),
        ({"volume": "82", "pages": "369-376"}, {"pages": "369-376"}, Band.MERGE),
    ],
    ids=["parts", "label", "years apart", "misspelt", "comment", "posters", "other last page",
         "first page lost", "first page cut",
         "organisation", "volume mistyped"],
)  # fmt: skip
def test_one_issue_of_one_journal_is_an_anchor(left, right, band):
    issue = {"doi": "", "pages": ""}

    assert band_of(make_record(**issue | left), make_record(**issue | right)) == band


def test_different_pubmed_numbers_are_never_merged():
    left, right = make_record(pmid="28339654"), make_record(pmid="28339655")

    assert band_of(left, right) != Band.MERGE


def test_yearly_editorials_stay_apart():
    editorials = [
        {"title": "Editorial Introduction", "author": "Zwass, V.", "journal": "JMIS",
         "year": str(2000 + issue // 4), "volume": str(17 + issue // 4),
         "number": str(1 + issue % 4), "pages": "5-6"}
        for issue in range(40)
    ]  # fmt: skip

    pairs = find_pairs(pd.DataFrame(editorials))

    assert not pairs["band"].isin([Band.MERGE, Band.ASK]).any()


def test_the_abstracts_of_one_supplement_share_a_doi_and_are_not_merged():
    left = make_record(pages="A134", title="A cotransporter inhibitor prevents atherosclerosis")
    right = make_record(pages="A135", title="Incretins suppress aneurysms in rabbits")

    assert band_of(left, right) != Band.MERGE


def test_abstracts_by_other_people_in_one_supplement_are_asked_about():
    left = make_record(pages="A12", doi="10.5555/supplement.1")
    right = make_record(pages="A97", doi="10.5555/supplement.1", author="Petrov, I.; Okafor, C.")

    assert band_of(left, right) == Band.ASK


def test_the_number_of_another_register_is_no_pubmed_number():
    left, right = make_record(doi="", pmid="CN-01999999"), make_record(doi="", pmid="28339654")

    assert band_of(left, right) == Band.MERGE


ENTRY = {"title": "Cash for homeless adults", "accession": "NCT09999999", "year": "2020"}


def test_entries_of_one_trial_in_two_registers_are_merged():
    other = ENTRY | {"title": "Cash for homeless adults.", "author": "University of Somewhere"}

    assert band_of(ENTRY, other) == Band.MERGE
    assert band_of(ENTRY, other | {"accession": "ISRCTN99999999"}) != Band.MERGE


def test_a_register_entry_and_a_report_of_the_trial_are_one_study():
    report = make_record(
        title="Days housed after unconditional cash: results of a randomised trial",
        abstract="We gave cash to adults. " * 30 + "Registered as NCT 09999999.",
    )

    pairs = find_pairs(pd.DataFrame([ENTRY, report]))

    assert pairs["kind"].tolist() == ["same_study"]
    assert pairs["band"].tolist() == [Band.APART]
    assert "same registration number" in pairs["evidence"].iloc[0]["agreed"]
    assert find_pairs(pd.DataFrame([ENTRY | {"accession": "NCT09999998"}, report])).empty


def test_a_report_that_names_many_trials_is_not_about_one_of_them():
    trials = "NCT09999999, NCT09999998 and NCT09999997"
    overview = make_record(title="An overview of trials of cash", abstract="x " * 99 + trials)

    assert find_pairs(pd.DataFrame([ENTRY, overview])).empty


def test_a_title_cut_short_that_fits_two_works_is_asked_about():
    place = {"doi": "", "volume": "", "number": "", "pages": ""}
    stub = make_record(**place, title=ARTICLE["title"][:72] + "…")
    other = make_record(
        doi="10.1093/other", pages="501-509", title=ARTICLE["title"] + ": a secondary analysis"
    )

    alone = find_pairs(pd.DataFrame([stub, make_record()]))
    both = find_pairs(pd.DataFrame([stub, make_record(), other]))

    assert alone["band"].tolist() == [Band.MERGE]
    assert Band.MERGE not in set(both["band"])


def test_a_title_is_not_taken_to_end_before_it_is_cut_short():
    place = {"doi": "", "volume": "", "number": "", "pages": ""}
    longer = make_record(**place, title=ARTICLE["title"] + ": a twelve-month follo…")

    assert band_of(make_record(**place), longer) != Band.MERGE


@pytest.mark.parametrize(
    ("record", "band"),
    [
        ({"title": "Editorial"}, Band.ASK),
        ({"title": "Editorial", "year": "2001"}, Band.MERGE),
        ({"title": "Social outcomes contracting in practice"}, Band.MERGE),
    ],
)
def test_records_that_say_the_same_are_merged_or_asked_about(record, band):
    pairs = find_pairs(pd.DataFrame([record] * 5))

    assert pairs["band"].tolist() == [band] * 4


def test_ten_thousand_editorials_are_no_trouble():
    editorials = pd.DataFrame({"title": ["Editorial"] * 10_000, "volume": range(10_000)})

    pairs = find_pairs(editorials)

    assert not (pairs["band"] == Band.MERGE).any()


def test_huge_and_hostile_values_are_cut_short():
    hostile = [
        "x" * 1_000_000,
        "<" * 1_000_000,
        "[" * 1_000_000,
        "\ud800 lone surrogate",
        "10." * 9**6,
    ]

    pairs = find_pairs(pd.DataFrame({"title": hostile, "doi": hostile, "pages": hostile}))

    assert (pairs["score"] <= 1).all()


def test_missing_columns_and_wrong_types_count_as_unknown():
    odd = pd.DataFrame(
        {"title": [1, None, float("nan"), pd.NA, b"bytes", ["a list"], True],
         "year": [2010.0, "2010", None, "x", 1e300, pd.NaT, float("inf")]}
    )  # fmt: skip

    assert find_pairs(odd).empty
    assert find_pairs(pd.DataFrame({"id": [1, 2]})).empty
    assert find_pairs(pd.DataFrame()).empty
    assert cluster(0, find_pairs(pd.DataFrame())).shape == (0,)


def test_a_year_is_read_from_a_number_as_from_a_text():
    texts = pd.DataFrame([make_record(), make_record()])
    numbers = texts.assign(year=[2017.0, 2017], volume=[28, 28.0])

    assert find_pairs(numbers)["band"].tolist() == find_pairs(texts)["band"].tolist()


def test_an_update_compares_new_records_with_old_ones_and_with_each_other():
    old = pd.DataFrame([make_record(), make_record(doi="")])
    new = pd.DataFrame([make_record(pages="369"), make_record(pages="369", volume="")])

    pairs = find_pairs(new, against=old)

    found = set(zip(pairs["left"], pairs["right"], strict=True))
    assert found == {(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}


def test_an_update_finds_what_a_run_over_everything_finds():
    records = pd.DataFrame([make_record(pages=f"{n}-{n + 9}", doi="") for n in (1, 20, 20, 40, 1)])

    whole = find_pairs(records)
    update = find_pairs(records.iloc[3:], against=records.iloc[:3])

    with_new = whole[whole["right"] >= 3]
    columns = ["left", "right", "score", "band"]
    assert update[columns].to_dict("records") == with_new[columns].to_dict("records")


def test_the_evidence_says_in_words_what_agrees_and_what_differs():
    evidence = explain(make_record(pages="12-30"), make_record(pages="15--3", year="2018"))

    assert {"same DOI", "title same", "same volume"} <= set(evidence["agreed"])
    assert "pages differ: 12–30 / 15–3" in evidence["differed"]
    assert "years differ: 2017 / 2018" in evidence["differed"]
    assert 0 <= evidence["numbers"]["score"] <= 1


def test_the_evidence_names_the_words_in_which_titles_differ():
    titles = ("Paying for results in Austria", "Paying for results in Australia")
    evidence = explain(*({"title": title, "year": "2020"} for title in titles))

    assert "titles differ: austria – australia" in evidence["differed"]


def test_progress_rises_to_one():
    shares_done = []

    find_pairs(pd.DataFrame([make_record()] * 3), on_progress=shares_done.append)

    assert shares_done == sorted(shares_done)
    assert shares_done[-1] == 1.0


def test_a_table_gets_the_first_id_of_each_cluster_and_its_questions():
    translated = make_record(title="Evaluación del proceso de los programas de juego", doi="")
    table = pd.DataFrame([make_record(), translated, make_record()]).assign(id=["c", "b", "a"])

    clusters, asked = dedupe_table(table)

    assert clusters.to_dict("list") == {"id": ["c", "b", "a"], "cluster_id": ["c", "b", "c"]}
    assert asked.columns.tolist() == ["left", "right", "score"]
    assert asked[["left", "right"]].to_numpy().tolist() == [["c", "b"]]


def test_a_table_with_an_id_twice_is_refused():
    with pytest.raises(ValueError, match="more than once"):
        dedupe_table(pd.DataFrame({"id": ["a", "a"], "title": ["x", "y"]}))


def test_nothing_is_asked_between_clusters_that_a_person_found_distinct():
    records = pd.DataFrame([{"title": "Editorial"}] * 2)
    pairs = find_pairs(records)

    assert len(questions(2, cluster(2, pairs), pairs)) == 1
    assert questions(2, cluster(2, pairs), pairs, apart={(1, 0)}).empty


def test_a_protocol_asks_from_where_the_rules_do():
    assert DuplicateRules().ask_from == ASK_FROM
