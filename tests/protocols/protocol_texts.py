"""A small valid protocol, and helpers to break it."""

import pytest

from protocols.loader import load
from protocols.problems import ProtocolErrors, ProtocolProblem

SMALL = """\
title: Does it work?
question: What is known about whether it works?
languages: [en, es]
published_from: 1990
published_to: 2020
exclusion_reasons:
  - key: not_empirical
    label: Not empirical
highlights:
  - language: en
    include: [evaluat*]
terminology:
  - key: bond
    label: Bond
    names:
      en: [impact bond]
      es: [bono de impacto]
codebook:
  - key: outcome_area
    label: Outcome area
    level: contract
    type: one_of
    values:
      - {key: health, label: Health, definition: Bodies and minds.}
      - {key: education, label: Education}
  - key: other_areas
    label: Other areas
    level: contract
    type: many_of
    values:
      - {key: health, label: Health}
  - key: country
    label: Country
    level: contract
    type: country
  - key: has_investor
    label: Investor
    level: contract
    type: yes_no
  - key: scale
    label: Scale
    level: contract
    type: integer
  - key: equity
    label: Equity
    level: study_contract
    type: one_of
    group: themes
    help: Who gains.
    values: [{key: present, label: Present}, {key: absent, label: Absent}]
  - key: costs
    label: Costs
    level: study_contract
    type: one_of
    group: themes
    values: [{key: present, label: Present}, {key: absent, label: Absent}]
frameworks:
  - key: area_by_theme
    label: Area by theme
    rows: {item: outcome_area, also: other_areas}
    columns: {group: themes, value: present}
    segments: has_investor
    filters: [country]
"""


def broken(before: str, after: str) -> tuple[ProtocolProblem, ...]:
    """Return the problems of the small protocol once ``before`` is replaced by ``after``."""
    assert SMALL.count(before) == 1, before
    with pytest.raises(ProtocolErrors) as caught:
        load(SMALL.replace(before, after))
    return caught.value.problems


def only(problems: tuple[ProtocolProblem, ...]) -> str:
    """Return the only problem, with its line."""
    assert len(problems) == 1, problems
    return str(problems[0])
