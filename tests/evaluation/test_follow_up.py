import numpy as np
import pytest

from mamri.evaluation.follow_up import follow_up
from mamri.records import InputError


def test_times_and_events_come_back_as_numbers_and_truth_values():
    times, events = follow_up(np.array([3, 0]), np.array([0, 1]))
    assert ([3.0, 0.0], [False, True]) == (times.tolist(), events.tolist())


@pytest.mark.parametrize(
    ("times", "events", "message"),
    [
        ([1, -1], [1, 0], "times from 0 on"),
        ([1, 2], [0, 0], "one event at least"),
        ([1, 2], [1], "one event for each of 2 times"),
        ([1, np.nan], [1, 0], "times must be finite"),
        ([1, 2], [1, 2], "events must be 0 or 1"),
    ],
)
def test_follow_up_that_does_not_fit_is_refused(times, events, message):
    with pytest.raises(InputError, match=message):
        follow_up(np.array(times), np.array(events))
