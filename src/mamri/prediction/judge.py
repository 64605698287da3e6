"""How good the answers of models are: figures with intervals, paired comparisons, curves."""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from mamri.evaluation import (
    auc_interval,
    bootstrap_interval,
    compare_auc,
    compare_bootstrap,
    compare_stratified_auc,
    concordance_index,
    multiclass_auc,
    r_squared,
    stratified_auc,
)
from mamri.evaluation.plain_figures import (
    Figures,
    calibration_figures,
    difference_figure,
    interval_figure,
    rounded,
    survival_group_figures,
    with_holm,
)
from mamri.evaluation.score_figures import binary_figures, class_figures, number_figures
from mamri.prediction.answers import READER, Answers
from mamri.prediction.experiment import TargetKind

_FEWEST = 20  # cases of a site that get figures of their own: assumption


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
            one["auc"] = interval_figure(area)
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
    return {**found, **calibration_figures(y, p), "sets": _sets(answers, name)}


def _by_site(answers: Answers, name: str) -> Figures:
    """AUC of each site that has cases of every class."""
    found: Figures = {}
    for site in np.unique(answers.sites):
        rows = answers.sites == site
        y = answers.y[rows].astype(int)
        if not site or rows.sum() < _FEWEST or np.unique(y).size < len(answers.classes):
            continue
        answer = answers.by_model[name][rows]
        figure = {"value": rounded(multiclass_auc(y, answer)), "lower": None, "upper": None}
        if answers.kind is TargetKind.BINARY:
            area = auc_interval(y == 1, answer[:, 1], groups=answers.patients[rows])
            figure = interval_figure(area)
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
        "coverage": rounded(sets[np.arange(y.size), y].mean()),
        "coverage_by_class": {
            word: rounded(sets[y == k, k].mean())
            for k, word in enumerate(answers.classes)
            if np.any(y == k)
        },
        "decided": rounded(single.mean()),
        "right_where_decided": rounded((said == y)[single].mean()) if single.any() else None,
    }


def _classes(answers: Answers, name: str, bootstrap: int, seed: int) -> Figures:
    y, p, n = answers.y.astype(int), answers.by_model[name], min(bootstrap, 1000)
    return {
        **class_figures(y, p, answers.classes, answers.patients, bootstrap=n, seed=seed),
        "by_site": _by_site(answers, name),
        "sets": _sets(answers, name),
    }


def _number(answers: Answers, name: str, bootstrap: int, seed: int) -> Figures:
    said, n = answers.by_model[name][:, 0], min(bootstrap, 1000)
    return number_figures(answers.y, said, answers.patients, bootstrap=n, seed=seed)


def _survival(answers: Answers, name: str, bootstrap: int, seed: int) -> Figures:
    time, event, risk = answers.y, answers.event, answers.by_model[name][:, 0]
    found: Figures = {
        "concordance": interval_figure(
            bootstrap_interval(
                concordance_index, (time, event, risk), groups=answers.patients, n=bootstrap,
                seed=seed,
            )
        )
    }  # fmt: skip
    third = np.digitize(risk, np.quantile(risk, (1 / 3, 2 / 3)))
    if np.unique(third).size < 3:  # too many cases of one risk
        return found
    found["thirds"] = survival_group_figures(time, event, third, ("lowest", "middle", "highest"))
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
            found.append({**row, **difference_figure(paired), "test": test_name})
        elif answers.kind is TargetKind.BINARY:
            test = compare_auc(answers.y == 1, a[:, 1], b[:, 1], groups=answers.patients)
            found.append({**row, **difference_figure(test), "test": "paired DeLong, by patient"})
        else:
            found.append({**row, **_by_bootstrap(answers, a, b, bootstrap, seed)})
    return with_holm(found)


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
    return {**difference_figure(test), "test": "paired bootstrap of patients"}


def _concordance(truth: np.ndarray, risk: np.ndarray) -> float:
    return concordance_index(truth[:, 0], truth[:, 1] == 1, risk)
