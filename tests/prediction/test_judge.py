"""Figures of models that know all, know nothing and say one thing; readers; parts; comparisons."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from prediction.cohorts import cohort_and_outcome

from mamri.evaluation import holm
from mamri.prediction.answers import Answers, join_parts
from mamri.prediction.answers import PartAnswers as Part
from mamri.prediction.experiment import Target, TargetKind
from mamri.prediction.judge import judge
from mamri.prediction.outcome import Outcome
from mamri.prediction.readers import add_readers
from mamri.records import InputError

N = 300
RNG = np.random.default_rng(1)
GOOD = 1 / (1 + np.exp(-RNG.normal(0, 1.5, N)))
Y = (RNG.random(N) < GOOD).astype(int)  # as the probabilities say
NOISE = RNG.random(N)
PATIENTS = np.array([f"p{k}" for k in range(N)])


def _two(p: np.ndarray) -> np.ndarray:
    return np.column_stack([1 - p, p])


def _answers(by_model, kind=TargetKind.BINARY, *, y=Y, event=None, **more) -> Answers:
    classes = {TargetKind.BINARY: ("no", "yes"), TargetKind.CLASSES: ("a", "b", "c")}
    return Answers(
        kind, classes.get(kind, ()), tuple(PATIENTS), PATIENTS, more.get("sites", np.full(N, "")),
        y, np.ones(N, bool) if event is None else event, by_model, more.get("sets", {}),
    )  # fmt: skip


def _judged(answers: Answers) -> dict:
    found = judge(answers, bootstrap=100)
    json.dumps(found, allow_nan=False)  # plain values without NaN
    return found


def test_a_model_that_knows_all():
    found = _judged(_answers({"m": _two(0.02 + 0.96 * Y)}))["models"]["m"]

    assert 1 == found["auc"]["value"]
    assert 1 == found["average_precision"]
    assert 1 == found["at_specificity_0.9"]["sensitivity"]["value"]
    assert found["brier"] < 0.001


def test_a_model_that_knows_nothing():
    found = _judged(_answers({"m": _two(NOISE)}))["models"]["m"]

    assert found["auc"]["lower"] < 0.5 < found["auc"]["upper"]
    assert found["calibration"]["slope"]["value"] < 0.3
    assert found["calibration"]["expected_error"] > 0.1


def test_a_model_that_says_one_thing():
    found = _judged(_answers({"m": _two(np.full(N, 0.5))}))["models"]["m"]

    assert 0.5 == found["auc"]["value"]
    assert 0.25 == found["brier"]
    assert (found["calibration"]["slope"] or {"value": None})["value"] is None
    assert abs(Y.mean() - 0.5) == pytest.approx(found["calibration"]["expected_error"], abs=1e-4)


def test_a_calibrated_model_is_found_to_be_calibrated():
    figures = _judged(_answers({"m": _two(GOOD)}))
    found = figures["models"]["m"]

    assert "auc" == figures["main_figure"]
    assert (N, N) == (figures["cases"], figures["patients"])
    assert found["calibration"]["slope"]["lower"] < 1 < found["calibration"]["slope"]["upper"]
    for kind in ("auc", "auc_bootstrap"):
        assert found[kind]["lower"] < found[kind]["value"] < found[kind]["upper"]
    assert found["auc"]["value"] == found["auc_bootstrap"]["value"]
    assert found["decision_curve"]["model"][20] > found["decision_curve"]["treat_all"][20]


def test_sites_with_enough_cases_of_both_classes_get_figures():
    sites = np.array(["big"] * 200 + ["same"] * 50 + ["small"] * 15 + [""] * 35)
    y = Y.copy()
    y[200:250] = 1

    found = _judged(_answers({"m": _two(GOOD)}, y=y, sites=sites))["models"]["m"]["by_site"]

    assert ["big"] == list(found)
    assert (200, int(y[:200].sum())) == (found["big"]["cases"], found["big"]["positive"])


def test_sets_are_counted():
    sets = np.zeros((N, 2), bool)
    sets[:100, 0] = sets[:100, 1] = True  # both: abstains, holds the truth
    sets[np.arange(100, 280), Y[100:280]] = True  # the truth alone
    sets[np.arange(280, 290), 1 - Y[280:290]] = True  # the wrong one; the last ten hold none

    found = _judged(_answers({"m": _two(GOOD)}, sets={"m": sets}))["models"]["m"]["sets"]

    assert pytest.approx(280 / 300, abs=1e-4) == found["coverage"]
    assert pytest.approx(190 / 300, abs=1e-4) == found["decided"]
    assert pytest.approx(180 / 190, abs=1e-4) == found["right_where_decided"]
    assert {"no", "yes"} == set(found["coverage_by_class"])


def test_comparisons_are_paired_and_adjusted_by_holm():
    better = _two(np.clip(GOOD + 0.3 * (Y - 0.5), 0, 1))
    models = {"good": _two(GOOD), "noise": _two(NOISE), "same": _two(GOOD), "better": better}

    rows = _judged(_answers(models))["comparisons"]

    pairs = [(row["first"], row["second"]) for row in rows]
    assert ("good", "same") not in pairs  # the same answers need no test
    assert 5 == len(pairs)
    np.testing.assert_allclose(
        holm(np.array([row["p"] for row in rows])), [row["p_holm"] for row in rows], rtol=0.01
    )
    first = rows[0]
    assert ("good", "noise") == pairs[0]
    assert first["p_holm"] < 0.001
    assert first["difference"]["lower"] > 0
    assert all(row["p_holm"] >= row["p"] for row in rows)


def test_models_with_the_same_ranking_do_not_differ():
    (row,) = _judged(_answers({"a": _two(GOOD), "b": _two(GOOD**2)}))["comparisons"]

    assert (0, 1, 1) == (row["difference"]["value"], row["p"], row["p_holm"])


def test_classes_are_judged_one_against_the_rest_and_together():
    y = np.arange(N) % 3
    p = RNG.dirichlet((1, 1, 1), N)
    p[np.arange(N), y] += 1
    p /= p.sum(axis=1, keepdims=True)
    found = _judged(_answers({"m": p, "naive": np.full((N, 3), 1 / 3)}, TargetKind.CLASSES, y=y))

    good, naive = found["models"]["m"], found["models"]["naive"]
    assert good["auc"]["value"] > 0.9
    assert 0.5 == naive["auc"]["value"]
    assert {"a", "b", "c"} == set(good["auc_one_against_rest"])
    assert [100, 100, 100] == np.sum(good["confusion"], axis=1).tolist()
    assert good["balanced_accuracy"]["value"] == pytest.approx(
        np.mean(np.diag(good["confusion"]) / 100), abs=1e-4
    )
    assert 0 == pytest.approx(naive["kappa"]["value"])
    assert found["comparisons"][0]["p"] < 0.05


def test_numbers_are_judged_by_rank_and_error():
    y = RNG.normal(20, 5, N)
    answers = _answers(
        {"exact": y[:, None], "naive": np.full((N, 1), y.mean())}, TargetKind.NUMBER, y=y
    )
    found = _judged(answers)

    exact, naive = found["models"]["exact"], found["models"]["naive"]
    assert (1, 0, 1) == tuple(
        exact[k]["value"] for k in ("spearman", "mean_absolute_error", "r_squared")
    )
    assert naive["spearman"] is None
    assert pytest.approx(0, abs=1e-3) == naive["r_squared"]["value"]
    assert pytest.approx(y.std(), abs=1e-3) == naive["root_mean_squared_error"]["value"]


def _survival(risks: dict[str, np.ndarray]) -> dict:
    hazard = np.exp(np.linspace(-3, 3, N))
    time = np.random.default_rng(2).exponential(1 / hazard)
    event = time < 2
    every = slice(None, None, 3)  # concordance in every bootstrap sample takes its time
    by_model = {name: risk[every, None].astype(float) for name, risk in risks.items()}
    answers = Answers(
        TargetKind.SURVIVAL, (), tuple(PATIENTS[every]), PATIENTS[every], np.full(100, ""),
        np.minimum(time, 2)[every], event[every], by_model, {},
    )  # fmt: skip
    return _judged(answers)


def test_risks_are_judged_by_concordance_and_thirds():
    found = _survival({"good": np.arange(N), "noise": NOISE})

    good, noise = found["models"]["good"], found["models"]["noise"]
    assert good["concordance"]["lower"] > 0.65
    assert noise["concordance"]["lower"] < 0.5 < noise["concordance"]["upper"]
    assert good["thirds"]["log_rank_p"] < 1e-6 < noise["thirds"]["log_rank_p"]
    last = {k: c["survival"][-1] for k, c in good["thirds"]["curves"].items()}
    assert last["lowest"] > last["middle"] > last["highest"]
    assert found["comparisons"][0]["p"] < 0.05


@pytest.mark.parametrize("share", [0.2, 0.4, 0.9])
def test_risks_of_few_values_have_thirds_only_where_there_are_three_groups(share):
    tied = np.r_[np.zeros(int(N * share)), np.ones(N - int(N * share))]
    tied[-20:] = 2

    found = _survival({"m": tied, "naive": np.zeros(N)})

    assert 0.5 == found["models"]["naive"]["concordance"]["value"]
    assert "thirds" not in found["models"]["naive"]
    curves = found["models"]["m"].get("thirds", {}).get("curves", {})
    assert all(curve["times"] for curve in curves.values())


def _cohort_with_readers():
    table = pd.DataFrame({"patient": PATIENTS, "malignant": Y, "birads": np.where(Y, 4, 3)})
    table["half"] = [None, *range(N - 1)]
    table["word"] = "high"
    return cohort_and_outcome(table, Target("m", TargetKind.BINARY, "malignant", ("1",)))


def test_readers_are_judged_on_the_same_cases_as_models():
    cohort, outcome = _cohort_with_readers()
    tested = np.arange(10, 200)
    answers = _answers({"m": _two(GOOD)})
    some = replace(
        answers,
        names=answers.names[10:200],
        patients=PATIENTS[tested],
        sites=answers.sites[tested],
        y=Y[tested],
        event=answers.event[tested],
        by_model={"m": _two(GOOD)[tested]},
    )

    with_readers = add_readers(some, cohort, outcome, ("birads", "half"))

    assert ["m", "reader: birads", "reader: half"] == list(with_readers.by_model)
    np.testing.assert_array_equal(Y[tested], with_readers.by_model["reader: birads"][:, 1])
    found = _judged(with_readers)
    reader = found["models"]["reader: birads"]
    assert 1 == reader["auc"]["value"]
    assert "brier" not in reader  # categories are no probabilities
    assert 3 == len(found["comparisons"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nobody", "column nobody, which the cohort lacks"),
        ("half", "column half needs a score of every case, 1 have none"),
        ("word", f"{N} have none"),
    ],
)
def test_readers_without_scores_are_refused(name, said):
    cohort, outcome = _cohort_with_readers()

    with pytest.raises(InputError, match=said):
        add_readers(_answers({"m": _two(GOOD)}), cohort, outcome, (name,))


def test_readers_are_for_binary_targets():
    cohort, outcome = _cohort_with_readers()

    with pytest.raises(InputError, match="binary targets alone"):
        add_readers(_answers({}, TargetKind.NUMBER), cohort, outcome, ("birads",))


def test_parts_are_joined_case_by_case_over_repeats():
    outcome = Outcome(
        TargetKind.BINARY, np.array([1, 3, 5, 7]), np.array([0, 1, 0, 1]), np.ones(4, bool),
        ("no", "yes"),
    )  # fmt: skip

    def part(repeat, rows, p, sets):
        return Part(
            "m", f"fold {rows}", repeat, np.array(rows), _two(np.array(p)), np.array(sets, bool), {}
        )

    parts = [
        part(1, [2, 0], [0.2, 0.4], [[1, 0], [1, 1]]),
        part(2, [0], [0.8], [[0, 1]]),
        part(2, [2], [0.4], [[0, 0]]),
    ]
    names = ["a", "b", "c", "d"]

    answers = join_parts(parts, outcome, names, np.array(names), np.array(["x", "y", "z", "w"]))

    assert ("a", "c") == answers.names
    assert ["x", "z"] == answers.sites.tolist()
    assert [0, 0] == answers.y.tolist()
    np.testing.assert_allclose([0.6, 0.3], answers.by_model["m"][:, 1])
    assert [[True, True], [True, False]] == answers.sets["m"].tolist()
