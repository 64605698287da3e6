"""Names and times the steps of a run."""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def silent(step: str) -> None:
    """Ignore the names of steps."""


class StepClock:
    """Wall time of each named step, in order; tells a listener when one begins.

    Parameters
    ----------
    begin_step : callable of str
        Called with the name of each step as it begins.
    """

    def __init__(self, begin_step: Callable[[str], None] = silent) -> None:
        self._begin_step = begin_step
        self.timings_s: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time one step; a step that comes twice adds up."""
        self._begin_step(step)
        start = time.perf_counter()
        yield
        elapsed = time.perf_counter() - start
        self.timings_s[step] = self.timings_s.get(step, 0.0) + elapsed


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform != "darwin" else peak / 1024**2
