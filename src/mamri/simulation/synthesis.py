"""From a tissue mixture and signal tables to a noise-free image."""

import numba
import numpy as np

from mamri.simulation._tissue_table import Tissue
from mamri.simulation.mixture import NEUTRAL, TissueMixture
from mamri.simulation.scanner_fields import ScannerFields
from mamri.simulation.sequences import FatHandling

PPM_FAT = -3.4  # chemical shift of the main fat peak against water, ppm
PROTON_HZ_PER_T = 42.577e6
_TICK_VOXELS = 6
_FAILED_FAT = 0.55  # share of fat left where suppression fails: some is still hit (assumption)
_FLIP_LOW, _FLIP_STEP = 0.5, 0.1
_GLAND, _LESION = int(Tissue.FIBROGLANDULAR), int(Tissue.LESION)


@numba.njit(cache=True, parallel=True)  # type: ignore[misc, unused-ignore]
def _synthesize(
    tissues: np.ndarray,
    share: np.ndarray,
    uptake: np.ndarray,
    grain: np.ndarray,
    water_table: np.ndarray,
    fat_table: np.ndarray,
    coarse: np.ndarray,
    scale: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill an image; ``coarse`` holds sensitivity, flip scale, water gain, fat gain, fat phase."""
    n_s, n_r, n_c = share.shape
    n_flip, n_up = water_table.shape[2], water_table.shape[1]
    for s in numba.prange(n_s):
        local = np.empty(5)
        for r in range(n_r):
            for c in range(n_c):
                a = tissues[0, s, r, c]
                b = tissues[1, s, r, c]
                if a == 0 and b == 0:
                    out[s, r, c] = 0.0
                    continue
                ps, pr, pc = s * scale[0], r * scale[1], c * scale[2]
                i0 = min(int(ps), coarse.shape[0] - 2)
                j0 = min(int(pr), coarse.shape[1] - 2)
                k0 = min(int(pc), coarse.shape[2] - 2)
                fs, fr, fc = ps - i0, pr - j0, pc - k0
                local[:] = 0.0
                for i in range(2):
                    wi = fs if i == 1 else 1 - fs
                    for j in range(2):
                        wj = wi * (fr if j == 1 else 1 - fr)
                        for k in range(2):
                            w = wj * (fc if k == 1 else 1 - fc)
                            for f in range(5):
                                local[f] += w * coarse[i0 + i, j0 + j, k0 + k, f]
                flip = (local[1] - _FLIP_LOW) / _FLIP_STEP
                fi = min(max(int(flip), 0), n_flip - 2)
                ff = min(max(flip - fi, 0.0), 1.0)
                row = min(uptake[s, r, c], n_up - 1)
                share_a = share[s, r, c] / 255.0
                water, fat = 0.0, 0.0
                for n in range(2):
                    code, part = (a, share_a) if n == 0 else (b, 1 - share_a)
                    if part <= 0 or code == 0:
                        continue
                    # Only gland and lesions vary in uptake; others stand at 1.
                    u = row if (code == _GLAND or code >= _LESION) else NEUTRAL
                    water += part * (
                        (1 - ff) * water_table[code, u, fi] + ff * water_table[code, u, fi + 1]
                    )
                    fat += part * (
                        (1 - ff) * fat_table[code, u, fi] + ff * fat_table[code, u, fi + 1]
                    )
                water *= local[2]
                fat *= local[3]
                both = water * water + fat * fat + 2 * water * fat * local[4]
                out[s, r, c] = np.sqrt(max(both, 0.0)) * local[0] * grain[s, r, c] / NEUTRAL


def coarse_ticks(shape: tuple[int, int, int]) -> tuple[list[np.ndarray], np.ndarray]:
    """Index ticks about six voxels apart along each axis, and ticks per voxel."""
    counts = [max(2, int(np.ceil(n / _TICK_VOXELS)) + 1) for n in shape]
    ticks = [np.linspace(0, max(n - 1, 1), m) for n, m in zip(shape, counts, strict=True)]
    scale = np.array([(m - 1) / max(n - 1, 1) for n, m in zip(shape, counts, strict=True)])
    return ticks, scale


def fat_suppression(
    off_ppm: np.ndarray, *, residual: float, half_ppm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Share of water and of fat that spectral fat suppression leaves.

    Fat returns where the field is off by ``half_ppm`` and more; where it is off by as much as the
    chemical shift, water is suppressed instead. The shape of the transition is an assumption.

    Parameters
    ----------
    off_ppm : array of float, ppm
    residual : float
        Share of fat left on resonance.
    half_ppm : float, ppm

    Returns
    -------
    water, fat : arrays of float, 0 to 1
    """
    width = 0.15 * half_ppm
    failed = 1 / (1 + np.exp(-(np.abs(off_ppm) - half_ppm) / width))
    # Where water sits at the frequency of the suppression pulse.
    hit = np.exp(-(((off_ppm - PPM_FAT) / (0.8 * half_ppm)) ** 2))
    return 1 - 0.92 * hit, residual + (_FAILED_FAT - residual) * failed


def gains(
    off_ppm: np.ndarray,
    fat: FatHandling,
    *,
    te_ms: float,
    field_strength_t: float,
    residual: float,
    half_ppm: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Water gain, fat gain and cosine of the phase between them, by off resonance."""
    one = np.ones_like(off_ppm)
    shift_hz = PPM_FAT * 1e-6 * PROTON_HZ_PER_T * field_strength_t
    phase = np.cos(2 * np.pi * shift_hz * te_ms / 1000.0) * one
    if fat is FatHandling.SUPPRESSED:
        water, left = fat_suppression(off_ppm, residual=residual, half_ppm=half_ppm)
        # What is left of fat has no single frequency: it adds in quadrature (assumption).
        return water, left, 0 * phase
    return one, one, phase


def synthesize(
    mixture: TissueMixture,
    tables: tuple[np.ndarray, np.ndarray],
    fields: ScannerFields,
    *,
    water_fat_phase: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    sensitivity_power: float = 1.0,
    flip: bool = True,
) -> np.ndarray:
    """Noise-free image of a mixture.

    Parameters
    ----------
    mixture : TissueMixture
    tables : (water, fat)
        From `signal_tables`.
    fields : ScannerFields
    water_fat_phase : three arrays on the ticks of `coarse_ticks`, or None
        From `gains`; None for all water and all fat, in phase.
    sensitivity_power : float
        1 for the coil as it is, 0 for an even one.
    flip : bool
        Whether the flip angle varies in space.

    Returns
    -------
    (S, R, C) float32, a.u.
    """
    ticks, scale = coarse_ticks(mixture.shape)
    local = fields.on_ticks(mixture.affine, ticks)
    one = np.ones_like(local[..., 0])
    water, fat, phase = water_fat_phase or (one, one, one)
    flip_scale = local[..., 1] if flip else one
    stack = (local[..., 2] ** sensitivity_power, flip_scale, water, fat, phase)
    coarse = np.ascontiguousarray(np.stack(stack, axis=-1), np.float64)
    out = np.empty(mixture.shape, np.float32)
    _synthesize(
        np.asarray(mixture.tissues),
        np.asarray(mixture.share),
        np.asarray(mixture.uptake),
        np.asarray(mixture.grain),
        *tables,
        coarse,
        scale,
        out,
    )
    return out
