"""Training and asking every model of an experiment, split by split; what was done is kept."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mamri.io.experiment_files import (
    read_part,
    write_part,
)
from mamri.pipeline.plan_experiment import Plan
from mamri.prediction.answers import PartAnswers
from mamri.prediction.experiment import ModelChoice
from mamri.prediction.hybrid_learner import HybridLearner
from mamri.prediction.importance import permutation_importance
from mamri.prediction.learner import Learner, Trained, train
from mamri.prediction.learners import (
    HYBRIDS,
    in_order,
)
from mamri.prediction.splits import Split
from mamri.prediction.table_learner import FittedTable


def work_split(plan: Plan, split: Split, output: Path, only: str = "") -> list[PartAnswers]:
    """Train every model on a split and ask it about the test cases; kept parts are not redone.

    Parameters
    ----------
    plan : Plan
    split : Split
    output : Path
        Folder of the run.
    only : str
        Mark of the parts' files, for runs on fewer cases.
    """
    stored = {m.label: read_part(output, m.label, split, only) for m in plan.experiment.models}
    if all(part is not None for part in stored.values()):
        return [part for part in stored.values() if part is not None]
    trained: dict[str, Trained] = {}
    parts = []
    for choice in in_order(plan.experiment.models):
        learner = learner_of(choice, plan, trained)
        trained[choice.label] = train(learner, split.train, plan.task)
        part = _tested(
            choice.label,
            trained[choice.label],
            split,
            plan.outcome.y[split.test],
            importance=not only,
        )
        write_part(output, part, only)
        parts.append(part)
    order = [m.label for m in plan.experiment.models]
    return sorted(parts, key=lambda part: order.index(part.model))


def work_splits(
    plan: Plan, splits: Sequence[Split], output: Path, processes: int, only: str = ""
) -> list[list[PartAnswers]]:
    """Work on splits, one after another or beside each other.

    Parameters
    ----------
    plan : Plan
    splits : sequence of Split
    output : Path
    processes : int
        Each computes with one thread, where there are several.
    only : str
        As in `work_split`.
    """
    if processes == 1 or len(splits) == 1:
        return [work_split(plan, split, output, only) for split in splits]
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", n_jobs=min(processes, len(splits)), inner_max_num_threads=1):
        work = (delayed(work_split)(plan, split, output, only) for split in splits)
        return list(Parallel()(work))


def learner_of(choice: ModelChoice, plan: Plan, trained: Mapping[str, Trained]) -> Learner:
    """The learner of a model, of a hybrid with the members that were trained."""
    if choice.kind not in HYBRIDS:
        return plan.learners[choice.label]
    members = {name: trained[name] for name in choice.members}
    return HybridLearner(choice.label, members, plan.task, HYBRIDS[choice.kind])


def _tested(
    name: str, trained: Trained, split: Split, y: np.ndarray, *, importance: bool
) -> PartAnswers:
    """Answers to the test cases; with what they rest on, unless that would take too long."""
    about = dict(trained.fitted.about)
    if importance and isinstance(trained.fitted, FittedTable) and trained.fitted.has_names:
        found = permutation_importance(trained.fitted, split.test, trained.fitted.task.seed)
        about["importance"] = {str(column): value for column, value in found.items()}
    scores = trained.fitted.score(split.test)
    answer = trained.answer(scores)
    if importance and hasattr(trained.fitted, "learner"):
        from mamri.pipeline.image_learners import FittedImages  # torch is an extra
        from mamri.pipeline.saliency_pictures import saliency_pictures

        assert isinstance(trained.fitted, FittedImages), "fitted images alone have a learner"
        about["saliency"] = saliency_pictures(trained.fitted, split.test, answer, y)
    return PartAnswers(
        name,
        split.name,
        split.repeat,
        split.test,
        answer,
        trained.sets(scores),
        about,
    )
