"""Chest wall and what lies behind it: muscles, ribs, sternum, lungs, heart, great vessels, liver.

Proportions are those of an adult thorax; numbers without a source are assumptions, set by eye
against real exams.
"""

import numba
import numpy as np

from mamri.simulation._tissue_table import Tissue
from mamri.simulation.body import Field
from mamri.simulation.gradient_noise import gradient_noise
from mamri.simulation.layers import Layers, Place, lay_over
from mamri.simulation.parenchyma import smooth_step

RIB_STEP_MM = 29.0  # from one rib to the next
CARTILAGE_MM = 92.0  # costal cartilage reaches this far from the midline

_FAT, _MUSCLE, _BONE = int(Tissue.FAT), int(Tissue.MUSCLE), int(Tissue.BONE)
_CARTILAGE, _MARROW, _LUNG = int(Tissue.CARTILAGE), int(Tissue.MARROW), int(Tissue.LUNG)
_BLOOD, _MYOCARDIUM, _LIVER = int(Tissue.BLOOD), int(Tissue.MYOCARDIUM), int(Tissue.LIVER)
_F_MUSCLE, _F_RIBCAGE, _F_PLEURA = int(Field.MUSCLE), int(Field.RIBCAGE), int(Field.PLEURA)
_F_HEART, _F_AORTA, _F_LIVER = int(Field.HEART), int(Field.AORTA), int(Field.LIVER)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def along_fibres(x: float, z: float) -> tuple[float, float]:
    """Place along and across the fibres of the pectoral muscle: from the sternum up and out, mm."""
    sign = -1.0 if x < 0 else 1.0
    return 0.8 * sign * x + 0.6 * z, -0.6 * sign * x + 0.8 * z


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _lay_muscle(
    layers: Layers,
    n: int,
    f: np.ndarray,
    at: Place,
    seed: int,
) -> int:
    """Pectoral and chest wall muscles with the fat between and within them."""
    x, y, z, vox = at.x, at.y, at.z, at.vox
    n = lay_over(layers, n, _MUSCLE, 0.5 - f[_F_MUSCLE] / vox)
    along, across = along_fibres(x, z)
    streak = gradient_noise(along / 42, across / 4.5, y / 4.5, seed + 11)
    n = lay_over(layers, n, _FAT, 0.45 * (1 - abs(streak - 0.25) / 0.05))
    thick = f[_F_RIBCAGE] - f[_F_MUSCLE]
    uneven = gradient_noise(x / 22, y / 22, z / 22, seed + 13)
    if thick > 9:  # between the greater and the lesser pectoral muscle
        n = lay_over(
            layers,
            n,
            _FAT,
            0.9 - abs(f[_F_RIBCAGE] - (0.42 + 0.1 * uneven) * thick) / (0.8 + 0.5 * vox),
        )
    plane = 1.1 + 0.9 * uneven + 0.02 * abs(x)
    n = lay_over(layers, n, _FAT, 0.5 + (plane - abs(f[_F_RIBCAGE])) / (1.5 * vox))
    if abs(x) > 105 and f[_F_RIBCAGE] > 1:  # bundles in the axillary fat
        bundle = gradient_noise(x / 34, y / 40, z / 80, seed + 14) + 0.12
        n = lay_over(
            layers,
            n,
            _FAT,
            smooth_step(abs(x), 105.0, 125.0) * smooth_step(bundle, -0.02, 0.08),
        )
    return n


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _lay_ribs(
    layers: Layers,
    n: int,
    f: np.ndarray,
    at: Place,
) -> int:
    """Ribs with cortex and marrow, their cartilage, the sternum."""
    x, y, z, vox = at.x, at.y, at.z, at.vox
    depth, beside = -f[_F_RIBCAGE], abs(x)
    along = z + 0.34 * beside - 0.16 * y
    along -= RIB_STEP_MM * np.floor(along / RIB_STEP_MM) + 0.5 * RIB_STEP_MM
    outline = np.sqrt(((depth - 6.5) / 5.2) ** 2 + (along / 7.5) ** 2)
    if beside > 20 and outline < 1.6:
        edge = (1 - outline) * 5.2
        # Cartilage reaches out further in the lower ribs.
        bony = smooth_step(beside - CARTILAGE_MM + 0.45 * z, -4.0, 4.0)
        n = lay_over(layers, n, _CARTILAGE, 0.8 * (0.5 + edge / vox))
        n = lay_over(layers, n, _BONE, 0.85 * bony * (0.5 + edge / vox))
        n = lay_over(layers, n, _MARROW, bony * (0.5 + (edge - 0.8) / vox))
    # The sternum is an oval plate, notched where the cartilages join.
    notch = 2.5 * np.cos(2 * np.pi * along / RIB_STEP_MM)
    plate = (np.sqrt((x / (18.0 + notch)) ** 2 + ((depth - 5.5) / 5.8) ** 2) - 1) * 6.0
    n = lay_over(layers, n, _BONE, 0.8 * (0.5 - plate / vox))
    return lay_over(layers, n, _MARROW, 0.5 - (plate + 0.9) / vox)


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def _lay_lung(
    layers: Layers,
    n: int,
    f: np.ndarray,
    at: Place,
    seed: int,
) -> int:
    """Lung with its vessels, mediastinal fat, heart, great vessels, liver."""
    x, y, z, vox = at.x, at.y, at.z, at.vox
    lung = min(1.0, max(0.0, 0.5 - f[_F_PLEURA] / vox))
    depth = -f[_F_PLEURA]
    n = lay_over(layers, n, _LUNG, lung)
    # Where two noise fields vanish together there runs a tube.
    a = gradient_noise(x / 26, y / 26, z / 26, seed + 15)
    b = gradient_noise(x / 26, y / 26, z / 26, seed + 16)
    tube = np.sqrt(a * a + b * b) * 22.0
    n = lay_over(layers, n, _BLOOD, lung * 0.6 * (0.5 + (1.1 - tube) / max(vox, 0.8)))
    uneven = gradient_noise(x / 30, y / 30, z / 30, seed + 27)
    between = abs(x - 6 - 6 * uneven) - 8 - 0.22 * max(0.0, depth - 10) - 5 * uneven
    n = lay_over(layers, n, _FAT, lung * (0.5 - between / 4))
    vessel = gradient_noise(x / 14, y / 14, z / 14, seed + 28)
    if between < 0:
        n = lay_over(layers, n, _MUSCLE, 0.8 * lung * smooth_step(vessel, 0.05, 0.25))
    n = lay_over(layers, n, _LIVER, lung * (0.5 - f[_F_LIVER] / vox))
    n = lay_over(layers, n, _FAT, 0.7 * lung * (0.5 - (f[_F_HEART] - 2.0) / vox))
    n = lay_over(layers, n, _MYOCARDIUM, lung * (0.5 - f[_F_HEART] / vox))
    wall = 4.0 + 5.5 * smooth_step(x, 12.0, 30.0)
    n = lay_over(layers, n, _BLOOD, lung * (0.5 - (f[_F_HEART] + wall) / vox))
    return lay_over(layers, n, _BLOOD, lung * (0.5 - f[_F_AORTA] / vox))


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def lay_chest(
    layers: Layers,
    n: int,
    f: np.ndarray,
    at: Place,
    seed: int,
) -> int:
    """Everything from the front of the muscles backwards.

    Parameters
    ----------
    layers, n : see `lay_over`
    f : (F,) float
        Body fields at the point, in the order of `Field`.
    at : Place
    seed : int

    Returns
    -------
    int
        How many layers are in use.
    """
    n = _lay_muscle(layers, n, f, at, seed)
    if f[_F_RIBCAGE] < 2:
        n = _lay_ribs(layers, n, f, at)
    if f[_F_PLEURA] < at.vox:
        n = _lay_lung(layers, n, f, at, seed)
    return n
