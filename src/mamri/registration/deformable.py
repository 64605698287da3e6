"""Smooth local motion of the breast between two phases."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from mamri.registration.bspline import bspline_taps
from mamri.registration.elastix import run_elastix


@dataclass(frozen=True, slots=True, eq=False)
class FreeFormMotion:
    """Cubic B-spline displacement on a lattice in mm.

    Parameters
    ----------
    coefficients : (3, s, r, c) float, mm
        Displacement along slice, row and column.
    origin, spacing : (slice, row, column) float, mm
        Position of lattice point (0, 0, 0) and distance between points.
    """

    coefficients: np.ndarray
    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]

    def on_lattice(self, axes: Sequence[np.ndarray]) -> np.ndarray:
        """Displacement, (3, n_s, n_r, n_c) mm, at the lattice of three position vectors in mm.

        Beyond the lattice the displacement of its border continues.
        """
        out = self.coefficients
        for axis, (x, o, h) in enumerate(zip(axes, self.origin, self.spacing, strict=True), 1):
            positions = (np.asarray(x, float) - o) / h
            first, weights = bspline_taps(positions, out.shape[axis])
            out = sum(
                np.take(out, first + tap, axis=axis)
                * weights[:, tap].reshape(-1, *(1,) * (3 - axis))
                for tap in range(4)
            )
        return out


def find_free_form_motion(
    fixed: sitk.Image,
    moving: sitk.Image,
    mask: sitk.Image,
    *,
    grid_spacing_mm: float,
    iterations: int,
    samples: int,
    threads: int,
) -> FreeFormMotion:
    """Free-form deformation [1]_ by mutual information and stochastic gradient descent.

    Parameters
    ----------
    fixed, moving : image, float32
        On the working grid, see `grid_image`; rigid motion already taken out of ``moving``.
    mask : image, uint8
        Where similarity is measured.
    grid_spacing_mm : float, mm
        Distance between control points at the last of three resolutions.
    iterations : int
        For each resolution.
    samples : int
        Random positions at which each iteration compares the images.
    threads : int

    Returns
    -------
    FreeFormMotion

    Raises
    ------
    RegistrationError
        If elastix gives up.

    References
    ----------
    .. [1] Rueckert D et al. Nonrigid registration using free-form deformations: application to
       breast MR images. IEEE Trans Med Imaging 1999;18:712-721. doi:10.1109/42.796284
    """
    result = run_elastix(
        fixed,
        moving,
        mask,
        threads=threads,
        parameters={
            "Transform": "BSplineTransform",
            "NumberOfResolutions": "3",
            "MaximumNumberOfIterations": str(iterations),
            "NumberOfSpatialSamples": str(samples),
            "FinalGridSpacingInPhysicalUnits": str(grid_spacing_mm),
        },
    )

    def triple(key: str) -> tuple[float, float, float]:
        c, r, s = (float(value) for value in result[key])
        return s, r, c

    shape = tuple(int(value) for value in triple("GridSize"))
    values = np.array(result["TransformParameters"], float).reshape(3, *shape)
    return FreeFormMotion(values[::-1].copy(), triple("GridOrigin"), triple("GridSpacing"))
