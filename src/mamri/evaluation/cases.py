"""Labels, scores and patients that fit together: what every measure asks of its input.

A label is True (or 1) for a case with the disease. A higher score speaks for the disease.
"""

import numpy as np

from mamri.records import InputError


def number_list(values: np.ndarray, name: str, *, length: int | None = None) -> np.ndarray:
    """Finite numbers in one list.

    Parameters
    ----------
    values : (n,) float
    name : str
        What they are, for the message.
    length : int or None
        How many there must be; any number above 0 if None.

    Returns
    -------
    (n,) float

    Raises
    ------
    InputError
        If they are not one list of finite numbers of that length.
    """
    found = np.asarray(values)
    if found.dtype.kind not in "buif" or found.ndim != 1 or len(found) == 0:
        raise InputError(
            f"{name} must be one list of numbers, got shape {found.shape} of {found.dtype}; give "
            f"one number a case"
        )
    if length is not None and len(found) != length:
        raise InputError(
            f"{name} must have one value for each of {length} cases, got {len(found)}; bring both "
            f"lists to the same cases in the same order"
        )
    finite = np.isfinite(found)
    if not finite.all():
        raise InputError(
            f"{name} must be finite, got {np.count_nonzero(~finite)} of {len(found)} that are not; "
            f"leave these cases out and report how many they are"
        )
    return found.astype(np.float64)


def label_list(labels: np.ndarray, *, name: str = "labels") -> np.ndarray:
    """Labels of which each is 0 or 1.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    name : str
        What they are, for the message.

    Returns
    -------
    (n,) bool

    Raises
    ------
    InputError
        If a value is neither 0 nor 1.
    """
    found = number_list(labels, name)
    if not np.isin(found, (0, 1)).all():
        raise InputError(
            f"{name} must be 0 or 1, got values from {found.min():g} to {found.max():g}; compare "
            f"with the class of interest first"
        )
    return found == 1


def labelled_scores(labels: np.ndarray, *scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels of both classes, and one or more lists of scores of the same cases.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    *scores : (n,) float

    Returns
    -------
    labels : (n,) bool
    scores : (k, n) float

    Raises
    ------
    InputError
        If there is one class only, a score is not finite, or the lengths differ.
    """
    truth = label_list(labels)
    n_positive = int(np.count_nonzero(truth))
    if not 0 < n_positive < len(truth):
        raise InputError(
            f"cases with and without the disease were needed, got {n_positive} of {len(truth)} "
            f"with it; measure on cases of both classes"
        )
    return truth, np.stack([number_list(s, "scores", length=len(truth)) for s in scores])


def labelled_probabilities(
    labels: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of the same cases; one class alone will do.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    probabilities : (n,) float
        Of the disease.

    Returns
    -------
    labels : (n,) bool
    probabilities : (n,) float

    Raises
    ------
    InputError
        If a probability is not within 0 and 1, or the lengths differ.
    """
    truth = label_list(labels)
    found = number_list(probabilities, "probabilities", length=len(truth))
    if found.min() < 0 or found.max() > 1:
        raise InputError(
            f"probabilities from 0 to 1 were needed, got {found.min():g} to {found.max():g}; turn "
            f"scores into probabilities first"
        )
    return truth, found


def group_index(groups: np.ndarray | None, n_cases: int) -> np.ndarray:
    """Number of the patient of each case, from 0 on.

    Parameters
    ----------
    groups : (n,) of any one type, or None
        Patient of each case; every case is its own patient if None.
    n_cases : int

    Returns
    -------
    (n,) int

    Raises
    ------
    InputError
        If a case has no patient, there is only one, or the length differs.
    """
    if groups is None:
        return np.arange(n_cases)
    found = np.asarray(groups)
    if found.shape != (n_cases,):
        raise InputError(
            f"groups must name the group (patient) of each of {n_cases} cases, got shape "
            f"{found.shape}; bring both lists to the same cases in the same order"
        )
    missing = found != found  # only NaN differs from itself
    if found.dtype.kind == "O":
        missing = missing | np.array([group is None for group in found])
    if missing.any():
        raise InputError(
            f"every case needs its group (patient), got {np.count_nonzero(missing)} cases without "
            f"one; fill them in or leave these cases out"
        )
    _, index = np.unique(found, return_inverse=True)
    if index.max() == 0:
        raise InputError(
            "cases of two groups (patients) at least were needed, got one; leave groups out only "
            "where the cases are independent"
        )
    return np.asarray(index)
