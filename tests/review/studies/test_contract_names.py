"""Names that may mean the same contract are found; those of others are left alone."""

import pytest

from review.studies.contract_names import ALIKE, NameIndex

KNOWN = (
    "Lusiwera: results based financing for people with long term conditions",
    "Port Tarrow Social Impact Bond",
    "Marlwick Leaving Prison Social Impact Bond",
    "Quality Schools Odania DIB",
    "Kouténi: bono de impacto social para madres",
    "Northgate homelessness pilot (phase 1)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Lusiwera results-based financing w/ long term conditions", 0),
        ("Lusiwera RBF for people with long-term conditions", 0),
        ("Port Tarrow SIB", 1),
        ("PORT TARROW", 1),
        ("Marlwick social impact bond: leaving prison", 2),
        ("Quality Schools Odania development impact bond", 3),
        ("Kouteni social impact bond for mothers (Kouténi: bono para madres)", 4),
        ("Northgate homelesness pilot phase 1", 5),
    ],
)
def test_another_way_to_write_a_name_is_found_first(name, place):
    assert NameIndex(KNOWN).alike(name)[0][0] == place


@pytest.mark.parametrize(
    "name",
    ["Social Impact Bond", "Eastmoor Social Impact Bond", "Village Savings DIB",
     "results based financing", "", "2015", "Payment by results programme for the homeless"],
)  # fmt: skip
def test_the_words_of_the_instrument_alone_mean_no_contract(name):
    assert NameIndex(KNOWN).alike(name) == []


@pytest.mark.parametrize("name", KNOWN)
def test_a_name_is_most_like_itself_whatever_else_is_known(name):
    index = NameIndex(KNOWN)

    assert index.alike(name)[0] == (KNOWN.index(name), pytest.approx(1))
    for place, likeness in index.alike(name, at_least=0)[1:]:
        assert likeness < 1, KNOWN[place]


def test_likeness_is_the_same_both_ways_and_phases_differ():
    index = NameIndex(KNOWN)
    one, other = (["northgate", "homelessness", str(phase)] for phase in (1, 2))

    assert index.likeness(one, other) == pytest.approx(index.likeness(other, one))
    assert ALIKE <= index.likeness(one, other) < 1
