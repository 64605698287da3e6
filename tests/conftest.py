"""Fixtures and settings shared by every test."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Deadlines off: the first call of a compiled function is slow, and shared machines are uneven.
settings.register_profile("local", deadline=None, max_examples=50)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "local")

os.environ.setdefault("MPLBACKEND", "Agg")  # no window, whatever the machine

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the working copy under test."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real examinations, or a skip that says where it was looked for.

    The environment variable ``MAMRI_SHARED_DATA`` names it; otherwise ``../shared/data`` beside
    the working copy.
    """
    folder = Path(os.environ.get("MAMRI_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set MAMRI_SHARED_DATA to the folder that holds it")
    return folder.resolve()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the quick tests first, so that a plain mistake shows within seconds."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
