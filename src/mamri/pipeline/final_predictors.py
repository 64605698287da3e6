"""Models trained on all cases at the end of an experiment, kept for use on new exams."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mamri.io.predictor_folder import write_predictor
from mamri.pipeline.output_folder import whole_folder
from mamri.pipeline.plan_experiment import Plan
from mamri.prediction.domain import feature_limits, fit_domain
from mamri.prediction.experiment import TargetKind, plain_name
from mamri.prediction.importance import shap_importance
from mamri.prediction.learner import Trained, train
from mamri.prediction.predictor import Predictor
from mamri.prediction.preparation import narrowed, prepare
from mamri.prediction.table_learner import DEEP, FittedTable, TableLearner
from mamri.records.version import __version__


def keep_predictors(
    plan: Plan, output: Path, figures: dict[str, Any]
) -> dict[str, list[dict[str, object]]]:
    """Train models on all cases and write them to ``models/NAME``.

    The naive baseline, hybrids and models that go on from photographs are not kept.

    Parameters
    ----------
    plan : Plan
    output : Path
        Folder of the run.
    figures : dict
        By model, for the cards.

    Returns
    -------
    dict of model to list
        SHAP importance.
    """
    everyone = np.arange(len(plan.outcome.rows))
    found = {}
    for choice in plan.experiment.models:
        if choice.kind == "cnn":
            _keep_network(plan, choice.label, output, figures)
    for name, learner in plan.learners.items():
        if not isinstance(learner, TableLearner) or learner.kind.is_naive:
            continue
        if learner.columns[0].startswith(DEEP):
            continue
        trained = train(learner, everyone, plan.task)
        predictor = _predictor(learner, trained, plan)
        fitted = trained.fitted
        assert isinstance(fitted, FittedTable), "a table learner gives a fitted table"
        found[name] = shap_importance(fitted, everyone, learner.columns, plan.experiment.seed)
        folder = output / "models" / plain_name(name)
        with whole_folder(folder, overwrite=True, marker="model.json") as partial:
            write_predictor(partial, predictor, _card(plan, trained, figures.get(name)))
    return found


def _keep_network(plan: Plan, name: str, output: Path, figures: dict[str, Any]) -> None:
    from mamri.pipeline.image_learners import ImageLearner  # torch is an extra
    from mamri.pipeline.image_predictors import keep_image_predictor

    learner = plan.learners[name]
    assert isinstance(learner, ImageLearner), "a network of cubes is an image learner"
    trained = train(learner, np.arange(len(plan.outcome.rows)), plan.task)
    keep_image_predictor(
        output / "models" / plain_name(name),
        learner,
        trained,
        plan.experiment.target,
        plan.outcome.classes,
        _card(plan, trained, figures.get(name)),
    )


def _predictor(learner: TableLearner, trained: Trained, plan: Plan) -> Predictor:
    fitted = trained.fitted
    assert isinstance(fitted, FittedTable), "a table learner gives a fitted table"
    preparation = learner.prepared(trained.rows)
    cases = prepare(learner.x[trained.rows], plan.task.sites[trained.rows], preparation)
    residuals = np.zeros(0)
    if plan.task.kind is TargetKind.NUMBER:
        residuals = np.abs(plan.outcome.y - trained.unseen[:, 0])
    elif plan.task.kind is TargetKind.SURVIVAL:
        residuals = trained.unseen[:, 0]
    # Most columns of a table are seen by no member: what is kept knows only the others.
    used = np.union1d(fitted.columns, preparation.columns)
    return Predictor(
        learner.name,
        plan.experiment.target,
        plan.outcome.classes,
        tuple(learner.columns[n] for n in used),
        tuple(replace(m, preparation=narrowed(m.preparation, used)) for m in fitted.members),
        trained.calibration,
        residuals,
        narrowed(preparation, used),
        fit_domain(cases),
        feature_limits(learner.x[trained.rows][:, used]),
    )


def _card(plan: Plan, trained: Trained, figures: dict[str, Any] | None) -> dict[str, Any]:
    experiment = plan.experiment
    measured = {
        key: value
        for key, value in (figures or {}).items()
        if key not in ("roc", "calibration", "decision_curve", "predicted", "observed", "thirds")
    }
    return {
        "version": "1",
        "experiment": experiment.name,
        "intended_use": "research, not for diagnosis",
        "labels_permuted": experiment.permute_labels,
        "simulation": experiment.simulation,
        "trained_on": {
            "cases": len(plan.outcome.rows),
            "patients": int(np.unique(plan.task.patients).size),
            "counts": plan.outcome.counts(),
            "sites": sorted(set(plan.task.sites.tolist()) - {""}),
        },
        "settings": dict(trained.fitted.about),
        "measured": {"how": experiment.validation.kind.value, "figures": measured},
        "limits": [
            "Measured by validation within one cohort; other hospitals may differ.",
            "Withheld for cases unlike the training cases, or with too much missing.",
        ],
        "software": {"name": "mamri", "version": __version__},
    }
