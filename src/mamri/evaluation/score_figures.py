"""The figures of one score, as plain values: of two classes, of more, of numbers."""

from collections.abc import Sequence

import numpy as np

from mamri.evaluation.bootstrap import bootstrap_auc, bootstrap_interval
from mamri.evaluation.delong import auc_interval
from mamri.evaluation.multiclass import (
    balanced_accuracy,
    cohen_kappa,
    confusion_matrix,
    multiclass_auc,
    one_vs_rest_auc,
)
from mamri.evaluation.plain_figures import Figures, interval_figure, rounded, rounded_list
from mamri.evaluation.regression import (
    mean_absolute_error,
    r_squared,
    root_mean_squared_error,
    spearman_correlation,
)
from mamri.evaluation.roc import (
    average_precision,
    operating_point,
    roc_curve,
    threshold_at_specificity,
)


def binary_figures(
    y: np.ndarray, score: np.ndarray, patients: np.ndarray, *, bootstrap: int, seed: int
) -> Figures:
    """Figures that any score of two classes has, probability or not.

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
        "auc": interval_figure(auc_interval(y, score, groups=patients)),
        "auc_bootstrap": interval_figure(
            bootstrap_auc(y, score, groups=patients, n=bootstrap, seed=seed)
        ),
        "average_precision": rounded(average_precision(y, score)),
        "at_specificity_0.9": {
            "threshold": rounded(cut),
            "sensitivity": interval_figure(point.sensitivity),
            "specificity": interval_figure(point.specificity),
        },
        "roc": {
            "false_positive_rate": rounded_list(curve.false_positive_rate),
            "true_positive_rate": rounded_list(curve.true_positive_rate),
        },
    }


def class_figures(
    y: np.ndarray,
    p: np.ndarray,
    classes: Sequence[str],
    patients: np.ndarray,
    *,
    bootstrap: int,
    seed: int,
) -> Figures:
    """Figures of probabilities of two or more classes.

    Parameters
    ----------
    y : (n,) int
        Number of the class of each case.
    p : (n, K) float
        One column a class.
    classes : sequence of str
        Their K names.
    patients : (n,) str
    bootstrap, seed : int
    """
    said = p.argmax(axis=1)
    area = bootstrap_interval(multiclass_auc, (y, p), groups=patients, n=bootstrap, seed=seed)
    accuracy = bootstrap_interval(
        balanced_accuracy, (y, said), groups=patients, n=bootstrap, seed=seed
    )
    each = one_vs_rest_auc(y, p)
    return {
        "auc": interval_figure(area),
        "auc_one_against_rest": {
            word: interval_figure(auc_interval(y == k, p[:, k], groups=patients))
            for k, word in enumerate(classes)
            if np.isfinite(each[k])
        },
        "balanced_accuracy": interval_figure(accuracy),
        "kappa": interval_figure(cohen_kappa(y, said, n_classes=len(classes))),
        "confusion": confusion_matrix(y, said, n_classes=len(classes)).tolist(),
    }


def number_figures(
    y: np.ndarray, said: np.ndarray, patients: np.ndarray, *, bootstrap: int, seed: int
) -> Figures:
    """Figures of predicted numbers.

    Parameters
    ----------
    y, said : (n,) float, same unit
    patients : (n,) str
    bootstrap, seed : int
    """
    figures = {
        "mean_absolute_error": mean_absolute_error,
        "root_mean_squared_error": root_mean_squared_error,
        "r_squared": r_squared,
    }
    return {
        "spearman": interval_figure(spearman_correlation(y, said)) if np.ptp(said) > 0 else None,
        **{
            key: interval_figure(
                bootstrap_interval(f, (y, said), groups=patients, n=bootstrap, seed=seed)
            )
            for key, f in figures.items()
        },
        "predicted": rounded_list(said),
        "observed": rounded_list(y),
    }
