"""How figures grow with the number of training cases, on the same test cases."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mamri.pipeline.plan_experiment import Plan
from mamri.pipeline.work_splits import work_splits
from mamri.prediction.answers import join_parts
from mamri.prediction.experiment import ValidationKind
from mamri.prediction.judge import judge
from mamri.prediction.splits import Split
from mamri.records import InputError


def learning_curve(plan: Plan, output: Path, processes: int) -> list[dict[str, Any]]:
    """Train every model on fewer cases of each split and test it on all its test cases.

    Parameters
    ----------
    plan : Plan
    output : Path
        Folder of the run; parts are kept there.
    processes : int

    Returns
    -------
    list of dict
        ``cases`` (wanted), ``trained`` (mean number over the splits), ``model``, and the main
        figure with its interval. Sizes that no split has are left out.
    """
    rows: list[dict[str, Any]] = []
    for n in sorted(plan.experiment.learning_curve):
        splits = [_smaller(plan, split, n) for split in plan.splits if split.train.size >= n]
        if len(splits) < len(plan.splits):
            continue
        try:
            parts = [
                p for one in work_splits(plan, splits, output, processes, f"n{n}") for p in one
            ]
        except InputError as error:  # too few patients of a class for the inner folds
            rows.append({"cases": n, "not_done": str(error)})
            continue
        patients, sites = plan.task.patients, plan.task.sites
        names = [plan.cohort.names[row] for row in plan.outcome.rows]
        answers = join_parts(parts, plan.outcome, names, patients, sites)
        within_sites = plan.experiment.validation.kind is ValidationKind.SITES
        figures = judge(
            answers, bootstrap=200, seed=plan.experiment.seed, within_sites=within_sites
        )
        trained = float(np.mean([split.train.size for split in splits]))
        rows += [
            {"cases": n, "trained": trained, "model": name, **(one[figures["main_figure"]] or {})}
            for name, one in figures["models"].items()
        ]
    return rows


def _smaller(plan: Plan, split: Split, n: int) -> Split:
    """About n training cases of a split, whole patients drawn at random."""
    patients = plan.task.patients[split.train]
    order = np.random.default_rng(plan.experiment.seed + n).permutation(np.unique(patients))
    size = np.array([np.sum(patients == patient) for patient in order])
    kept = order[: max(1, int(np.searchsorted(np.cumsum(size), n, side="left")) + 1)]
    return replace(split, train=split.train[np.isin(patients, kept)])
