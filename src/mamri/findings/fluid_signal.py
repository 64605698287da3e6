"""Signal of findings and of what is around them on T2-weighted images.

Everything is measured on the grid of the T2 series and compared with fibroglandular tissue and fat
of the same breast, since T2-weighted signal has no scale of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.geometry import spacing_mm
from mamri.geometry.resample import Interpolation, resample_like
from mamri.records import Anatomy, LabelMap, Laterality, Volume

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class FluidSettings:
    """What is compared with what. All are assumptions.

    Parameters
    ----------
    ring_mm : (near, far), mm
        Distance from a finding of what is around it; the first millimetres hold its own edge,
        blurred by thick slices.
    fat_is_dark_below : float
        Fat at most this bright against fibroglandular tissue is dark enough to show water in it;
        above, the brightness that coils give what is near them looks like water.
    least_voxels : int
        Of fat, of fibroglandular tissue, of a ring and of a finding, to say anything.
    """

    ring_mm: tuple[float, float] = (3.0, 10.0)
    fat_is_dark_below: float = 0.6
    least_voxels: int = 8


@dataclass(frozen=True, slots=True)
class FluidSignal:
    """T2-weighted signal of one finding; NaN where it could not be measured.

    Parameters
    ----------
    finding_ratio : float
        Median of the finding over that of the fibroglandular tissue of its breast.
    fat_ratio : float
        Median of the fat of the breast over that of its fibroglandular tissue.
    wet_percent : float, %
        Share of the fat around the finding that is nearer to fibroglandular tissue, or brighter,
        than to the fat of the breast.
    breast_wet_percent : float, %
        The same of all fat of the breast but that around findings.
    fat_is_dark : bool or None
        Whether fat was suppressed; None where it could not be told.
    """

    finding_ratio: float = _NAN
    fat_ratio: float = _NAN
    wet_percent: float = _NAN
    breast_wet_percent: float = _NAN
    fat_is_dark: bool | None = None


DEFAULT_FLUID = FluidSettings()


def fluid_signals(
    t2: Volume, labels: LabelMap, anatomy: Anatomy, settings: FluidSettings = DEFAULT_FLUID
) -> Mapping[int, FluidSignal]:
    """Measure every finding on a T2-weighted image.

    Parameters
    ----------
    t2 : Volume, a.u.
        On any grid; the patient has not moved between it and the dynamic series.
    labels : LabelMap
        Value = finding id.
    anatomy : Anatomy
        On the grid of the labels.
    settings : FluidSettings

    Returns
    -------
    mapping of finding id to FluidSignal
    """
    numbers, breast, tissue, skin = (
        _on_grid_of(t2, np.asarray(mask, np.uint8 if mask.dtype == bool else mask.dtype), anatomy)
        for mask in (labels.array, anatomy.breast, anatomy.fibroglandular, anatomy.skin)
    )
    signal, width = np.asarray(t2.array, np.float32), spacing_mm(t2.affine)
    far = settings.ring_mm[1]
    elsewhere = ndimage.distance_transform_edt(numbers == 0, sampling=width) > far
    references = {
        side: _reference(signal, (breast == side) & (skin == 0), tissue > 0, elsewhere, settings)
        for side in Laterality
    }
    margins = [int(np.ceil(far / mm)) + 1 for mm in width]
    found: dict[int, FluidSignal] = {}
    for number, box in enumerate(ndimage.find_objects(numbers), start=1):
        if box is None:
            continue
        near = tuple(
            slice(max(0, part.start - margin), part.stop + margin)
            for part, margin in zip(box, margins, strict=True)
        )
        mask = numbers[near] == number
        counts = {side: np.count_nonzero(mask & (breast[near] == side)) for side in Laterality}
        side = max(counts, key=lambda s: counts[s])
        reference = references[side]
        if 2 * counts[side] <= np.count_nonzero(mask) or reference is None:
            continue
        fat = (breast[near] == side) & (skin[near] == 0) & (tissue[near] == 0)
        fat &= numbers[near] == 0
        found[number] = _measure(signal[near], mask, fat, reference, width, settings)
    return found


@dataclass(frozen=True, slots=True)
class _Reference:
    """Medians of fibroglandular tissue and fat of a breast, and the share of its bright fat."""

    tissue: float
    fat: float
    wet_percent: float


def _reference(
    signal: np.ndarray,
    own: np.ndarray,
    tissue: np.ndarray,
    elsewhere: np.ndarray,
    settings: FluidSettings,
) -> _Reference | None:
    """References of a breast, from what is not near a finding; None where there is too little."""
    own = own & elsewhere & np.isfinite(signal)
    glands, fat = signal[own & tissue], signal[own & ~tissue]
    if min(glands.size, fat.size) < settings.least_voxels or not np.median(glands) > 0:
        return None
    bright, dark = float(np.median(glands)), float(np.median(fat))
    return _Reference(bright, dark, 100 * float(np.mean(fat > (bright + dark) / 2)))


def _on_grid_of(t2: Volume, mask: np.ndarray, anatomy: Anatomy) -> np.ndarray:
    moved = resample_like(Volume(mask, anatomy.affine), t2, interpolation=Interpolation.NEAREST)
    return np.nan_to_num(np.asarray(moved.array)).astype(np.int32)


def _measure(
    signal: np.ndarray,
    mask: np.ndarray,
    fat: np.ndarray,
    reference: _Reference,
    width_mm: tuple[float, float, float],
    settings: FluidSettings,
) -> FluidSignal:
    near, far = settings.ring_mm
    seen = signal[mask & np.isfinite(signal)]
    if seen.size < settings.least_voxels:
        return FluidSignal()
    away = ndimage.distance_transform_edt(~mask, sampling=width_mm)
    ring = signal[fat & (away >= near) & (away <= far) & np.isfinite(signal)]
    bright, dark = reference.tissue, reference.fat
    wet = breast_wet = _NAN
    if ring.size >= settings.least_voxels and dark < bright:
        wet = 100 * float(np.mean(ring > (bright + dark) / 2))
        breast_wet = reference.wet_percent
    return FluidSignal(
        float(np.median(seen)) / bright, dark / bright, wet, breast_wet,
        dark < settings.fat_is_dark_below * bright,
    )  # fmt: skip
