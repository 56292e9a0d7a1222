"""What the ranking takes from a protocol."""

from protocols.loader import load
from screening.ranking.training_data import question_text

PROTOCOL = """\
title: Bonds
question: Do impact bonds work?
phrasings:
  es: ["¿Funcionan los bonos?", ¿Qué se sabe de ellos?]
  en: [Pay for success]
question_framework: {name: free, elements: {setting: public services}}
criteria:
  - {key: bond, label: Bond, include: a bond, exclude: a loan, include_examples: [Peterborough]}
languages: [en, es]
exclusion_reasons:
  - {key: topic, label: Another topic}
highlights:
  - {language: es, include: [pago por resultado*], exclude: [caución]}
terminology:
  - {key: sib, label: Social impact bond, names: {en: [SIB], es: [bono de impacto]}}
"""


def test_all_that_a_protocol_says_of_its_question_feeds_the_ranking_in_every_language():
    text = question_text(load(PROTOCOL).protocol)

    assert sorted(text.splitlines()) == sorted(
        [
            "Do impact bonds work?",
            "¿Funcionan los bonos?",
            "¿Qué se sabe de ellos?",
            "Pay for success",
            "public services",
            "a bond",
            "Peterborough",
            "Social impact bond",
            "SIB",
            "bono de impacto",
            "pago por resultado*",
        ]
    )
