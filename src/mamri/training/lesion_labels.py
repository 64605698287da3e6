"""Labels of lesions to learn from: refused where they do not fit, held out by patient, weighed."""

import math

import numpy as np
import torch

from mamri.records import InputError

_DRAWS = 200  # parts of the patients that are tried before the best is held out


def check_labels(y: np.ndarray, groups: np.ndarray, n: int, n_classes: int) -> None:
    """Refuse labels and patients that do not fit n lesions.

    Parameters
    ----------
    y : (n,) int
    groups : (n,) int or str
    n, n_classes : int

    Raises
    ------
    InputError
        If shapes differ, labels are not whole numbers of 0 to ``n_classes - 1``, or fewer than
        two classes came.
    """
    if y.shape != (n,) or groups.shape != (n,):
        raise InputError(
            f"one label and one patient for each of {n} lesions were needed, got shapes {y.shape} "
            f"and {groups.shape}; give them in the order of the cubes"
        )
    if y.dtype.kind not in "iu" or (n and not 0 <= y.min() <= y.max() < n_classes):
        raise InputError(
            f"labels must be whole numbers from 0 to {n_classes - 1}, got "
            f"{np.unique(y)[:10]} of {y.dtype}; number the classes so"
        )
    if len(np.unique(y)) < 2:
        raise InputError(
            f"lesions of two classes or more were needed, got {len(np.unique(y))}; "
            "add lesions of another class"
        )


def held_out_lesions(y: np.ndarray, groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Lesions of patients to hold out, of each class about the same share.

    Of 200 random parts of the patients the one is taken whose counts of classes are nearest to
    what was asked for, relative to the size of the class; every class stays in the other part.

    Parameters
    ----------
    y : (n,) int
    groups : (n,) int or str
    share : float
        Of the patients.
    seed : int, not negative

    Returns
    -------
    (n,) bool
        All lesions of a patient alike.

    Raises
    ------
    InputError
        If no part leaves lesions of every class to learn from.
    """
    patients, patient = np.unique(groups, return_inverse=True)
    classes, label = np.unique(y, return_inverse=True)
    counts = np.zeros((len(patients), len(classes)))
    np.add.at(counts, (patient, label), 1)
    total = counts.sum(0)
    draws = np.random.default_rng((seed, 1))
    n_held = max(1, round(share * len(patients)))
    best, smallest = np.empty(0, int), math.inf
    for _ in range(_DRAWS):
        chosen = draws.permutation(len(patients))[:n_held]
        inside = counts[chosen].sum(0)
        distance = float(np.square(inside / total - share).sum())
        if (inside < total).all() and distance < smallest:
            best, smallest = chosen, distance
    if not len(best):
        raise InputError(
            f"patients enough to hold out {n_held} and still learn every class were needed, got "
            f"{len(patients)} with {total.astype(int).tolist()} lesions of the classes; add "
            "patients or leave out rare classes"
        )
    return np.isin(patient, best)


def class_weights(y: np.ndarray, n_classes: int, balance: float) -> torch.Tensor:
    """Weight of each class in the loss: its frequency to the power of minus the balance.

    Parameters
    ----------
    y : (n,) int
    n_classes : int
    balance : float, 0 to 1

    Returns
    -------
    (n_classes,) float32 tensor
        1 on average over the lesions; that of a class without lesions is that of one.
    """
    counts = np.bincount(y, minlength=n_classes)
    weights = np.maximum(counts, 1.0) ** -balance
    weights /= (weights * counts).sum() / counts.sum()
    return torch.from_numpy(weights).float()
