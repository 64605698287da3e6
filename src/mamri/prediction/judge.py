"""How good the answers of models are: figures with intervals, paired comparisons, curves."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import combinations
from typing import Any

import numpy as np

from mamri.evaluation import (
    auc_interval,
    average_precision,
    balanced_accuracy,
    bootstrap_auc,
    bootstrap_interval,
    brier_score,
    calibration_curve,
    cohen_kappa,
    compare_auc,
    compare_bootstrap,
    compare_stratified_auc,
    concordance_index,
    confusion_matrix,
    decision_curve,
    expected_calibration_error,
    holm,
    kaplan_meier,
    log_rank_test,
    logistic_recalibration,
    mean_absolute_error,
    multiclass_auc,
    one_vs_rest_auc,
    operating_point,
    r_squared,
    roc_curve,
    root_mean_squared_error,
    spearman_correlation,
    stratified_auc,
    threshold_at_specificity,
)
from mamri.prediction.answers import READER, Answers
from mamri.prediction.experiment import TargetKind
from mamri.records import InputError

Figures = dict[str, Any]
_FEWEST = 20  # cases of a site that get figures of their own: assumption
_DECISIONS = np.round(np.arange(0.02, 0.99, 0.02), 2)


def judge(
    answers: Answers, *, bootstrap: int = 2000, seed: int = 1, within_sites: bool = False
) -> Figures:
    """Judge every model on the same cases.

    Parameters
    ----------
    answers : Answers
    within_sites : bool
        Of binary targets whose sites were left out in turn: AUCs compare cases of the same site
        alone, for each site has a model of its own. The pooled AUC stands beside it.
    bootstrap : int
        Samples of patients.
    seed : int

    Returns
    -------
    dict of plain values
        ``cases``, ``patients``; ``models``: figures by model, each figure ``{value, lower,
        upper}`` at 95 % where it has an interval; ``comparisons``: each pair with its difference
        of AUC, concordance or (numbers) share of variance explained, interval and p, adjusted by
        Holm's method, too.
    """
    judges: dict[TargetKind, Callable[[Answers, str, int, int], Figures]] = {
        TargetKind.BINARY: _binary,
        TargetKind.CLASSES: _classes,
        TargetKind.NUMBER: _number,
        TargetKind.SURVIVAL: _survival,
    }
    models = {
        name: judges[answers.kind](answers, name, bootstrap, seed) for name in answers.by_model
    }
    within_sites = within_sites and answers.kind is TargetKind.BINARY
    if within_sites:
        for name, one in models.items():
            one["auc_pooled"] = one["auc"]
            score = answers.by_model[name][:, 1]
            area = stratified_auc(answers.y, score, answers.sites, groups=answers.patients)
            one["auc"] = _three(area)
    return {
        "within_sites": within_sites,
        "cases": len(answers.names),
        "patients": int(np.unique(answers.patients).size),
        "counts": _counts(answers),
        "main_figure": _MAIN[answers.kind],
        "models": models,
        "comparisons": _comparisons(answers, bootstrap, seed, within_sites),
    }


def _counts(answers: Answers) -> dict[str, int]:
    """Tested cases by class, or by event."""
    if answers.classes:
        return {name: int(np.sum(answers.y == k)) for k, name in enumerate(answers.classes)}
    if answers.kind is TargetKind.SURVIVAL:
        return {"event": int(answers.event.sum()), "censored": int((~answers.event).sum())}
    return {"known": len(answers.y)}


_MAIN = {
    TargetKind.BINARY: "auc",
    TargetKind.CLASSES: "auc",
    TargetKind.NUMBER: "spearman",
    TargetKind.SURVIVAL: "concordance",
}


def _binary(answers: Answers, name: str, bootstrap: int, seed: int) -> Figures:
    y, p = answers.y == 1, answers.by_model[name][:, 1]
    found = {
        **binary_figures(y, p, answers.patients, bootstrap=bootstrap, seed=seed),
        "by_site": _by_site(answers, name),
    }
    if name.startswith(READER):  # scores of readers are no probabilities
        return found
    return {**found, **_calibration(y, p), "sets": _sets(answers, name)}


def binary_figures(
    y: np.ndarray, score: np.ndarray, patients: np.ndarray, *, bootstrap: int, seed: int
) -> Figures:
    """Figures that any score has, probability or not.

    Parameters
    ----------
    y : (n,) bool
    score : (n,) float
        Higher for yes.
    patients : (n,) str
    bootstrap, seed : int
    """
    curve = roc_curve(y, score)
    cut = threshold_at_specificity(y, score, 0.9)
    point = operating_point(y, score, cut)
    return {
        "auc": _three(auc_interval(y, score, groups=patients)),
        "auc_bootstrap": _three(bootstrap_auc(y, score, groups=patients, n=bootstrap, seed=seed)),
        "average_precision": _rounded(average_precision(y, score)),
        "at_specificity_0.9": {
            "threshold": _rounded(cut),
            "sensitivity": _three(point.sensitivity),
            "specificity": _three(point.specificity),
        },
        "roc": {
            "false_positive_rate": _list(curve.false_positive_rate),
            "true_positive_rate": _list(curve.true_positive_rate),
        },
    }


def _calibration(y: np.ndarray, p: np.ndarray) -> Figures:
    curve = calibration_curve(y, p, bins=min(10, max(2, len(p) // 20)))
    decisions = decision_curve(y, p, _DECISIONS)
    slope: Figures | None = None
    intercept: Figures | None = None
    with suppress(InputError):  # the same probability for all, or classes that part entirely
        fit = logistic_recalibration(y, np.clip(p, 1e-6, 1 - 1e-6))
        slope, intercept = _three(fit.slope), _three(fit.intercept_in_the_large)
    return {
        "brier": _rounded(brier_score(y, p)),
        "calibration": {
            "slope": slope,
            "intercept_in_the_large": intercept,
            "expected_error": _rounded(expected_calibration_error(y, p)),
            "predicted": _list(curve.predicted),
            "observed": _list(curve.observed),
            "lower": _list(curve.lower),
            "upper": _list(curve.upper),
        },
        "decision_curve": {
            "thresholds": _list(decisions.thresholds),
            "model": _list(decisions.model),
            "treat_all": _list(decisions.treat_all),
        },
    }


def _by_site(answers: Answers, name: str) -> Figures:
    """AUC of each site that has cases of every class."""
    found: Figures = {}
    for site in np.unique(answers.sites):
        rows = answers.sites == site
        y = answers.y[rows].astype(int)
        if not site or rows.sum() < _FEWEST or np.unique(y).size < len(answers.classes):
            continue
        answer = answers.by_model[name][rows]
        figure = {"value": _rounded(multiclass_auc(y, answer)), "lower": None, "upper": None}
        if answers.kind is TargetKind.BINARY:
            area = auc_interval(y == 1, answer[:, 1], groups=answers.patients[rows])
            figure = _three(area)
        found[str(site)] = {
            "cases": int(rows.sum()),
            "positive": int((y == len(answers.classes) - 1).sum()),
            "auc": figure,
        }
    return found


def _sets(answers: Answers, name: str) -> Figures | None:
    """How often the set holds the truth, and how often it says one class alone."""
    if name not in answers.sets:
        return None
    sets, y = answers.sets[name], answers.y.astype(int)
    single = sets.sum(axis=1) == 1
    said = sets.argmax(axis=1)
    return {
        "level": 0.9,
        "coverage": _rounded(sets[np.arange(y.size), y].mean()),
        "coverage_by_class": {
            word: _rounded(sets[y == k, k].mean())
            for k, word in enumerate(answers.classes)
            if np.any(y == k)
        },
        "decided": _rounded(single.mean()),
        "right_where_decided": _rounded((said == y)[single].mean()) if single.any() else None,
    }


def _classes(answers: Answers, name: str, bootstrap: int, seed: int) -> Figures:
    y, p = answers.y.astype(int), answers.by_model[name]
    said = p.argmax(axis=1)
    area = bootstrap_interval(
        multiclass_auc, (y, p), groups=answers.patients, n=min(bootstrap, 1000), seed=seed
    )
    accuracy = bootstrap_interval(
        balanced_accuracy, (y, said), groups=answers.patients, n=min(bootstrap, 1000), seed=seed
    )
    each = one_vs_rest_auc(y, p)
    return {
        "auc": _three(area),
        "auc_one_against_rest": {
            word: _three(auc_interval(y == k, p[:, k], groups=answers.patients))
            for k, word in enumerate(answers.classes)
            if np.isfinite(each[k])
        },
        "balanced_accuracy": _three(accuracy),
        "kappa": _three(cohen_kappa(y, said, n_classes=len(answers.classes))),
        "confusion": confusion_matrix(y, said, n_classes=len(answers.classes)).tolist(),
        "by_site": _by_site(answers, name),
        "sets": _sets(answers, name),
    }


def _number(answers: Answers, name: str, bootstrap: int, seed: int) -> Figures:
    y, said = answers.y, answers.by_model[name][:, 0]
    figures = {
        "mean_absolute_error": mean_absolute_error,
        "root_mean_squared_error": root_mean_squared_error,
        "r_squared": r_squared,
    }
    return {
        "spearman": _three(spearman_correlation(y, said)) if np.ptp(said) > 0 else None,
        **{
            key: _three(
                bootstrap_interval(
                    f, (y, said), groups=answers.patients, n=min(bootstrap, 1000), seed=seed
                )
            )
            for key, f in figures.items()
        },
        "predicted": _list(said),
        "observed": _list(y),
    }


def _survival(answers: Answers, name: str, bootstrap: int, seed: int) -> Figures:
    time, event, risk = answers.y, answers.event, answers.by_model[name][:, 0]
    found: Figures = {
        "concordance": _three(
            bootstrap_interval(
                concordance_index, (time, event, risk), groups=answers.patients, n=bootstrap,
                seed=seed,
            )
        )
    }  # fmt: skip
    third = np.digitize(risk, np.quantile(risk, (1 / 3, 2 / 3)))
    if np.unique(third).size < 3:  # too many cases of one risk
        return found
    test = log_rank_test(time, event, third)
    found["thirds"] = {
        "log_rank_p": float(f"{test.p:.3g}"),
        "curves": {
            word: {"times": _list(curve.times), "survival": _list(curve.survival),
                   "lower": _list(curve.lower), "upper": _list(curve.upper),
                   "at_risk": [int(n) for n in curve.at_risk]}
            for k, word in enumerate(("lowest", "middle", "highest"))
            for curve in [kaplan_meier(time[third == k], event[third == k])]
        },
    }  # fmt: skip
    return found


def _comparisons(answers: Answers, bootstrap: int, seed: int, within_sites: bool) -> list[Figures]:
    found: list[Figures] = []
    for first, second in combinations(answers.by_model, 2):
        a, b = answers.by_model[first], answers.by_model[second]
        if np.array_equal(a, b):
            continue
        row: Figures = {"first": first, "second": second}
        if within_sites:
            paired = compare_stratified_auc(
                answers.y, a[:, 1], b[:, 1], answers.sites, groups=answers.patients
            )
            test_name = "paired DeLong within sites, by patient"
            found.append({**row, **_difference(paired), "test": test_name})
        elif answers.kind is TargetKind.BINARY:
            test = compare_auc(answers.y == 1, a[:, 1], b[:, 1], groups=answers.patients)
            found.append({**row, **_difference(test), "test": "paired DeLong, by patient"})
        else:
            found.append({**row, **_by_bootstrap(answers, a, b, bootstrap, seed)})
    told = [row for row in found if row["p"] is not None]
    adjusted: Iterable[float] = holm(np.array([row["p"] for row in told])) if told else ()
    for row, p in zip(told, adjusted, strict=True):
        row["p_holm"] = float(f"{p:.3g}")
    return [{**row, "p_holm": row.get("p_holm")} for row in found]


def _by_bootstrap(
    answers: Answers, a: np.ndarray, b: np.ndarray, bootstrap: int, seed: int
) -> Figures:
    statistic: Callable[[np.ndarray, np.ndarray], float] = multiclass_auc
    truth = answers.y.astype(int)
    if answers.kind is TargetKind.SURVIVAL:
        statistic = _concordance
        truth = np.column_stack([answers.y, answers.event])
        a, b = a[:, 0], b[:, 0]
    elif answers.kind is TargetKind.NUMBER:
        statistic, truth, a, b = r_squared, answers.y, a[:, 0], b[:, 0]
    test = compare_bootstrap(
        statistic, truth, a, b, groups=answers.patients, n=min(bootstrap, 1000), seed=seed
    )
    return {**_difference(test), "test": "paired bootstrap of patients"}


def _concordance(truth: np.ndarray, risk: np.ndarray) -> float:
    return concordance_index(truth[:, 0], truth[:, 1] == 1, risk)


def _difference(test: Any) -> Figures:
    return {
        "difference": {
            "value": _rounded(test.first - test.second),
            "lower": _rounded(test.lower),
            "upper": _rounded(test.upper),
        },
        "p": float(f"{test.p:.3g}") if np.isfinite(test.p) else None,
    }


def _three(estimate: Any) -> Figures:
    return {key: _rounded(getattr(estimate, key)) for key in ("value", "lower", "upper")}


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _list(values: np.ndarray) -> list[float | None]:
    return [_rounded(value) for value in values]
