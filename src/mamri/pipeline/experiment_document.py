"""The figures of an experiment and what its models rest on, as plain values."""

from pathlib import Path
from typing import Any

from mamri.io.experiment_files import (
    write_rows,
)
from mamri.io.record_json import record_to_json
from mamri.pipeline.plan_experiment import Plan
from mamri.prediction.answers import Answers, PartAnswers
from mamri.prediction.associations import associations, site_effect
from mamri.prediction.cohort_checks import data_dictionary
from mamri.prediction.experiment import ValidationKind
from mamri.prediction.importance import mean_importance
from mamri.prediction.judge import judge
from mamri.prediction.table_learner import DEEP, TableLearner
from mamri.records.version import __version__


def experiment_document(
    plan: Plan, parts: list[PartAnswers], answers: Answers, output: Path
) -> dict[str, Any]:
    """Everything that is known once all cases are tested, as ``experiment.json`` has it.

    Parameters
    ----------
    plan : Plan
    parts : list of PartAnswers
    answers : Answers
        Of models and readers.
    output : Path
        Folder of the run, for ``associations.csv``.

    Returns
    -------
    dict of plain values
    """
    experiment = plan.experiment
    return {
        "schema": "mamri-experiment/1",
        "software": {"name": "mamri", "version": __version__},
        "intended_use": "research, not for diagnosis",
        "simulation": experiment.simulation,
        "experiment": record_to_json(experiment),
        "classes": list(plan.outcome.classes),
        "cohort": {
            "cases": len(plan.outcome.rows),
            "counts": plan.outcome.counts(),
            "trained_on": [len(split.train) for split in plan.splits],
            "checks": [record_to_json(check) for check in plan.checks],
            "columns": data_dictionary(plan.cohort),
        },
        "chosen": [
            {
                "model": p.model,
                "split": p.split,
                "repeat": p.repeat,
                **{k: v for k, v in p.about.items() if k not in ("importance", "saliency")},
            }
            for p in parts
        ],
        "importance": _importance(plan, parts),
        "saliency": _saliency(plan, parts),
        **_described(plan, output),
        "figures": judge(
            answers,
            bootstrap=experiment.bootstrap,
            seed=experiment.seed,
            within_sites=experiment.validation.kind is ValidationKind.SITES,
        ),
    }


def _importance(plan: Plan, parts: list[PartAnswers]) -> dict[str, list[dict[str, object]]]:
    """Permutation importance of each model of a table, over its splits."""
    found = {}
    for name, learner in plan.learners.items():
        own = [p.about["importance"] for p in parts if p.model == name and "importance" in p.about]
        if own and isinstance(learner, TableLearner):
            by_column = [{int(k): float(v) for k, v in one.items()} for one in own]
            found[name] = mean_importance(by_column, learner.columns)
    return found


def _saliency(plan: Plan, parts: list[PartAnswers]) -> list[dict[str, object]]:
    """Pictures of what deep models looked at, of the first repeat."""
    names = [plan.cohort.names[row] for row in plan.outcome.rows]
    return [
        {
            "case": names[one["row"]],
            "model": part.model,
            "outcome": plan.outcome.classes[one["outcome"]],
            "said": plan.outcome.classes[one["said"]],
            "picture": one["picture"],
        }
        for part in parts
        if part.repeat == 1
        for one in part.about.get("saliency", [])
    ]


def _described(plan: Plan, output: Path) -> dict[str, Any]:
    """Features against outcome and site, of the first table that holds the most of them."""
    tables = [one for one in plan.learners.values() if isinstance(one, TableLearner)]
    tables = [one for one in tables if not one.columns[0].startswith(DEEP)]
    if not tables:
        return {}
    table = max(tables, key=lambda one: len(one.columns))
    found = associations(table.x, list(table.columns), plan.outcome)
    write_rows(output / "associations.csv", found)
    return {
        "associations": {"tested": len(found), "strongest": found[:25]},
        "site_effect": site_effect(table.x, plan.task.sites, plan.experiment.harmonisation),
    }
