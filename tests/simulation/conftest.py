from dataclasses import replace

import pytest

from mamri.simulation import (
    DEMO_CONDITION,
    PROTOCOLS,
    Protocol,
    SimulatedExam,
    demo_woman,
    simulate_exam,
)
from mamri.simulation.sequences import Grid

_DEMO = PROTOCOLS["demo"]
SMALL = replace(_DEMO, dynamic=replace(_DEMO.dynamic, grid=Grid((48, 104, 104), (3.6, 3.2, 3.2))))


@pytest.fixture(scope="session")
def small_protocol() -> Protocol:
    return SMALL


@pytest.fixture(scope="session")
def small_exam() -> SimulatedExam:
    return simulate_exam(demo_woman(7), SMALL, condition=DEMO_CONDITION)
