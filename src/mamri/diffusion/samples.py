"""Which samples of a diffusion-weighted voxel can be fitted, and how much each one counts.

b-values are in s/mm2 outside this package and in ms/um2 (thousandths of that) inside the fits, so
that diffusion coefficients come out in 1e-3 mm2/s (um2/ms).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mamri.records import GeometryError, InputError

PER_MS_UM2 = 1e-3  # s/mm2 to ms/um2
_SLAB_VOXELS = 32_768  # their float32 samples stay within the second-level cache


class FitWeights(StrEnum):
    """How much a sample counts in a fit to the logarithm of the signal.

    Noise that is the same in every image is larger in the logarithm of a weak signal: its variance
    there is that of the noise over the square of the signal [1]_.

    References
    ----------
    .. [1] Salvador R, Peña A, Menon DK et al. Formal characterization and extension of the
       linearized diffusion tensor model. Human Brain Mapping 2005;24:144-155.
       doi:10.1002/hbm.20076
    """

    UNIFORM = "uniform"
    SIGNAL_SQUARED = "signal_squared"


@dataclass(frozen=True, slots=True, eq=False)
class VoxelSamples:
    """Signals that were found fit to be fitted, voxel by voxel.

    Parameters
    ----------
    signals : (B, V) real, a.u.
        All images, one column a voxel.
    rows : (R,) int
        Images to use, in order of increasing b-value.
    b : (R,) float, ms/um2
        Their b-values.
    shape : tuple of int
        Of the maps: that of one image.
    voxels : (N,) int or None
        Columns to fit; None for all.
    noise_floor : float, a.u.
        Samples at or below it are not used.
    """

    signals: np.ndarray
    rows: np.ndarray
    b: np.ndarray
    shape: tuple[int, ...]
    voxels: np.ndarray | None
    noise_floor: float

    def slabs(self) -> Iterator[tuple[slice | np.ndarray, np.ndarray]]:
        """Voxels and their (R, n) float32 samples, a cache full at a time."""
        total = self.signals.shape[1] if self.voxels is None else self.voxels.size
        for start in range(0, total, _SLAB_VOXELS):
            stop = min(start + _SLAB_VOXELS, total)
            with np.errstate(over="ignore", invalid="ignore"):
                if self.voxels is None:
                    where: slice | np.ndarray = slice(start, stop)
                    chosen = self.signals[self.rows, where]
                else:
                    where = self.voxels[start:stop]
                    chosen = self.signals[self.rows[:, None], where]
                # One contiguous dtype: a compiled loop is made once, whatever the storage type.
                yield where, np.ascontiguousarray(chosen, np.float32)

    def empty_map(self, fill: float = np.nan, dtype: type = np.float32) -> np.ndarray:
        """One value for every voxel, (V,), to be written into."""
        return np.full(self.signals.shape[1], fill, dtype)


def voxel_samples(
    signals: np.ndarray,
    b_values: np.ndarray,
    *,
    noise_floor: float,
    min_b: float = 0.0,
    min_distinct: int,
    mask: np.ndarray | None = None,
) -> VoxelSamples:
    """Check signals and b-values against each other and choose the images to fit.

    Parameters
    ----------
    signals : (B, ...) real, a.u.
    b_values : (B,) float, s/mm2
        In any order; repeats are allowed.
    noise_floor : float, a.u.
    min_b : float, s/mm2
        Images below this b-value are left out.
    min_distinct : int
        Different b-values that the model needs.
    mask : (...) bool, optional
        Voxels to fit.

    Returns
    -------
    VoxelSamples

    Raises
    ------
    GeometryError
        If the number of b-values is not that of the images, or the mask is on another grid.
    InputError
        If a b-value, the noise floor or the least b-value is negative or not finite, or too few
        different b-values are left.
    """
    signals = np.asarray(signals)
    b_values = np.asarray(b_values, np.float64)
    if signals.ndim < 1 or b_values.shape != signals.shape[:1]:
        raise GeometryError(
            f"every image needs one b-value, got signals of shape {signals.shape} and b-values of "
            f"shape {b_values.shape}; stack the images along the first axis"
        )
    for name, value in (("a noise floor", noise_floor), ("a least b-value", min_b)):
        if not (math.isfinite(value) and value >= 0):
            raise InputError(f"{name} must be finite and at least 0, got {value}; give 0 for none")
    if not (np.isfinite(b_values).all() and (b_values >= 0).all()):
        raise InputError(
            f"b-values must be finite and at least 0 s/mm2, got {b_values.tolist()}; "
            "leave out images without a b-value"
        )
    if mask is not None and np.shape(mask) != signals.shape[1:]:
        raise GeometryError(
            f"a mask must be on the grid of the images, {signals.shape[1:]}, got {np.shape(mask)}; "
            "resample it first with geometry.resample_like()"
        )
    order = np.argsort(b_values, kind="stable")
    rows = order[b_values[order] >= min_b]
    if np.unique(b_values[rows]).size < min_distinct:
        raise InputError(
            f"the fit needs {min_distinct} different b-values of at least {min_b:g} s/mm2, got "
            f"{b_values.tolist()}; acquire more b-values or choose a simpler model"
        )
    return VoxelSamples(
        signals=signals.reshape(signals.shape[0], -1),
        rows=rows,
        b=b_values[rows] * PER_MS_UM2,
        shape=signals.shape[1:],
        voxels=None if mask is None else np.flatnonzero(np.asarray(mask, bool)),
        noise_floor=float(np.float32(min(noise_floor, 3e38))),  # as samples are: exact at equality
    )
