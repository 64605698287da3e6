"""Times and events that fit together: what every measure of survival asks of its input.

A time is that of the event, or of the last look at a woman who had none (censored). The unit is
the caller's, the same throughout.
"""

import numpy as np

from mamri.evaluation.cases import label_list, number_list
from mamri.records import InputError


def follow_up(times: np.ndarray, events: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times and events of the same women, with one event at least.

    Parameters
    ----------
    times : (n,) float, any unit of time
        Not negative.
    events : (n,) bool or 0 and 1
        True if the event happened, False if censored.

    Returns
    -------
    times : (n,) float
    events : (n,) bool

    Raises
    ------
    InputError
        If a time is negative or not finite, the lengths differ, or there is no event.
    """
    at = number_list(times, "times")
    happened = label_list(events, name="events")
    if len(happened) != len(at):
        raise InputError(
            f"one event for each of {len(at)} times was needed, got {len(happened)}; bring both "
            f"lists to the same women in the same order"
        )
    if at.min() < 0:
        raise InputError(
            f"times from 0 on were needed, got {at.min():g}; count from the start of follow-up"
        )
    if not happened.any():
        raise InputError(
            f"one event at least was needed, got {len(at)} censored times; follow up longer"
        )
    return at, happened
