from dataclasses import replace

import pytest

from mamri.simulation import DEMO, SimulatedExam, SimulationSettings, simulate_exam

SMALL = replace(DEMO, shape=(48, 104, 104), spacing_mm=(3.6, 3.2, 3.2))


@pytest.fixture(scope="session")
def small_settings() -> SimulationSettings:
    return SMALL


@pytest.fixture(scope="session")
def small_exam() -> SimulatedExam:
    return simulate_exam(SMALL)
