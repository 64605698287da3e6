"""Hypothesis strategies for grids, volumes and dynamic series.

Use it as ``from strategies import ...``; the tests folder is on the import path.
"""

import itertools

import numpy as np
from hypothesis import strategies as st

from mamri.records import DynamicSeries, Volume

# Every way to store an image along the patient's axes: 6 orders of axes, 8 sets of directions.
AXIS_ORDERS = tuple(
    (axes, signs)
    for axes in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
)

finite_mm = st.floats(-300.0, 300.0, allow_nan=False)
spacings_mm = st.tuples(*[st.floats(0.3, 5.0)] * 3)


def axis_aligned(
    axes: tuple[int, ...], signs: tuple[int, ...], spacing: tuple[float, ...], origin: np.ndarray
) -> np.ndarray:
    """Affine whose index i runs along LPS component ``axes[i]`` in direction ``signs[i]``."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for index, (component, sign, step) in enumerate(zip(axes, signs, spacing, strict=True)):
        affine[component, index] = sign * step
    affine[:3, 3] = origin
    return affine


def rotation(axis: np.ndarray, angle_rad: float) -> np.ndarray:
    """Rotation matrix about a unit axis (formula of Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle_rad) * cross + (1 - np.cos(angle_rad)) * cross @ cross


@st.composite
def rotations(draw: st.DrawFn, max_angle_deg: float = 180.0) -> np.ndarray:
    """Rotation about a random axis by at most the given angle."""
    components = st.floats(-1.0, 1.0).filter(lambda value: abs(value) > 1e-3)
    axis = np.array([draw(components) for _ in range(3)])
    angle = np.deg2rad(draw(st.floats(0.0, max_angle_deg)))
    return rotation(axis / np.linalg.norm(axis), angle)


@st.composite
def affines(draw: st.DrawFn, max_angle_deg: float = 180.0) -> np.ndarray:
    """Affine of any storage order, spacing and origin, turned by at most the given angle."""
    axes, signs = draw(st.sampled_from(AXIS_ORDERS))
    origin = np.array([draw(finite_mm) for _ in range(3)])
    affine = axis_aligned(axes, signs, draw(spacings_mm), origin)
    affine[:3, :3] = draw(rotations(max_angle_deg)) @ affine[:3, :3]
    return affine


shapes = st.tuples(*[st.integers(1, 6)] * 3)


@st.composite
def volumes(draw: st.DrawFn, max_angle_deg: float = 180.0) -> Volume:
    """Small volume of int16 noise on any grid."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    array = random.integers(-1000, 4000, size=draw(shapes), dtype=np.int16)
    return Volume(array, draw(affines(max_angle_deg)))


@st.composite
def dynamic_series(
    draw: st.DrawFn, min_phases: int = 2, max_phases: int = 6, max_angle_deg: float = 180.0
) -> DynamicSeries:
    """Small dynamic series: one pre-contrast phase at or before 0, irregular times after it."""
    n_phases = draw(st.integers(min_phases, max_phases))
    gaps = draw(st.lists(st.floats(5.0, 400.0), min_size=n_phases - 1, max_size=n_phases - 1))
    first = draw(st.floats(-1200.0, 0.0))
    times = np.concatenate([[first], np.cumsum(gaps)])
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    array = random.integers(1, 2000, size=(n_phases, *draw(shapes)), dtype=np.int16)
    return DynamicSeries(array, draw(affines(max_angle_deg)), times)
