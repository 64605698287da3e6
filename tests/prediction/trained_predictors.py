"""Small predictors of synthetic tables, for the tests of predictors and of their folders."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from prediction.cohorts import MALIGNANT, cohort_and_outcome, task_of, telling_table

from mamri.prediction.cohort import features_of
from mamri.prediction.domain import feature_limits, fit_domain
from mamri.prediction.experiment import FeatureChoice, SiteHarmonisation, Target, TargetKind
from mamri.prediction.learner import train
from mamri.prediction.model_kinds import TableKind, table_kind
from mamri.prediction.predictor import Predictor
from mamri.prediction.preparation import PreparationSettings, prepare
from mamri.prediction.table_learner import TableLearner

NUMBER = Target("size", TargetKind.NUMBER, "size", unit="mm")
TIME = Target("relapse", TargetKind.SURVIVAL, "days", event="event", unit="days")
SUBTYPE = Target("subtype", TargetKind.CLASSES, "subtype")
CARD = {"version": "1", "trained_on": {"cases": 60, "patients": 60}}


def quick_kind(name: str, target: Target) -> TableKind:
    """A kind with its first setting alone, and few trees."""
    kind = table_kind(name, target.kind)

    def make(settings: Any, seed: int) -> Any:
        estimator = kind.make(settings, seed)
        few = {"n_estimators", "max_iter"} & set(estimator.get_params())
        trees = "forest" in name or "boosting" in name
        return estimator.set_params(**dict.fromkeys(few, 5)) if trees else estimator

    return TableKind(make, kind.candidates[:1])


def every_outcome(n: int, seed: int) -> pd.DataFrame:
    """Cases with an outcome of every kind that x0 tells of."""
    rng = np.random.default_rng(seed)
    table = telling_table(n, seed, shift=2.0)
    table["size"] = 20 + 4 * table["x0"] + rng.normal(size=n)
    table["subtype"] = np.array(["a", "b", "c"])[pd.qcut(table["x0"], 3, labels=False)]
    table["days"] = 100 * rng.exponential(size=n) * np.exp(-table["x0"])
    table["event"] = (rng.random(n) < 0.7).astype(int)
    return table


def trained_predictor(
    kind: str = "logistic",
    target: Target = MALIGNANT,
    *,
    table: pd.DataFrame | None = None,
    features: tuple[str, ...] = ("x*",),
    harmonisation: SiteHarmonisation = SiteHarmonisation.NONE,
) -> Predictor:
    """A predictor of all cases of a table."""
    table = every_outcome(60, 1) if table is None else table
    named = {"site": "site"} if "site" in table else {}
    cohort, outcome = cohort_and_outcome(table, target, **named)
    x, columns = features_of(cohort, FeatureChoice(features))
    task = task_of(cohort, outcome, inner_folds=2)
    settings = PreparationSettings(harmonisation=harmonisation)
    learner = TableLearner(
        f"my {kind}", x[outcome.rows], tuple(columns), quick_kind(kind, target), task, settings
    )
    rows = np.arange(len(outcome.rows))
    trained = train(learner, rows, task)
    preparation = learner.prepared(rows)
    residuals = np.zeros(0)
    if target.kind is TargetKind.NUMBER:
        residuals = np.abs(outcome.y - trained.unseen[:, 0])
    elif target.kind is TargetKind.SURVIVAL:
        residuals = trained.unseen[:, 0]
    return Predictor(
        learner.name,
        target,
        outcome.classes,
        learner.columns,
        trained.fitted.members,
        trained.calibration,
        residuals,
        preparation,
        fit_domain(prepare(learner.x, task.sites, preparation)),
        feature_limits(learner.x),
    )


def with_wide_domain(predictor: Predictor) -> Predictor:
    """The same predictor, for which no case is unlike the training cases."""
    return replace(predictor, domain=replace(predictor.domain, limit=1e9))
