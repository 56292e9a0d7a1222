"""Entries of registers of trials, from tables, XML and JSON."""

import pytest

from review.searches.formats.trials import describe_trial
from tests.review.searches.formats.format_cases import ICTRP_XML, read_text

ICTRP_CSV = (
    "TrialID,Last Refreshed on,Public title,Scientific title,Primary sponsor,Date registration,"
    "Date registration3,Source Register,web address,Study type,Condition,Intervention,"
    "Primary outcome\n"
    "ISRCTN11112222,6 May 2021,Coaches for job seekers,A trial of coaches,A council,03/02/2019,"
    "20190203,ISRCTN,https://isrctn.example/1,Interventional,Unemployment,Coaching,In work\n"
    "DRKS00099999,6 May 2021,,Mentors in school,A school,04/02/2018,20180204,DRKS,,,,,\n"
)
MODERN = (
    "NCT Number,Study Title,Study URL,Study Status,Brief Summary,Conditions,Interventions,"
    "Primary Outcome Measures,Study Type,Start Date,First Posted\n"
    "NCT00001111,Rent Help,https://trials.example/NCT00001111,COMPLETED,We pay the rent.,Debt,"
    "BEHAVIORAL: Rent,Evictions,INTERVENTIONAL,2017-11,2018-01-05\n"
)
CLASSIC = (
    "Rank,NCT Number,Title,Acronym,Status,Study Results,Conditions,Interventions,"
    "Outcome Measures,Start Date,Completion Date,URL\n"
    '1,NCT00001111,Rent Help,RH,Completed,No Results,Debt|Eviction,Behavioral: Rent,"Evictions, '
    'a year","November 1, 2017",May 2019,https://trials.example/NCT00001111\n'
)


def test_a_table_of_the_who_platform_gives_trials(tmp_path):
    first, second = (block.record for block in read_text(tmp_path, ICTRP_CSV))

    assert first.title == "Coaches for job seekers"
    assert (first.accession, first.year) == ("ISRCTN11112222", 2019)
    assert (first.url, first.type) == ("https://isrctn.example/1", "Interventional")
    assert first.abstract == (
        "Condition: Unemployment. Intervention: Coaching. Primary outcome: In work."
    )
    assert first.extra["Scientific title"] == ["A trial of coaches"]
    assert (second.title, second.abstract, second.year) == ("Mentors in school", None, 2018)


@pytest.mark.parametrize("between", ["", "_"])
def test_headings_are_known_without_their_spaces(tmp_path, between):
    headings, _, rows = ICTRP_CSV.partition("\n")

    headings = headings.replace("TrialID", f"Trial{between}ID").replace(" ", between)
    blocks = read_text(tmp_path, f"{headings}\n{rows}")

    assert blocks[0].record.title == "Coaches for job seekers"
    assert (blocks[0].record.accession, blocks[0].record.year) == ("ISRCTN11112222", 2019)
    assert blocks[0].record.url == "https://isrctn.example/1"


@pytest.mark.parametrize(
    ("table", "year", "abstract"),
    [
        (MODERN, 2018, "We pay the rent."),
        (
            CLASSIC,
            2017,
            "Condition: Debt; Eviction. Intervention: Behavioral: Rent. "
            "Primary outcome: Evictions, a year.",
        ),
    ],
)
def test_a_table_of_clinicaltrials_gov_gives_trials(tmp_path, table, year, abstract):
    (block,) = read_text(tmp_path, table)

    assert (block.record.title, block.record.accession) == ("Rent Help", "NCT00001111")
    assert (block.record.year, block.record.abstract) == (year, abstract)
    assert block.record.url == "https://trials.example/NCT00001111"


def test_a_trial_without_parts_has_no_description():
    assert describe_trial({"Condition": [""], "Sponsor": ["A council"]}) is None


def test_xml_of_the_who_platform_gives_trials_without_the_newlines_in_its_values(tmp_path):
    first, second = (block.record for block in read_text(tmp_path, ICTRP_XML))

    assert first.title == "Coaches for job seekers"
    assert (first.accession, first.year) == ("ISRCTN11112222", 2019)
    assert first.url == "https://isrctn.example/ISRCTN11112222"
    assert first.abstract == (
        "Condition: Unemployment Debt. Intervention: Coaching. Primary outcome: In work after a "
        "year."
    )
    assert first.extra["Scientific_title"] == [
        "A trial of coaches for people out of work & training"
    ]
    assert (second.title, second.accession) == ("Second", "NL8012")
