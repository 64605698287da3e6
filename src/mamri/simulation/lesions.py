"""Masses: where they lie, their outline, their kinetics."""

from dataclasses import dataclass

import numba
import numpy as np

from mamri.records import DelayedPhase, Laterality
from mamri.simulation.body import Body
from mamri.simulation.gradient_noise import gradient_noise
from mamri.simulation.settings import LesionShape, LesionSpec

MAX_SPICULES = 22


@dataclass(frozen=True, slots=True)
class LesionKinetics:
    """Extended Tofts parameters of a mass.

    Parameters
    ----------
    ktrans_per_min : float, per minute
    ve, vp : float, volume fraction
    """

    ktrans_per_min: float
    ve: float
    vp: float

    @property
    def kep_per_min(self) -> float:
        """Rate from tissue back to plasma, per minute."""
        return self.ktrans_per_min / self.ve


# Chosen so that the noise-free signal changes by about +18 %, 0 % and -22 % from about 140 s to the
# last phase of the presets. Ktrans and kep lie within the spread published for benign and
# malignant masses; the choice of one value for each curve is an assumption.
CURVE_KINETICS: dict[DelayedPhase, LesionKinetics] = {
    DelayedPhase.PERSISTENT: LesionKinetics(0.060, 0.85, 0.0),
    DelayedPhase.PLATEAU: LesionKinetics(0.13, 0.45, 0.01),
    DelayedPhase.WASHOUT: LesionKinetics(0.45, 0.32, 0.05),
}


@dataclass(frozen=True, slots=True, eq=False)
class PlacedLesion:
    """A mass with its place and outline.

    Parameters
    ----------
    spec : LesionSpec
    centre_mm : (3,) float, mm LPS
    radii_mm : (3,) float, mm
        Half axes of the body of the mass.
    axes : (3, 3) float
        Rows are the directions of the half axes.
    spicules : (22, 4) float
        Direction (x, y, z) and length as a share of the radius; unused rows are 0.
    kinetics : LesionKinetics
    noise_seed : int
    """

    spec: LesionSpec
    centre_mm: np.ndarray
    radii_mm: np.ndarray
    axes: np.ndarray
    spicules: np.ndarray
    kinetics: LesionKinetics
    noise_seed: int


# Outline roughness (share of the radius), spicule length (share of the radius), number of spicules,
# relative half axes, uptake of the centre against the rim. Assumptions after BI-RADS descriptors.
_OUTLINE: dict[LesionShape, tuple[float, float, int, tuple[float, float, float], float]] = {
    LesionShape.OVAL: (0.03, 0.0, 0, (1.22, 0.92, 0.90), 1.0),
    LesionShape.IRREGULAR: (0.28, 0.25, 6, (1.15, 0.95, 0.92), 0.9),
    LesionShape.SPICULATED: (0.22, 0.75, MAX_SPICULES, (1.08, 1.0, 0.93), 0.85),
    LesionShape.RIM: (0.12, 0.0, 0, (1.05, 1.0, 0.95), 0.45),
}


def place_lesion(body: Body, spec: LesionSpec, rng: np.random.Generator) -> PlacedLesion:
    """Put a mass into the breast at the place the specification names."""
    breast = next(b for b in body.breasts if b.side is spec.side)
    sign = -1 if spec.side is Laterality.RIGHT else 1
    narrow = np.sqrt(max(0.05, 1 - spec.forward**2))
    vertical = breast.upper_mm if spec.up > 0 else breast.lower_mm
    offset = np.array(
        [
            sign * spec.lateral * breast.half_width_mm * narrow + breast.lean_mm * spec.forward,
            -spec.forward * breast.length_mm,
            spec.up * vertical * narrow,
        ]
    )
    centre = np.array(breast.centre_mm) + offset
    _, spicule_length, n_spicules, relative, _ = _OUTLINE[spec.shape]
    axes, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    spicules = np.zeros((MAX_SPICULES, 4))
    directions = rng.standard_normal((n_spicules, 3))
    spicules[:n_spicules, :3] = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    spicules[:n_spicules, 3] = spicule_length * rng.uniform(0.5, 1.2, n_spicules)
    return PlacedLesion(
        spec=spec,
        centre_mm=centre,
        radii_mm=spec.diameter_mm / 2 * np.array(relative),
        axes=axes,
        spicules=spicules,
        kinetics=CURVE_KINETICS[spec.curve],
        noise_seed=int(rng.integers(1, 2**20)),
    )


def lesion_table(lesions: tuple[PlacedLesion, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the lesions for the renderer.

    Returns
    -------
    rows : (L, 20) float
        Centre 0:3, radii 3:6, axes 6:15, roughness 15, uptake of the centre 16, noise seed 17,
        bounding radius 18.
    spicules : (L, 22, 4) float
    """
    rows = np.zeros((len(lesions), 20))
    spicules = np.zeros((len(lesions), MAX_SPICULES, 4))
    for n, lesion in enumerate(lesions):
        roughness, length, _, _, core = _OUTLINE[lesion.spec.shape]
        rows[n, 0:3], rows[n, 3:6] = lesion.centre_mm, lesion.radii_mm
        rows[n, 6:15] = lesion.axes.ravel()
        rows[n, 15:19] = (
            roughness,
            core,
            lesion.noise_seed,
            lesion.radii_mm.max() * (1 + roughness + 1.3 * length) + 3,
        )
        spicules[n] = lesion.spicules
    return rows, spicules


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def lesion_at(
    row: np.ndarray, spicules: np.ndarray, x: float, y: float, z: float, voxel_mm: float
) -> tuple[float, float]:
    """Share of a lesion at a point and its relative uptake there.

    Parameters
    ----------
    row : (20,) float
        One row of `lesion_table`.
    spicules : (22, 4) float
    x, y, z : float, mm LPS
    voxel_mm : float, mm
        Width over which the edge goes from full to empty.

    Returns
    -------
    share : float, 0 to 1
    uptake : float
        Multiplies Ktrans, ve and vp; about 1.
    """
    dx, dy, dz = x - row[0], y - row[1], z - row[2]
    away = np.sqrt(dx * dx + dy * dy + dz * dz)
    if away > row[18]:
        return 0.0, 1.0
    ux, uy, uz = (dx / away, dy / away, dz / away) if away > 1e-6 else (1.0, 0.0, 0.0)
    inverse = 0.0
    for k in range(3):
        along = row[6 + 3 * k] * ux + row[7 + 3 * k] * uy + row[8 + 3 * k] * uz
        inverse += (along / row[3 + k]) ** 2
    radius = 1.0 / np.sqrt(inverse)
    seed = int(row[17])
    rough = gradient_noise(1.6 * ux + 9.1, 1.6 * uy + 3.7, 1.6 * uz, seed)
    rough += 0.5 * gradient_noise(3.7 * ux, 3.7 * uy + 5.3, 3.7 * uz + 1.9, seed + 1)
    outline = radius * (1 + row[15] * 1.4 * rough)
    for n in range(spicules.shape[0]):
        if spicules[n, 3] > 0:
            cosine = ux * spicules[n, 0] + uy * spicules[n, 1] + uz * spicules[n, 2]
            if cosine > 0.8:
                outline += radius * spicules[n, 3] * np.exp((cosine - 1) / 0.012)
    share = min(1.0, max(0.0, 0.5 + (outline - away) / voxel_mm))
    texture = gradient_noise(x / 3.5, y / 3.5, z / 3.5, seed + 2)
    inner = min(1.0, max(0.0, (away / outline - 0.45) / 0.25))
    uptake = (row[16] + (1 - row[16]) * inner) * (1 + 0.15 * texture)
    return share, uptake
