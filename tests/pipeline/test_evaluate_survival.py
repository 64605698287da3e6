"""Tables of risks over time: figures are those of the functions, what is not there is told."""

import json
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from evaluated_tables import write_table

from mamri.evaluation import (
    concordance_index,
    integrated_brier_score,
    log_rank_test,
    time_dependent_auc,
)
from mamri.pipeline.evaluate_survival import SurvivalEvaluationSettings, evaluate_survival
from mamri.records import InputError

pytest.importorskip("sksurv")
SETTINGS = SurvivalEvaluationSettings(subgroups=("site",), unit="days", bootstrap=15)


@lru_cache
def evaluated() -> tuple[dict, np.ndarray]:
    with TemporaryDirectory() as folder:
        path = write_table(Path(folder), "survival")
        table = np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 2, 3, 6, 7))
        return evaluate_survival(path, SETTINGS), table


def test_the_document_is_json_of_its_schema():
    found, _ = evaluated()
    assert ("mamri-evaluation/1", "survival") == (found["schema"], found["kind"])
    assert ["model", "clinical"] == list(found["figures"]["scores"])
    json.dumps(found, allow_nan=False)


def test_figures_are_those_of_the_functions():
    found, table = evaluated()
    time, event, risk, s_300, s_600 = table.T
    one = found["figures"]["scores"]["model"]
    c = concordance_index(time, event, risk)
    assert c == pytest.approx(one["concordance"]["value"], abs=6e-5)
    at = found["figures"]["times"]
    middle = time_dependent_auc(time, event, risk, np.array([at[1]])).auc[0]
    assert middle == pytest.approx(one["auc_at_times"][1]["auc"]["value"], abs=1e-3)
    score = integrated_brier_score(
        time, event, np.column_stack([s_300, s_600]), np.array([300.0, 600.0])
    )
    assert score == pytest.approx(found["figures"]["integrated_brier"]["value"], rel=0.01)


def test_risk_groups_are_halves_and_thirds_with_a_log_rank_test():
    found, table = evaluated()
    time, event, risk = table.T[:3]
    halves = found["figures"]["scores"]["model"]["risk_groups"]["halves"]
    assert [45, 45] == [one["cases"] for one in halves["counts"].values()]
    test = log_rank_test(time, event, risk > np.median(risk))
    assert test.p == pytest.approx(halves["log_rank_p"], rel=0.01)
    thirds = found["figures"]["scores"]["model"]["risk_groups"]["thirds"]
    assert ["lowest", "middle", "highest"] == list(thirds["curves"])


def test_groups_have_concordance_and_survival():
    found, _ = evaluated()
    (variable,) = found["figures"]["scores"]["model"]["subgroups"]
    assert ["north", "south"] == [one["group"] for one in variable["groups"]]
    (row,) = found["figures"]["groups"]
    assert row["p"] == row["p_holm"]
    assert {"north", "south"} == set(row["survival"]["curves"])


def test_small_groups_and_missing_chances_are_told(tmp_path):
    path = write_table(tmp_path, "survival")
    lines = [line.rsplit(",", 2)[0] for line in path.read_text().splitlines()]
    lines[1] = lines[1].rsplit(",", 1)[0] + ",island"
    path.write_text("\n".join(lines) + "\n")
    found = evaluate_survival(path, SETTINGS)
    assert "no chances of no event" in found["figures"]["integrated_brier_missing"]
    groups = found["figures"]["scores"]["model"]["subgroups"][0]["groups"]
    (island,) = [one for one in groups if one["group"] == "island"]
    assert island["is_too_small"]
    assert None is island["concordance"]
    assert {"north", "south"} == set(found["figures"]["groups"][0]["survival"]["curves"])


def test_one_risk_for_all_has_no_groups(tmp_path):
    path = write_table(tmp_path, "survival")
    lines = path.read_text().splitlines()
    table = [lines[0], *(",".join([*line.split(",")[:3], "1", *line.split(",")[4:]]) for line in
                         lines[1:])]  # fmt: skip
    path.write_text("\n".join(table) + "\n")
    asked = SurvivalEvaluationSettings(scores=("model",), bootstrap=3)
    one = evaluate_survival(path, asked)["figures"]["scores"]["model"]
    assert {"halves": None, "thirds": None} == one["risk_groups"]
    assert 0.5 == one["concordance"]["value"]


def test_chances_beyond_follow_up_are_told(tmp_path):
    path = write_table(tmp_path, "survival")
    path.write_text(path.read_text().replace("s_600", "s_99999", 1))
    figures = evaluate_survival(path, SETTINGS)["figures"]
    assert None is figures["integrated_brier"]
    assert "within follow-up" in figures["integrated_brier_missing"]


def test_what_does_not_fit_is_refused(tmp_path):
    path = write_table(tmp_path, "numbers")
    with pytest.raises(InputError, match="a column time was needed"):
        evaluate_survival(path)
    with pytest.raises(InputError, match="rise"):
        SurvivalEvaluationSettings(times=(2.0, 1.0))
    path = write_table(tmp_path, "survival")
    path.write_text(path.read_text().replace("c0,", "c0,-", 1))
    with pytest.raises(InputError, match="times from 0 on"):
        evaluate_survival(path)
