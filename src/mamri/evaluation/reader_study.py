"""Readers' scores of the same cases in every modality, and the figure of merit of each reader.

The design is fully crossed: every reader reads every case in every modality, once. Axis order is
modality, reader, case. A figure of merit is any function of labels and one reader's scores that
gives a number, larger being better.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mamri.evaluation.cases import group_index, label_list, labelled_scores
from mamri.evaluation.roc import roc_auc
from mamri.records import InputError
from mamri.records.volume import read_only

FigureOfMerit = Callable[[np.ndarray, np.ndarray], float]

_SHOWN = 3  # gaps that a message names


@dataclass(frozen=True, slots=True, eq=False)
class ReaderStudy:
    """Scores of a fully crossed study of several readers and several cases.

    Parameters
    ----------
    scores : (modalities, readers, cases) float
        A higher score speaks for the disease. Finite, without gaps.
    labels : (cases,) bool or 0 and 1
        Truth; cases of both classes.
    modalities, readers, cases : tuple of str
        Names along each axis, each once.
    groups : (cases,) of any one type, or None
        Patient of each case; cases are independent if None.

    Raises
    ------
    InputError
        If shapes and names do not fit together, a name is there twice, a score is missing, or there
        is one class only.
    """

    scores: np.ndarray
    labels: np.ndarray
    modalities: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        scores, labels = np.asarray(self.scores), label_list(self.labels)
        named = {"modalities": self.modalities, "readers": self.readers, "cases": self.cases}
        for axis, names in named.items():
            if not names or len(set(names)) < len(names):
                raise InputError(
                    f"{axis} need a name each, every name once, got {len(names)} names of which "
                    f"{len(set(names))} differ; rename or merge those that are equal"
                )
        shape = (len(self.modalities), len(self.readers), len(self.cases))
        if scores.shape != shape or labels.shape != shape[2:] or scores.dtype.kind not in "buif":
            raise InputError(
                f"numbers for {shape[0]} modalities, {shape[1]} readers and {shape[2]} cases were "
                f"needed, got scores {scores.shape} of {scores.dtype} and labels {labels.shape}; "
                f"bring scores, labels and names to the same order"
            )
        scores = scores.astype(np.float64)
        self._refuse_gaps(scores)
        labelled_scores(labels, scores[0, 0])
        if self.groups is not None:
            group_index(self.groups, len(labels))
            object.__setattr__(self, "groups", read_only(self.groups))
        object.__setattr__(self, "scores", read_only(scores))
        object.__setattr__(self, "labels", read_only(labels))

    def _refuse_gaps(self, scores: np.ndarray) -> None:
        gaps = np.argwhere(~np.isfinite(scores))
        if len(gaps):
            shown = "; ".join(
                f"reader {self.readers[j]} of case {self.cases[k]} in {self.modalities[i]}"
                for i, j, k in gaps[:_SHOWN]
            )
            raise InputError(
                f"every reader must score every case in every modality, got {len(gaps)} scores "
                f"that are missing or not finite, first {shown}; have them read, or leave these "
                f"cases out for all readers and report how many they are"
            )


def sensitivity_at_threshold(threshold: float) -> FigureOfMerit:
    """Figure of merit: share of cases with the disease that score at or above a threshold.

    Parameters
    ----------
    threshold : float
        In the unit of the scores, such as BI-RADS 4.

    Returns
    -------
    callable of labels and scores

    Examples
    --------
    >>> found = sensitivity_at_threshold(4)
    >>> found(np.array([0, 0, 1, 1]), np.array([1, 5, 4, 3]))
    0.5
    """

    def sensitivity(labels: np.ndarray, scores: np.ndarray) -> float:
        truth, (values,) = labelled_scores(labels, scores)
        return float((values[truth] >= threshold).mean())

    return sensitivity


def specificity_at_threshold(threshold: float) -> FigureOfMerit:
    """Figure of merit: share of cases without the disease that score below a threshold.

    Parameters
    ----------
    threshold : float
        In the unit of the scores.

    Returns
    -------
    callable of labels and scores

    Examples
    --------
    >>> found = specificity_at_threshold(4)
    >>> found(np.array([0, 0, 1, 1]), np.array([1, 5, 4, 3]))
    0.5
    """

    def specificity(labels: np.ndarray, scores: np.ndarray) -> float:
        truth, (values,) = labelled_scores(labels, scores)
        return float((values[~truth] < threshold).mean())

    return specificity


def reader_figures(study: ReaderStudy, figure: FigureOfMerit = roc_auc) -> np.ndarray:
    """Figure of merit of each reader in each modality.

    Parameters
    ----------
    study : ReaderStudy
    figure : callable of labels and scores

    Returns
    -------
    (modalities, readers) float

    Raises
    ------
    InputError
        If the figure is not finite.
    """
    return _figures(study.labels, study.scores, figure)


def leave_one_out_figures(study: ReaderStudy, figure: FigureOfMerit = roc_auc) -> np.ndarray:
    """Figures of merit without each case in turn, or each patient with all their cases.

    Parameters
    ----------
    study : ReaderStudy
    figure : callable of labels and scores

    Returns
    -------
    (cases or patients, modalities, readers) float

    Raises
    ------
    InputError
        If the figure is undefined without a case, such as the only one of its class.
    """
    patient = group_index(study.groups, len(study.labels))
    return np.stack(
        [
            _figures(
                study.labels[patient != left_out], study.scores[..., patient != left_out], figure
            )
            for left_out in range(int(patient.max()) + 1)
        ]
    )


def one_modality(study: ReaderStudy, modality: str) -> ReaderStudy:
    """The study of one of its modalities alone.

    Parameters
    ----------
    study : ReaderStudy
    modality : str

    Returns
    -------
    ReaderStudy

    Raises
    ------
    InputError
        If the study has no such modality.
    """
    if modality not in study.modalities:
        raise InputError(
            f"a modality of the study was needed, got {modality!r}; take one of "
            f"{', '.join(study.modalities)}"
        )
    index = study.modalities.index(modality)
    return replace(study, scores=study.scores[[index]], modalities=(modality,))


def _figures(labels: np.ndarray, scores: np.ndarray, figure: FigureOfMerit) -> np.ndarray:
    found = np.array([[figure(labels, reader) for reader in modality] for modality in scores])
    if not np.isfinite(found).all():
        raise InputError(
            f"a figure of merit that is finite for every reader was needed, got "
            f"{np.count_nonzero(~np.isfinite(found))} of {found.size} that are not; take one that "
            f"is defined on these cases"
        )
    return found.astype(np.float64)
