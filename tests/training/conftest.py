from collections.abc import Iterator

import pytest
import torch
from training.chest import phantom

from mamri.training import CachedAnatomy, RandomisationSettings, SpatialSettings


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors: threads that wait for each other cost more than they bring."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def chest() -> CachedAnatomy:
    """The phantom in voxels twice as large."""
    return phantom((48, 64, 80), spacing_mm=3.0)


@pytest.fixture(scope="session")
def small() -> RandomisationSettings:
    """Crops that take a few milliseconds."""
    return RandomisationSettings(spatial=SpatialSettings(shape=(24, 28, 32), spacing_mm=3.0))
