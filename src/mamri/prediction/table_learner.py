"""Models that learn from tables."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mamri.prediction.experiment import TargetKind
from mamri.prediction.learner import LearningTask
from mamri.prediction.model_kinds import Settings, TableKind
from mamri.prediction.preparation import (
    Preparation,
    PreparationSettings,
    fit_preparation,
    prepare,
)
from mamri.prediction.scores import raw_scores

DEEP = "deep_"  # begins the names of features that a network made


@dataclass(frozen=True, slots=True, eq=False)
class TableMember:
    """A model that learned without one inner fold.

    Parameters
    ----------
    preparation : Preparation
    estimator : scikit-learn estimator
    """

    preparation: Preparation
    estimator: Any

    def score(self, x: np.ndarray, sites: np.ndarray, kind: TargetKind) -> np.ndarray:
        """Raw scores of cases by their features, (k, K).

        Parameters
        ----------
        x : (k, F) float
        sites : (k,) str
        kind : TargetKind
        """
        return raw_scores(self.estimator, prepare(x, sites, self.preparation), kind)


@dataclass(frozen=True, slots=True, eq=False)
class FittedTable:
    """A model of a table that has learned.

    Parameters
    ----------
    x : (m, F) float
        Features of all cases of the experiment.
    task : LearningTask
    members : tuple of TableMember
    settings : mapping
        Those chosen.
    has_names : bool
        False of features that a network made, which mean nothing one by one.
    """

    x: np.ndarray
    task: LearningTask
    members: tuple[TableMember, ...]
    settings: Settings
    has_names: bool = True

    @property
    def about(self) -> dict[str, Any]:
        """Settings that were chosen and how many features the members see, in the mean."""
        seen = float(np.mean([member.preparation.kept.size for member in self.members]))
        return {**self.settings, "features": round(seen, 1)}

    @property
    def columns(self) -> np.ndarray:
        """Features that a member sees, (H,) int."""
        return np.unique(np.concatenate([m.preparation.columns for m in self.members]))

    def score(self, rows: np.ndarray) -> np.ndarray:
        """Raw scores of cases by every member, (members, k, K)."""
        return self.score_values(self.x[rows], self.task.sites[rows])

    def score_values(self, x: np.ndarray, sites: np.ndarray) -> np.ndarray:
        """Raw scores of cases by their features, (members, k, K).

        Parameters
        ----------
        x : (k, F) float
        sites : (k,) str
        """
        return np.stack([member.score(x, sites, self.task.kind) for member in self.members])


@dataclass(frozen=True, slots=True, eq=False)
class TableLearner:
    """A kind of model with the features it may see.

    Parameters
    ----------
    name : str
    x : (m, F) float
        NaN where missing.
    columns : tuple of str
    kind : TableKind
    task : LearningTask
    preparation : PreparationSettings
    """

    name: str
    x: np.ndarray
    columns: tuple[str, ...]
    kind: TableKind
    task: LearningTask
    preparation: PreparationSettings

    def learn(self, rows: np.ndarray) -> tuple[FittedTable, np.ndarray]:
        """Choose settings over the inner folds and keep the members that have them.

        Parameters
        ----------
        rows : (k,) int

        Returns
        -------
        FittedTable
        unseen : (k, K) float
        """
        place = {row: n for n, row in enumerate(rows)}
        candidates = self.kind.candidates
        members: list[list[TableMember]] = [[] for _ in candidates]
        unseen: list[np.ndarray] = []
        quality = np.zeros((len(candidates), self.task.inner_folds))
        for k, (train, test) in enumerate(self.task.inner(rows)):
            preparation = self.prepared(train)
            seen = prepare(self.x[train], self.task.sites[train], preparation)
            for n, settings in enumerate(candidates):
                member = TableMember(preparation, self._fit(settings, seen, train))
                scores = member.score(self.x[test], self.task.sites[test], self.task.kind)
                quality[n, k] = self.task.goodness(scores, test)
                members[n].append(member)
                if len(unseen) <= n:
                    unseen.append(np.zeros((len(rows), scores.shape[1])))
                unseen[n][[place[row] for row in test]] = scores
        best = int(np.argmax(np.nanmean(quality, axis=1)))  # the first of equals is the simplest
        fitted = FittedTable(
            self.x,
            self.task,
            tuple(members[best]),
            candidates[best],
            not self.columns[0].startswith(DEEP),
        )
        return fitted, unseen[best]

    def prepared(self, rows: np.ndarray) -> Preparation:
        """Preparation as some cases teach it.

        Parameters
        ----------
        rows : (k,) int
        """
        task = self.task
        return fit_preparation(
            self.x[rows],
            task.y[rows],
            task.event[rows],
            task.kind,
            task.sites[rows],
            self.preparation,
        )

    def _fit(self, settings: Settings, prepared: np.ndarray, rows: np.ndarray) -> Any:
        y, event = self.task.y[rows], self.task.event[rows]
        if self.task.kind is TargetKind.SURVIVAL:
            y = np.array(
                list(zip(event, np.maximum(y, 1e-3), strict=True)),
                dtype=[("event", bool), ("time", float)],
            )
        return self.kind.make(settings, self.task.seed).fit(prepared, y)
