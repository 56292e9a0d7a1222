"""How the benchmark chooses: in all other families of sets, never in the one reported on."""

import runpy
from pathlib import Path

import pandas as pd
import pytest

BENCHMARK = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "ranking.py"))


def differences(atd: dict[str, float]) -> pd.DataFrame:
    """Return differences of two measures for each set; the second is twice the first."""
    return pd.DataFrame({"atd": atd, "wss95": {name: 2 * value for name, value in atd.items()}})


def test_a_set_belongs_to_its_family_and_a_translation_to_its_original():
    family_of = BENCHMARK["family_of"]

    assert family_of("Cohen_ADHD") == family_of("Cohen_Opiods") == "Cohen"
    assert family_of("Kwok_2020_ES") == family_of("Kwok_2020") == "Kwok_2020"
    assert family_of("Sep_2021") == "Sep_2021"


def test_a_value_that_helps_one_family_alone_is_not_reported_for_it():
    plain = differences({"Cohen_A": 0.0, "Cohen_B": 0.0, "Sep_2021": 0.0, "Hall_2012": 0.0})
    risky = differences({"Cohen_A": -0.5, "Cohen_B": -0.5, "Sep_2021": 0.1, "Hall_2012": 0.1})

    left_out, chosen = BENCHMARK["left_out_of_family"]({1.0: plain, 2.0: risky})

    assert left_out["atd"].to_dict() == pytest.approx(
        {"Cohen_A": 0.0, "Cohen_B": 0.0, "Sep_2021": 0.1, "Hall_2012": 0.1}
    )
    assert chosen == "1.0 1 times, 2.0 2 times"
