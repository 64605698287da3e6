"""Models that learn from tables: estimators of scikit-learn and scikit-survival and their settings.

What differs between candidates of one kind is chosen in inner folds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.prediction.experiment import TargetKind
from mamri.records import InputError

Settings = Mapping[str, Any]
_CLASSES = (TargetKind.BINARY, TargetKind.CLASSES)


@dataclass(frozen=True, slots=True)
class TableKind:
    """A kind of model.

    Parameters
    ----------
    make : callable of (settings, seed) to estimator
    candidates : tuple of mapping
        Settings to choose from, simplest first.
    is_naive : bool
        It looks at no feature.
    """

    make: Callable[[Settings, int], Any]
    candidates: tuple[Settings, ...]
    is_naive: bool = False


def table_kind(kind: str, target: TargetKind) -> TableKind:
    """A kind of model by its name.

    Parameters
    ----------
    kind : str
    target : TargetKind

    Returns
    -------
    TableKind

    Raises
    ------
    InputError
        If there is no such kind for the target.
    """
    known = _KINDS[TargetKind.BINARY if target in _CLASSES else target]
    if kind not in known:
        raise InputError(
            f"models of tables for a target of kind {target} are {', '.join(known)}, got {kind!r}; "
            "choose one of these"
        )
    return known[kind]


def table_kinds(target: TargetKind) -> tuple[str, ...]:
    """Names of the kinds of model for a target."""
    return tuple(_KINDS[TargetKind.BINARY if target in _CLASSES else target])


def _each(**values: tuple[Any, ...]) -> tuple[Settings, ...]:
    """All combinations."""
    found: list[dict[str, Any]] = [{}]
    for name, options in values.items():
        found = [{**one, name: option} for one in found for option in options]
    return tuple(found)


def _prior(settings: Settings, seed: int) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _logistic(settings: Settings, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=settings["C"], class_weight="balanced", max_iter=2000)


def _lasso(settings: Settings, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    one = LogisticRegression(
        C=settings["C"], l1_ratio=1, solver="liblinear", class_weight="balanced",
        max_iter=1000, random_state=seed,
    )  # fmt: skip
    return OneVsRestClassifier(one)


def _svm(settings: Settings, seed: int) -> Any:
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.svm import SVC

    one = SVC(C=settings["C"], gamma=settings["gamma"], class_weight="balanced")
    return OneVsRestClassifier(one)


def _forest(settings: Settings, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=300, class_weight="balanced", random_state=seed, **settings
    )


def _boosting(settings: Settings, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=0.06, max_iter=100, min_samples_leaf=10, l2_regularization=1.0,
        class_weight="balanced", early_stopping=False, random_state=seed, **settings,
    )  # fmt: skip


def _mean(settings: Settings, seed: int) -> Any:
    from sklearn.dummy import DummyRegressor

    return DummyRegressor()


def _ridge(settings: Settings, seed: int) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(alpha=settings["alpha"])


def _svr(settings: Settings, seed: int) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVR

    return make_pipeline(SVR(C=settings["C"]))


def _forest_number(settings: Settings, seed: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(n_estimators=300, random_state=seed, **settings)


def _boosting_number(settings: Settings, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        learning_rate=0.06, max_iter=100, min_samples_leaf=10, l2_regularization=1.0,
        early_stopping=False, random_state=seed, **settings,
    )  # fmt: skip


def _cox(settings: Settings, seed: int) -> Any:
    from sksurv.linear_model import CoxPHSurvivalAnalysis

    return CoxPHSurvivalAnalysis(alpha=settings["alpha"], ties="efron")


def _survival_forest(settings: Settings, seed: int) -> Any:
    from sksurv.ensemble import RandomSurvivalForest

    return RandomSurvivalForest(
        n_estimators=200, max_features="sqrt", low_memory=True, random_state=seed, **settings
    )


class _NoRisk:
    """The same risk for everyone."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> "_NoRisk":
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.zeros(len(x))


def _no_risk(settings: Settings, seed: int) -> Any:
    return _NoRisk()


_C = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_ONE: tuple[Settings, ...] = ({},)
_SVM = TableKind(_svm, _each(C=(0.1, 1.0, 10.0), gamma=("scale", "auto", 0.002)))
_KINDS: dict[TargetKind, dict[str, TableKind]] = {
    TargetKind.BINARY: {
        "prior": TableKind(_prior, _ONE, True),
        "logistic": TableKind(_logistic, _each(C=_C)),
        "lasso": TableKind(_lasso, _each(C=(0.03, 0.06, 0.1, 0.3, 1.0))),
        "svm": _SVM,
        "dwi_svm": _SVM,
        "random_forest": TableKind(
            _forest, _each(min_samples_leaf=(8, 2), max_features=("sqrt", 0.3))
        ),
        "gradient_boosting": TableKind(_boosting, _each(max_leaf_nodes=(3, 6))),
    },
    TargetKind.NUMBER: {
        "prior": TableKind(_mean, _ONE, True),
        "ridge": TableKind(_ridge, _each(alpha=(1000.0, 300.0, 100.0, 30.0, 10.0, 3.0))),
        "svm": TableKind(_svr, _each(C=(0.1, 1.0, 10.0))),
        "random_forest": TableKind(
            _forest_number, _each(min_samples_leaf=(8, 3), max_features=("sqrt", 0.3))
        ),
        "gradient_boosting": TableKind(_boosting_number, _each(max_leaf_nodes=(3, 6))),
    },
    TargetKind.SURVIVAL: {
        "prior": TableKind(_no_risk, _ONE, True),
        "cox": TableKind(_cox, _each(alpha=(100.0, 30.0, 10.0, 3.0, 1.0, 0.1))),
        "survival_forest": TableKind(_survival_forest, _each(min_samples_leaf=(15, 6))),
    },
}
