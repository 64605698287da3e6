"""Scores of two classes, evaluated from a table of cases: figures, comparisons, subgroups."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from mamri.evaluation import (
    SubgroupSettings,
    auc_interval,
    average_precision,
    bootstrap_auc,
    bootstrap_interval,
    compare_auc,
    compare_subgroups,
    operating_point,
    precision_recall_curve,
    predictive_values,
    roc_curve,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
    threshold_at_specificity,
    wilson_interval,
)
from mamri.evaluation.plain_figures import (
    calibration_figures,
    difference_figure,
    interval_figure,
    rounded,
    rounded_list,
    with_holm,
)
from mamri.io.evaluation_tables import (
    CLASS,
    TRUTH,
    CaseColumns,
    groups_of,
    numbers_of,
    probabilities_of,
    read_cases,
    score_columns,
    words_of,
    yes_or_no,
)
from mamri.pipeline.evaluate_classes import evaluate_categories, evaluate_classes, evaluate_numbers
from mamri.pipeline.evaluation_document import evaluation_document, few_cases
from mamri.pipeline.subgroup_figures import subgroup_figures
from mamri.records import InputError

Figures = dict[str, Any]
NO_PROBABILITIES = ("none",)


@dataclass(frozen=True, slots=True)
class ClassificationSettings:
    """What `evaluate_classification` asks and with which numbers.

    Parameters
    ----------
    truth : str
        Column with the truth.
    positive : str
        Its value that means yes; empty for 1, yes or true.
    scores : tuple of str
        Columns with scores; empty for all that are nothing else.
    probabilities : tuple of str
        Those of them that are probabilities; empty for all from 0 to 1, ``none`` for none.
    subgroups : tuple of str
        Columns with groups.
    threshold : float or None
        From which on a case is called positive; None for 0.5 of probabilities and the threshold of
        the first fixed specificity of other scores.
    prevalence : float or None
        At which predictive values are told, too.
    specificities, sensitivities : tuple of float
        That are fixed: assumption, usual in screening and diagnosis.
    smallest_class : int
        Cases of each class that a subgroup needs to be measured: assumption.
    bootstrap : int
        Samples of patients; 2000 are usual.
    seed : int
        Of the random numbers.
    """

    truth: str = TRUTH
    positive: str = ""
    scores: tuple[str, ...] = ()
    probabilities: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    threshold: float | None = None
    prevalence: float | None = None
    specificities: tuple[float, ...] = (0.90, 0.95)
    sensitivities: tuple[float, ...] = (0.90, 0.95)
    smallest_class: int = 10
    bootstrap: int = 2000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.bootstrap < 1 or self.smallest_class < 1:
            raise InputError(
                f"one bootstrap sample and one case a class at least were needed, got "
                f"{self.bootstrap} and {self.smallest_class}; 2000 and 10 are usual"
            )
        if self.prevalence is not None and not 0 < self.prevalence < 1:
            raise InputError(
                f"a prevalence between 0 and 1 was needed, got {self.prevalence}; 1 % is "
                "written 0.01"
            )


def evaluate_classification(
    path: Path,
    settings: ClassificationSettings | None = None,
    *,
    numbers: bool = False,
    ordinal: bool = False,
) -> dict[str, Any]:
    """Evaluate the scores of a table.

    A truth of two values is told from the scores; one of more needs a column ``p_CLASS`` for each
    class. Numbers are compared with a truth that is a number, categories of readers with each
    other.

    Parameters
    ----------
    path : Path
        CSV, see `mamri.io.evaluation_tables`.
    settings : ClassificationSettings, optional
    numbers, ordinal : bool
        The truth is a number; the columns are ordered categories.

    Returns
    -------
    dict of plain values
        See `evaluation_document`; its ``kind`` is ``classification``, ``classes``, ``numbers`` or
        ``ordinal``.

    Raises
    ------
    InputError
        If the table does not hold what was asked for.
    """
    asked = settings or ClassificationSettings()
    table = read_cases(path)
    patients = np.array(table.patients)
    common = {"bootstrap": asked.bootstrap, "seed": asked.seed}
    if ordinal:
        names = score_columns(table, chosen=asked.scores, others=asked.subgroups)
        return evaluate_categories(table, names, patients, **common)
    others = (asked.truth, *asked.subgroups)
    names = score_columns(table, chosen=asked.scores, others=others)
    if numbers:
        truth = numbers_of(table, asked.truth)
        return evaluate_numbers(table, truth, names, patients, **common)
    words = words_of(table, asked.truth)
    if len(set(words.tolist())) > 2:
        named = [name for name in names if name.startswith(CLASS)]
        return evaluate_classes(table, words, named, patients, **common)
    return _evaluate_binary(table, yes_or_no(table, asked.truth, positive=asked.positive), names,
                            patients, asked)  # fmt: skip


def _evaluate_binary(
    table: CaseColumns,
    truth: np.ndarray,
    names: Sequence[str],
    patients: np.ndarray,
    settings: ClassificationSettings,
) -> dict[str, Any]:
    scores = {name: numbers_of(table, name) for name in names}
    sure = _probabilities(table, scores, settings)
    groups = {name: groups_of(table, name) for name in settings.subgroups}
    figures = {
        "positive": int(truth.sum()),
        "negative": int((~truth).sum()),
        "prevalence": interval_figure(wilson_interval(int(truth.sum()), len(truth))),
        "scores": {
            name: _score(truth, score, patients, name in sure, groups, settings)
            for name, score in scores.items()
        },
        "comparisons": _comparisons(truth, scores, patients),
    }
    methods = ["auc", "bootstrap", "average_precision", "fixed_points", "wilson"]
    methods += ["predictive_values"] if settings.prevalence is not None else []
    methods += ["calibration", "decision_curve"] if sure else []
    methods += ["paired_delong"] if figures["comparisons"] else []
    methods += ["subgroups"] if groups else []
    return evaluation_document(
        "classification",
        table,
        settings=asdict(settings),
        figures=figures,
        methods=methods,
        warnings=[*_warnings(figures, sure, settings), *_clustered(table)],
    )


def _probabilities(
    table: CaseColumns, scores: dict[str, np.ndarray], settings: ClassificationSettings
) -> set[str]:
    """Scores that are probabilities: those called so, or all from 0 to 1."""
    if settings.probabilities == NO_PROBABILITIES:
        return set()
    unknown = [name for name in settings.probabilities if name not in scores]
    if unknown:
        raise InputError(
            f"probabilities are among the scores ({', '.join(scores)}), {unknown[0]} is not; "
            "correct --probabilities or --scores"
        )
    for name in settings.probabilities:
        probabilities_of(table, name)
    within = [name for name, score in scores.items() if score.min() >= 0 and score.max() <= 1]
    return set(settings.probabilities or within)


def _score(
    truth: np.ndarray,
    score: np.ndarray,
    patients: np.ndarray,
    is_probability: bool,
    groups: dict[str, np.ndarray],
    settings: ClassificationSettings,
) -> Figures:
    """Every figure of one score."""
    n, seed = settings.bootstrap, settings.seed
    sampled = _sampler(truth, score, patients, settings)
    curve, precise = roc_curve(truth, score), precision_recall_curve(truth, score)
    threshold, source = _threshold(truth, score, is_probability, settings)
    found: Figures = {
        "is_probability": is_probability,
        "auc": interval_figure(auc_interval(truth, score, groups=patients)),
        "auc_bootstrap": interval_figure(
            bootstrap_auc(truth, score, groups=patients, n=n, seed=seed)
        ),
        "average_precision": sampled(average_precision),
        **_fixed_points(truth, score, sampled, settings),
        "at_threshold": {
            **_at_threshold(truth, score, threshold, settings.prevalence),
            "threshold_from": source,
        },
        "roc": {
            "false_positive_rate": rounded_list(curve.false_positive_rate),
            "true_positive_rate": rounded_list(curve.true_positive_rate),
        },
        "precision_recall": {
            "recall": rounded_list(precise.recall),
            "precision": rounded_list(precise.precision),
        },
    }
    asked = SubgroupSettings(threshold, is_probability, settings.smallest_class, n, seed)
    compared = compare_subgroups(truth, score, groups, asked, patients=patients)
    found["subgroups"] = subgroup_figures(compared)
    return {**found, **calibration_figures(truth, score)} if is_probability else found


def _fixed_points(
    truth: np.ndarray,
    score: np.ndarray,
    sampled: Callable[[Callable[..., float]], Figures],
    settings: ClassificationSettings,
) -> Figures:
    """Best of all thresholds that reach a fixed specificity, or sensitivity."""
    return {
        "at_specificity": [
            {
                "specificity": fixed,
                "sensitivity": sampled(lambda y, s, at=fixed: sensitivity_at_specificity(y, s, at)),
                "threshold": rounded(threshold_at_specificity(truth, score, fixed)),
            }
            for fixed in settings.specificities
        ],
        "at_sensitivity": [
            {
                "sensitivity": fixed,
                "specificity": sampled(lambda y, s, at=fixed: specificity_at_sensitivity(y, s, at)),
            }
            for fixed in settings.sensitivities
        ],
    }


def _sampler(
    truth: np.ndarray, score: np.ndarray, patients: np.ndarray, settings: ClassificationSettings
) -> Callable[[Callable[..., float]], Figures]:
    """How a statistic of labels and scores gets its bootstrap interval."""

    def sampled(statistic: Callable[..., float]) -> Figures:
        found = bootstrap_interval(
            statistic, (truth, score), groups=patients, n=settings.bootstrap, seed=settings.seed
        )
        return interval_figure(found)

    return sampled


def _threshold(
    truth: np.ndarray, score: np.ndarray, is_probability: bool, settings: ClassificationSettings
) -> tuple[float, str]:
    """From which on a case is called positive, and where that comes from."""
    if settings.threshold is not None:
        return settings.threshold, "given"
    if is_probability:
        return 0.5, "default of probabilities"
    fixed = settings.specificities[0] if settings.specificities else 0.9
    cut = threshold_at_specificity(truth, score, fixed)
    return cut, f"specificity {fixed:g} on these cases"


def _at_threshold(
    truth: np.ndarray, score: np.ndarray, threshold: float, prevalence: float | None
) -> Figures:
    point = operating_point(truth, score, threshold)
    found: Figures = {
        "threshold": rounded(threshold),
        "true_positives": point.true_positives,
        "false_positives": point.false_positives,
        "true_negatives": point.true_negatives,
        "false_negatives": point.false_negatives,
        "sensitivity": interval_figure(point.sensitivity),
        "specificity": interval_figure(point.specificity),
        "positive_predictive_value": interval_figure(point.positive_predictive_value),
        "negative_predictive_value": interval_figure(point.negative_predictive_value),
    }
    if prevalence is not None:
        positive, negative = predictive_values(point, prevalence)
        found["at_prevalence"] = {
            "prevalence": prevalence,
            "positive_predictive_value": interval_figure(positive),
            "negative_predictive_value": interval_figure(negative),
        }
    return found


def _comparisons(
    truth: np.ndarray, scores: dict[str, np.ndarray], patients: np.ndarray
) -> list[Figures]:
    rows = [
        {
            "first": first,
            "second": second,
            **difference_figure(compare_auc(truth, scores[first], scores[second], groups=patients)),
        }
        for first, second in combinations(scores, 2)
    ]
    return with_holm(rows)


def _warnings(figures: Figures, sure: set[str], settings: ClassificationSettings) -> list[str]:
    rarer = min(figures["positive"], figures["negative"])
    word = "positive" if figures["positive"] <= figures["negative"] else "negative"
    found = few_cases(rarer, f"{word} cases")
    scores = figures["scores"]
    chosen = [
        name
        for name, one in scores.items()
        if one["at_threshold"]["threshold_from"].endswith("on these cases")
    ]
    if chosen:
        found.append(
            f"The threshold of {', '.join(chosen)} was chosen on these very cases: what it does "
            "here flatters it. Give one that was set before with --threshold."
        )
    if sure and not settings.probabilities:
        found.append(
            f"Taken for probabilities, because all their values are from 0 to 1: "
            f"{', '.join(name for name in scores if name in sure)}. Where one is not, say "
            "--probabilities."
        )
    reversed_ = [name for name, one in scores.items() if (one["auc"]["value"] or 0) < 0.4]
    if reversed_:  # 0.4: well below chance, so that chance does not set it off
        found.append(
            f"{', '.join(reversed_)} scores lower for positive cases. If lower means worse on its "
            "scale, turn it round first."
        )
    return found


def _clustered(table: CaseColumns) -> list[str]:
    n = len(set(table.patients))
    if n == len(table.cases):
        return []
    return [
        f"{len(table.cases)} cases are of {n} patients. Intervals of AUC and those by bootstrap "
        "allow for it; those at a threshold take cases for independent and are too narrow."
    ]
