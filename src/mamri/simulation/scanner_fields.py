"""Fields of the scanner in the patient: main field, flip angle, coil sensitivity.

They are smooth, and are made on a coarse grid of their own (steps of 6 mm).

References
----------
.. [1] Marques JP, Bowtell R. Application of a Fourier-based method for rapid calculation of field
   inhomogeneity due to spatial variation of magnetic susceptibility. Concepts Magn Reson B
   2005;25:65-78. doi:10.1002/cmr.b.20034 (the dipole kernel in k-space)
.. [2] Radiology 2013, PMID 23401582 (mean flip angle, left and right: 1.5 T -8.9 and +5.4 %, 3 T
   -13.7 and +2.7 %, 25 women)
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from scipy import ndimage

from mamri.records import Laterality
from mamri.simulation.body import COARSE_MM, Body, Field

STEP_MM = 6.0
TISSUE_PPM, AIR_PPM, LUNG_PPM = -9.05, 0.36, -2.3  # susceptibility; lung: a quarter tissue
_FAR_COILS = 0.12  # sensitivity that does not fall with depth (assumption)
# Part of the body's own field that pads and local shims leave: chosen so that 0.4 ppm remain in the
# breasts, and suppression fails about as often as in real exams (assumption).
_SUSCEPTIBILITY_LEFT = 0.55
_B1_SIDES = {1.5: (0.054, -0.089), 3.0: (0.027, -0.137)}  # right, left [2]


@dataclass(frozen=True, slots=True, eq=False)
class ScannerFields:
    """Coarse fields (Z, Y, X), 6 mm apart.

    Parameters
    ----------
    off_resonance_ppm : (Z, Y, X) float32, ppm
        Of water, after shimming on the breasts.
    flip_scale : (Z, Y, X) float32
        Flip angle against the nominal one.
    sensitivity : (Z, Y, X) float32
        Of the receive coil; 1 in the middle of the right breast.
    origin_mm : (3,) float, mm
        LPS position (x, y, z) of the first point.
    """

    off_resonance_ppm: np.ndarray
    flip_scale: np.ndarray
    sensitivity: np.ndarray
    origin_mm: np.ndarray

    def on_ticks(self, affine: np.ndarray, ticks: list[np.ndarray]) -> np.ndarray:
        """Off resonance, flip scale and sensitivity where index ticks cross, (s, r, c, 3)."""
        index = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1)
        points = index @ affine[:3, :3].T + affine[:3, 3]
        place = ((points - self.origin_mm) / STEP_MM)[..., ::-1]
        place = np.moveaxis(place, -1, 0)
        stack = (self.off_resonance_ppm, self.flip_scale, self.sensitivity)
        return np.stack(
            [ndimage.map_coordinates(v, place, order=1, mode="nearest") for v in stack], axis=-1
        ).astype(np.float32)


def make_fields(
    body: Body,
    field_strength_t: float,
    rng: np.random.Generator,
    *,
    shim_error_ppm: float = 0.25,
    side: Laterality | None = None,
) -> ScannerFields:
    """Fields of a scanner with a woman in it.

    Parameters
    ----------
    body : Body
    field_strength_t : float, T
    rng : numpy Generator
    shim_error_ppm : float, ppm
        Standard deviation of what a shim leaves besides the susceptibility of the body.
    side : Laterality or None
        The breast that is shimmed; None for both.
    """
    every = int(STEP_MM / COARSE_MM)
    coarse = body.fields[::every, ::every, ::every]
    shape = coarse.shape[:3]
    x0, y0, z0 = body.origin_mm
    z, y, x = np.meshgrid(
        z0 + STEP_MM * np.arange(shape[0]),
        y0 + STEP_MM * np.arange(shape[1]),
        x0 + STEP_MM * np.arange(shape[2]),
        indexing="ij",
    )
    in_breast = (coarse[..., Field.SKIN] < 0) & (coarse[..., Field.MUSCLE] > 0)
    in_breast &= coarse[..., Field.TERRITORY] < 1
    lean = np.tanh(x / 70.0)
    lean /= np.abs(lean[in_breast]).mean()  # so that each breast has its published mean
    if side is not None:
        in_breast &= (x < 0) == (side is Laterality.RIGHT)
    uneven = ndimage.gaussian_filter(rng.standard_normal(shape), 7.0)
    uneven *= shim_error_ppm / uneven.std()
    off = _SUSCEPTIBILITY_LEFT * _susceptibility_field(coarse) + uneven
    off -= _shim(off, in_breast, (x, y, z))
    right, left = _B1_SIDES[1.5 if field_strength_t < 2 else 3.0]
    tilt = 0.5 * (left - right) * lean + 0.5 * (left + right)
    blob = ndimage.gaussian_filter(rng.standard_normal(shape), 9.0)
    flip = 1 + tilt + blob * (0.015 * field_strength_t / blob.std())
    points = np.stack([x, y, z], axis=-1)
    return ScannerFields(
        off.astype(np.float32),
        np.clip(flip, 0.5, 1.3).astype(np.float32),
        _coil_sensitivity(body, points).astype(np.float32),
        body.origin_mm,
    )


def _susceptibility_field(coarse: np.ndarray) -> np.ndarray:
    """Field that the body's own susceptibility makes, ppm, main field along z [1]."""
    chi = np.full_like(coarse[..., 0], AIR_PPM, dtype=float)
    inside = np.clip(0.5 - coarse[..., Field.SKIN] / STEP_MM, 0, 1)
    chi += inside * (TISSUE_PPM - AIR_PPM)
    solid = np.minimum(coarse[..., Field.HEART], coarse[..., Field.LIVER])
    lung = np.clip(0.5 - coarse[..., Field.PLEURA] / STEP_MM, 0, 1)
    chi += lung * np.clip(0.5 + solid / STEP_MM, 0, 1) * (LUNG_PPM - TISSUE_PPM)
    return dipole_field(chi)


def dipole_field(chi: np.ndarray) -> np.ndarray:
    """Field of a distribution of susceptibility in a main field along axis 0 [1].

    Parameters
    ----------
    chi : (Z, Y, X) float, ppm
        Taken to go on at its faces beyond the box.

    Returns
    -------
    (Z, Y, X) float, ppm
        Change of the field, with the sphere of Lorentz taken out.
    """
    before = [n // 2 for n in chi.shape]
    padded = np.pad(chi, [(n, n) for n in before], mode="edge")
    k = np.meshgrid(
        scipy.fft.fftfreq(padded.shape[0]),
        scipy.fft.fftfreq(padded.shape[1]),
        scipy.fft.rfftfreq(padded.shape[2]),
        indexing="ij",
    )
    square = k[0] ** 2 + k[1] ** 2 + k[2] ** 2
    square[0, 0, 0] = 1.0
    kernel = 1 / 3 - k[0] ** 2 / square
    kernel[0, 0, 0] = 0.0
    field = scipy.fft.irfftn(scipy.fft.rfftn(padded) * kernel, s=padded.shape)
    z, y, x = (slice(n, n + m) for n, m in zip(before, chi.shape, strict=True))
    return np.asarray(field[z, y, x])


def _shim(values: np.ndarray, mask: np.ndarray, axes: tuple[np.ndarray, ...]) -> np.ndarray:
    """What a second-order shim takes away, fitted within the mask.

    Beyond the mask the correction goes on as at its edges: real shims are less wild there than the
    polynomial (assumption).
    """
    x, y, z = (np.clip(v, v[mask].min(), v[mask].max()) / 100.0 for v in axes)
    terms = (np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, y * z, x * z)
    design = np.stack(terms, axis=-1)
    inside = design[mask]
    weights = np.linalg.solve(inside.T @ inside, inside.T @ values[mask])
    return np.asarray(design @ weights)


def _coil_sensitivity(body: Body, points_mm: np.ndarray) -> np.ndarray:
    """Root sum of squares of loop coils around each breast; (..., 3) mm LPS to (...)."""
    elements: list[tuple[float, float, float]] = []
    for breast in body.breasts:
        x, y, z = breast.centre_mm
        ahead = y - 0.55 * breast.length_mm
        beside = breast.half_width_mm + 28
        elements += [(x - beside, ahead, z), (x + beside, ahead, z)]
        elements += [(x, y - breast.length_mm - 45, z)]
        elements += [(x, ahead + 20, z - 80), (x, ahead + 10, z + 100)]

    def response(points: np.ndarray) -> np.ndarray:
        total = np.zeros(points.shape[:-1])
        for element in elements:
            away2 = ((points - np.array(element)) ** 2).sum(axis=-1)
            # On-axis field of a loop of 55 mm radius falls as (1 + d2/r2)^(-3/2).
            total += (1 + away2 / 55.0**2) ** -3
        return np.sqrt(total + _FAR_COILS**2)

    breast = body.breasts[0]
    middle = np.array(breast.centre_mm) - (0, 0.45 * breast.length_mm, 0)
    return np.asarray(response(points_mm) / response(middle))
