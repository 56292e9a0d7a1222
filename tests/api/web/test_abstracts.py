"""Structured abstracts are cut where a section begins, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.abstracts import sections

WORDS = st.sampled_from(
    [
        "BACKGROUND:",
        "Methods:",
        "Résultats :",
        "Ergebnisse:",
        "We",
        "paid",
        "Note:",
        "a.",
        "b?",
        "\n",
    ]
)


def cut(text):
    return [(part.heading, part.text) for part in sections(text)]


@pytest.mark.parametrize(("text", "headings"), [
    ("BACKGROUND: A bond. METHODS: We asked. RESULTS: 3 of 4.",
     ["BACKGROUND:", "METHODS:", "RESULTS:"]),
    ("Background: A bond.\nMethods and findings: We asked.",
     ["Background:", "Methods and findings:"]),
    ("OBJETIVO: Medir. MÉTODOS: Encuesta. CONCLUSIONES: Sí.",
     ["OBJETIVO:", "MÉTODOS:", "CONCLUSIONES:"]),
    ("Contexte : Un contrat. Résultats : Oui.", ["Contexte :", "Résultats :"]),
    ("Hintergrund: Ein Vertrag. Ergebnisse: Ja.", ["Hintergrund:", "Ergebnisse:"]),
    ("POLICY QUESTION: Who pays? WHAT WE DID: We asked.", ["POLICY QUESTION:", "WHAT WE DID:"]),
])  # fmt: skip
def test_each_section_has_its_heading(text, headings):
    assert [part.heading for part in sections(text)] == headings


@pytest.mark.parametrize("text", [
    "Results: only one heading.",
    "We compared two designs: a bond and a grant. It had one aim: jobs.",
    "The results: better. The methods: worse.",
    "At 10:30 we met. At 11:30 we left.",
    "",
])  # fmt: skip
def test_other_texts_stay_whole(text):
    assert cut(text) == [("", text)]


def test_what_comes_before_the_first_heading_is_kept():
    assert cut("A preface. METHODS: We asked. RESULTS: Yes.") == [
        ("", "A preface."), ("METHODS:", "We asked."), ("RESULTS:", "Yes."),
    ]  # fmt: skip


@given(st.lists(WORDS, max_size=30).map(" ".join))
def test_no_word_is_lost_or_moved(text):
    joined = " ".join(f"{part.heading} {part.text}" for part in sections(text))

    assert joined.split() == text.split()
