"""Classes, numbers and categories of readers, evaluated from a table of cases."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np

from mamri.evaluation import (
    bland_altman,
    bootstrap_interval,
    cohen_kappa,
    compare_bootstrap,
    pearson_correlation,
    r_squared,
    wilson_interval,
)
from mamri.evaluation.plain_figures import difference_figure, interval_figure, rounded, with_holm
from mamri.evaluation.score_figures import class_figures, number_figures
from mamri.io.evaluation_tables import CLASS, CaseColumns, numbers_of, probabilities_of
from mamri.pipeline.evaluation_document import evaluation_document, few_cases
from mamri.radiomics import intraclass_correlation
from mamri.records import InputError

Figures = dict[str, Any]
_MOST_CATEGORIES = 20  # more are numbers, not categories: assumption
_SUM = 0.01  # by which probabilities of a case may miss 1 before it is told: assumption


def evaluate_classes(
    table: CaseColumns,
    words: np.ndarray,
    names: Sequence[str],
    patients: np.ndarray,
    *,
    bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    """Evaluate probabilities of more than two classes.

    Parameters
    ----------
    table : CaseColumns
    words : (n,) str
        Class of each case.
    names : sequence of str
        Columns ``p_CLASS``.
    patients : (n,) str
    bootstrap, seed : int

    Returns
    -------
    dict of plain values

    Raises
    ------
    InputError
        If a class has no column, or a column no case.
    """
    classes = sorted(set(words.tolist()))
    wanted = [CLASS + word for word in classes]
    if sorted(names) != sorted(wanted):
        raise InputError(
            f"a truth of {len(classes)} classes needs the columns {', '.join(wanted[:8])}, the "
            f"table has {', '.join(names) or 'none of them'}; add them, and leave out classes "
            "without cases"
        )
    p = np.column_stack([probabilities_of(table, name) for name in wanted])
    y = np.array([classes.index(word) for word in words])
    one = class_figures(y, p, classes, patients, bootstrap=bootstrap, seed=seed)
    counts = {word: int(np.sum(y == k)) for k, word in enumerate(classes)}
    rarest = min(counts, key=lambda word: counts[word])
    warnings = few_cases(counts[rarest], f"cases of class {rarest}")
    if np.abs(p.sum(axis=1) - 1).max() > _SUM:
        warnings.append("The probabilities of some cases do not add up to 1.")
    return evaluation_document(
        "classes",
        table,
        settings={"bootstrap": bootstrap, "seed": seed},
        figures={"classes": counts, "scores": {"probabilities": one}, "comparisons": []},
        methods=["classes", "auc", "bootstrap"],
        warnings=warnings,
    )


def evaluate_numbers(
    table: CaseColumns,
    truth: np.ndarray,
    names: Sequence[str],
    patients: np.ndarray,
    *,
    bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    """Evaluate predicted numbers against a truth in the same unit.

    Parameters
    ----------
    table : CaseColumns
    truth : (n,) float
    names : sequence of str
        Columns with predictions.
    patients : (n,) str
    bootstrap, seed : int

    Returns
    -------
    dict of plain values
    """
    said = {name: numbers_of(table, name) for name in names}
    scores = {}
    for name, values in said.items():
        limits = bland_altman(values, truth)
        agreed = intraclass_correlation(np.column_stack([truth, values]))
        scores[name] = {
            **number_figures(truth, values, patients, bootstrap=bootstrap, seed=seed),
            "pearson": interval_figure(pearson_correlation(truth, values)),
            "intraclass_correlation": interval_figure(agreed),
            "bias": interval_figure(limits.bias),
            "lower_limit": interval_figure(limits.lower_limit),
            "upper_limit": interval_figure(limits.upper_limit),
        }
    rows = [
        {
            "first": first,
            "second": second,
            **difference_figure(
                compare_bootstrap(
                    r_squared, truth, said[first], said[second], groups=patients, n=bootstrap,
                    seed=seed,
                )
            ),
        }
        for first, second in combinations(said, 2)
    ]  # fmt: skip
    return evaluation_document(
        "numbers",
        table,
        settings={"bootstrap": bootstrap, "seed": seed},
        figures={
            "truth": {"mean": rounded(truth.mean()), "sd": rounded(truth.std(ddof=1))},
            "scores": scores,
            "comparisons": with_holm(rows),
        },
        methods=["numbers", "agreement", "bootstrap", *(["paired_bootstrap"] if rows else [])],
    )


def evaluate_categories(
    table: CaseColumns,
    names: Sequence[str],
    patients: np.ndarray,
    *,
    bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    """Agreement of each pair of columns with ordered categories, such as two readers' BI-RADS.

    Parameters
    ----------
    table : CaseColumns
    names : sequence of str
        Two or more columns with whole numbers.
    patients : (n,) str
    bootstrap, seed : int

    Returns
    -------
    dict of plain values

    Raises
    ------
    InputError
        If there is one column only, or it holds no categories.
    """
    if len(names) < 2:
        raise InputError(
            f"two columns of categories at least were needed, got {', '.join(names)}; add a reader"
        )
    said = {name: numbers_of(table, name) for name in names}
    every = np.concatenate(list(said.values()))
    if (every != np.rint(every)).any() or np.ptp(every) >= _MOST_CATEGORIES:
        raise InputError(
            f"categories are whole numbers over at most {_MOST_CATEGORIES} steps, got "
            f"{every.min():g} to {every.max():g}; choose the columns with --scores"
        )
    lowest, k = int(every.min()), int(np.ptp(every)) + 1
    steps = {name: values.astype(int) - lowest for name, values in said.items()}
    pairs = [
        _agreement(first, second, steps, k, patients, bootstrap, seed)
        for first, second in combinations(steps, 2)
    ]
    return evaluation_document(
        "ordinal",
        table,
        settings={"bootstrap": bootstrap, "seed": seed},
        figures={"categories": [str(lowest + step) for step in range(k)], "pairs": pairs},
        methods=["ordinal", "bootstrap", "wilson"],
    )


def _agreement(
    first: str,
    second: str,
    steps: dict[str, np.ndarray],
    k: int,
    patients: np.ndarray,
    bootstrap: int,
    seed: int,
) -> Figures:
    """Kappa of two columns, and how often they say the same."""
    one, other = steps[first], steps[second]

    def kappa(weights: Literal["none", "quadratic"]) -> Figures:
        found = bootstrap_interval(
            lambda a, b: cohen_kappa(a, b, weights=weights, n_classes=k).value, (one, other),
            groups=patients, n=bootstrap, seed=seed,
        )  # fmt: skip
        return interval_figure(found)

    table = np.bincount(one * k + other, minlength=k * k).reshape(k, k)
    return {
        "first": first,
        "second": second,
        "kappa": kappa("none"),
        "weighted_kappa": kappa("quadratic"),
        "agreement": interval_figure(wilson_interval(int(np.sum(one == other)), len(one))),
        "confusion": table.tolist(),
    }
