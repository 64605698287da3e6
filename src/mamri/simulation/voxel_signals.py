"""Signals and parameters of chosen voxels straight from the tables, at an even coil and flip angle.

The slow, plain counterpart of `synthesis`, for truth and tests.
"""

import numpy as np

from mamri.simulation._tissue_table import Tissue
from mamri.simulation.mixture import NEUTRAL, TissueMixture
from mamri.simulation.signal_tables import FLIP_SCALES, UPTAKE_STEPS, CodeProperties


def _rows(mixture: TissueMixture, code: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Stored uptake: lesions and fibroglandular tissue vary, others stand at their table value."""
    varies = (code == Tissue.FIBROGLANDULAR) | (code >= Tissue.LESION)
    return np.where(varies, np.minimum(mixture.uptake[where], UPTAKE_STEPS - 1), NEUTRAL)


def voxel_signals(
    mixture: TissueMixture, where: np.ndarray, tables: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Water and fat signal of chosen voxels at the nominal flip angle.

    Parameters
    ----------
    mixture : TissueMixture
    where : (S, R, C) bool
    tables : (water, fat)
        From `signal_tables`.

    Returns
    -------
    water, fat : (N,) float, a.u.
    """
    nominal = int(np.argmin(np.abs(FLIP_SCALES - 1)))
    share = mixture.share[where] / 255.0
    water, fat = np.zeros(share.shape), np.zeros(share.shape)
    for n, part in ((0, share), (1, 1 - share)):
        code = mixture.tissues[n][where]
        row = _rows(mixture, code, where)
        for table, total in zip(tables, (water, fat), strict=True):
            total += part * table[code, row, nominal]
    grain = mixture.grain[where] / NEUTRAL
    return water * grain, fat * grain


PARAMETERS = ("ktrans_per_min", "ve", "vp", "t1_ms", "t2_ms", "adc")


def parameter_maps(
    mixture: TissueMixture, codes: list[CodeProperties], field_strength_t: float
) -> dict[str, np.ndarray]:
    """True parameters of each voxel: those of its tissues, weighted by their shares.

    Ktrans, ve and vp are those times the relative uptake. A mixed voxel has no single true value:
    its signal is the sum of two tissues'; the weighted mean stands for it.

    Parameters
    ----------
    mixture : TissueMixture
    codes : list of CodeProperties
    field_strength_t : float, T

    Returns
    -------
    mapping of str to (S, R, C) float32
        Keys of `PARAMETERS`; per minute, fractions, ms, 1e-3 mm2/s; 0 in air.
    """
    at = 0 if field_strength_t < 2 else 1
    share = mixture.share / np.float32(255.0)
    everywhere = np.ones(mixture.shape, bool)
    maps = {}
    for name in PARAMETERS:
        values = np.zeros(256, np.float32)
        for number, known in enumerate(codes):
            value = getattr(known.tissue, name)
            values[number] = value[at] if isinstance(value, tuple) else value
        values[0] = 0.0
        total = np.zeros(mixture.shape, np.float32)
        for n, part in ((0, share), (1, 1 - share)):
            code = np.asarray(mixture.tissues[n])
            own = values[code]
            if name in ("ktrans_per_min", "ve", "vp"):
                row = _rows(mixture, code.ravel(), everywhere).reshape(code.shape)
                own = own * row.astype(np.float32) / NEUTRAL
            total += part * own
        maps[name] = total.astype(np.float32)
    return maps
