"""Small painted rises of signal, of shapes whose looks are beyond doubt."""

import itertools

import numpy as np

from mamri.findings.lesion_field import FieldSettings, LesionField, lesion_field

EVEN = FieldSettings(step_mm=1.0, most_steps=100)
STEP = (1.0, 1.0, 1.0)  # mm; voxels of this size lie on the even steps, nothing is resampled
N = 41
MIDDLE = (20.0, 20.0, 20.0)  # mm
SIX = [sign * axis for axis in np.eye(3) for sign in (1.0, -1.0)]
EIGHT = [np.array(signs) / np.sqrt(3) for signs in itertools.product((1.0, -1.0), repeat=3)]


def places(shape: tuple[int, ...] = (N, N, N), spacing: tuple[float, ...] = STEP) -> np.ndarray:
    """Position of every voxel, mm from the first; (3, S, R, C)."""
    return np.indices(shape) * np.reshape(spacing, (3, 1, 1, 1))


def ball(
    at: np.ndarray, radius_mm: float, centre: tuple[float, ...] | np.ndarray = MIDDLE
) -> np.ndarray:
    """A ball of rise 1 with an edge one millimetre wide."""
    away = np.sqrt(((at - np.reshape(centre, (3, 1, 1, 1))) ** 2).sum(axis=0))
    return np.clip(radius_mm - away + 0.5, 0, 1)


def rod(at: np.ndarray, radius_mm: float, direction: np.ndarray, length_mm: float) -> np.ndarray:
    """A rod of rise 1 that starts in the middle."""
    offset = at - np.reshape(MIDDLE, (3, 1, 1, 1))
    along = np.tensordot(direction, offset, axes=1)
    across = np.sqrt(np.maximum((offset**2).sum(axis=0) - along**2, 0))
    inside = np.clip(radius_mm - across + 0.5, 0, 1)
    return np.where((along >= 0) & (along <= length_mm), inside, 0)


def spiculated(radius_mm: float = 7.0) -> np.ndarray:
    """A ball with fourteen thin radial rods."""
    at = places()
    rods = [rod(at, 1.0, direction, radius_mm + 5) for direction in SIX + EIGHT]
    return np.maximum.reduce([ball(at, radius_mm), *rods])


def lumpy() -> np.ndarray:
    """Balls in touch with one in the middle, with clefts between them."""
    at = places()
    lumps = [ball(at, 4.0, np.array(MIDDLE) + 8 * direction) for direction in SIX]
    return np.maximum.reduce([ball(at, 5.0), *lumps])


def field_of(
    rise: np.ndarray, outline: np.ndarray | None = None, others: np.ndarray | None = None
) -> LesionField:
    """Field of a rise on voxels of 1 mm; outlined at half of 1 unless told."""
    mask = rise >= 0.5 if outline is None else outline
    nothing = np.zeros(rise.shape, bool)
    found = lesion_field(rise, mask, nothing if others is None else others, STEP, EVEN)
    assert found is not None
    return found
