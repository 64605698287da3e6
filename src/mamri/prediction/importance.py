"""Which features a model of a table rests on.

References
----------
.. [1] Breiman L. Random forests. Machine Learning 2001;45:5-32. doi:10.1023/A:1010933404324
.. [2] Lundberg SM, Lee SI. A unified approach to interpreting model predictions. NIPS 2017.
   arXiv:1705.07874
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mamri.prediction.experiment import TargetKind
from mamri.prediction.preparation import prepare
from mamri.prediction.scores import raw_scores
from mamri.prediction.table_learner import FittedTable

_REPEATS = 3
_SHAP_CASES = 30  # explained, and as many stand for the cohort: assumption, to bound the time


def permutation_importance(fitted: FittedTable, rows: np.ndarray, seed: int) -> dict[int, float]:
    """Loss of goodness when one feature is shuffled among unseen cases [1]_.

    Features are shuffled as the members see them: prepared, and harmonised where that was asked.

    Parameters
    ----------
    fitted : FittedTable
    rows : (k,) int
        Cases that it did not learn from.
    seed : int

    Returns
    -------
    dict of column to float
        Mean of three shuffles, for the features that a member sees. Features that stand in for
        each other share their importance.
    """
    task, columns = fitted.task, fitted.columns
    rng = np.random.default_rng(seed)
    orders = {c: [rng.permutation(len(rows)) for _ in range(_REPEATS)] for c in columns}
    plain = fitted.score(rows)
    # Sum over members of the scores with one feature shuffled, (columns, repeats, k, K).
    shuffled = np.zeros((len(columns), _REPEATS, *plain.shape[1:]))
    for member, own in zip(fitted.members, plain, strict=True):
        z = prepare(fitted.x[rows], task.sites[rows], member.preparation)
        seen = {c: n for n, c in enumerate(member.preparation.columns)}
        for n, column in enumerate(columns):
            if column not in seen:
                shuffled[n] += own
                continue
            many = np.repeat(z[None], _REPEATS, axis=0)
            place = seen[column]
            many[:, :, place] = [z[order, place] for order in orders[column]]
            scores = raw_scores(member.estimator, many.reshape(-1, z.shape[1]), task.kind)
            shuffled[n] += scores.reshape(_REPEATS, *own.shape)
    whole = task.goodness(plain.mean(axis=0), rows)
    members = len(fitted.members)
    return {
        int(column): float(
            np.mean([whole - task.goodness(scores / members, rows) for scores in shuffled[n]])
        )
        for n, column in enumerate(columns)
    }


def mean_importance(
    parts: Sequence[Mapping[int, float]], columns: Sequence[str], most: int = 20
) -> list[dict[str, object]]:
    """Importance over all splits, strongest first.

    Parameters
    ----------
    parts : sequence of mapping of column to float
        One for each split; a feature that a split's model did not see counts 0 there.
    columns : sequence of str
    most : int

    Returns
    -------
    list of dict
        ``feature``, ``value`` (mean) and ``lower``, ``upper`` (10th and 90th percentile of the
        splits).
    """
    seen = sorted({column for part in parts for column in part})
    values = np.array([[part.get(column, 0.0) for column in seen] for part in parts])
    order = np.argsort(-values.mean(axis=0), kind="stable")[:most]
    return [
        {
            "feature": columns[seen[n]],
            "value": round(float(values[:, n].mean()), 5),
            "lower": round(float(np.percentile(values[:, n], 10)), 5),
            "upper": round(float(np.percentile(values[:, n], 90)), 5),
        }
        for n in order
    ]


def shap_importance(
    fitted: FittedTable, rows: np.ndarray, columns: Sequence[str], seed: int, most: int = 20
) -> list[dict[str, object]]:
    """Mean absolute SHAP values of a model's raw score [2]_, strongest first.

    Parameters
    ----------
    fitted : FittedTable
    rows : (n,) int
        Training cases; some are drawn.
    columns : sequence of str
        Names of all features.
    seed : int
    most : int

    Returns
    -------
    list of dict
        ``feature``, ``value``, in units of the score (log-odds of a probability): the mean over
        members, each of which explains as many cases.
    """
    strength: dict[int, float] = {}
    chosen = np.random.default_rng(seed).permutation(rows)[:_SHAP_CASES]
    for member in fitted.members:
        cases = prepare(fitted.x[chosen], fitted.task.sites[chosen], member.preparation)
        values = _shap_values(member.estimator, cases, fitted.task.kind, seed)
        for column, value in zip(member.preparation.columns, values, strict=True):
            strength[column] = strength.get(column, 0.0) + value / len(fitted.members)
    order = sorted(strength, key=lambda column: -strength[column])[:most]
    return [{"feature": columns[n], "value": round(strength[n], 5)} for n in order]


def _shap_values(estimator: Any, cases: np.ndarray, kind: TargetKind, seed: int) -> list[float]:
    """Mean absolute Shapley value of each feature."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of plotting parts that are loaded and not used
        import shap

    def score(x: np.ndarray) -> np.ndarray:
        return raw_scores(estimator, x, kind)

    explainer = shap.explainers.Permutation(score, cases, seed=seed)
    values = explainer(cases, max_evals=2 * cases.shape[1] + 1, silent=True).values
    shaped = np.abs(values).reshape(len(cases), cases.shape[1], -1)
    return [float(value) for value in shaped.mean(axis=(0, 2))]
