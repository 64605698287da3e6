"""Crops of findings as arrays that networks take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.normalization.standard_scale import (
    NyulScale,
    fit_nyul,
    nyul_standard,
    tissue_standard,
    z_score_standard,
)
from mamri.prediction.experiment import IntensityStandard
from mamri.records import InputError, IntensityLandmarks, Laterality, LesionCrop

SIZE = 40  # voxels a side
SPACING_MM = 1.5  # so 60 mm: assumption
CHANNELS = ("pre", "early", "late", "t2", "adc", "mask")
_PHASES = ("pre", "first_post", "late")
# Centre and spread of ADC for networks, 1e-3 mm2/s: between benign and malignant lesions.
_ADC = (1.3, 0.5)
_MOST = 20.0  # standardised values beyond are cut, as for other networks


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """Crops of many findings, on the grid of the networks and in the units of their exams.

    Parameters
    ----------
    images : mapping of str to (n, N, N, N) float16
        ``pre``, ``first_post``, ``late`` and ``t2`` as z-scores, ``adc`` in 1e-3 mm2/s.
    mask : (n, N, N, N) bool
    landmarks : tuple of IntensityLandmarks
        Of each finding's exam.
    """

    images: dict[str, np.ndarray]
    mask: np.ndarray
    landmarks: tuple[IntensityLandmarks, ...]

    def __len__(self) -> int:
        return len(self.mask)


def image_set(crops: Sequence[LesionCrop], channels: Sequence[str]) -> ImageSet:
    """Bring crops to the grid of the networks; left breasts are mirrored to look like right ones.

    Parameters
    ----------
    crops : sequence of LesionCrop
    channels : sequence of str
        Of `CHANNELS`.

    Returns
    -------
    ImageSet

    Raises
    ------
    InputError
        If a channel is unknown, or crops lack its image.
    """
    if unknown := sorted(set(channels) - set(CHANNELS)):
        raise InputError(f"channels are {', '.join(CHANNELS)}, got {', '.join(unknown)}")
    wanted = [*_PHASES, *(name for name in ("t2", "adc") if name in channels)]
    for name in wanted:
        lacking = sum(name not in crop.images for crop in crops)
        if lacking:
            raise InputError(
                f"{lacking} of {len(crops)} crops lack the image {name}; leave the channel out, "
                "or these cases"
            )
    shape = (len(crops), SIZE, SIZE, SIZE)
    images = {name: np.zeros(shape, np.float16) for name in wanted}
    mask = np.zeros(shape, bool)
    for n, crop in enumerate(crops):
        for name in wanted:
            images[name][n] = _placed(_z(crop, name), crop, order=1)
        mask[n] = _placed(crop.mask.astype(np.float32), crop, order=1) >= 0.5
    return ImageSet(images, mask, tuple(crop.landmarks["dynamic"] for crop in crops))


def fit_standard(
    images: ImageSet, rows: np.ndarray, standard: IntensityStandard
) -> NyulScale | None:
    """Learn what a standard scale needs from training cases; None where it needs nothing.

    Parameters
    ----------
    images : ImageSet
    rows : (k,) int
    standard : IntensityStandard
    """
    if standard is not IntensityStandard.NYUL:
        return None
    return fit_nyul([images.landmarks[row] for row in rows])


def network_inputs(
    images: ImageSet,
    rows: np.ndarray,
    channels: Sequence[str],
    standard: IntensityStandard,
    scale: NyulScale | None,
) -> np.ndarray:
    """Inputs of some cases.

    Parameters
    ----------
    images : ImageSet
    rows : (k,) int
    channels : sequence of str
    standard : IntensityStandard
    scale : NyulScale or None
        As `fit_standard` gives it.

    Returns
    -------
    (k, C, N, N, N) float32
        ``early`` is the first phase after contrast less the one before, ``late`` the last less the
        first after contrast, each after standardisation.
    """
    found = np.empty((len(rows), len(channels), SIZE, SIZE, SIZE), np.float32)
    for n, row in enumerate(rows):
        landmarks = images.landmarks[row]
        phases = {
            name: _standard(_raw(images.images[name][row], landmarks), landmarks, standard, scale)
            for name in _PHASES
        }
        ready = {
            "pre": phases["pre"],
            "early": phases["first_post"] - phases["pre"],
            "late": phases["late"] - phases["first_post"],
            "mask": images.mask[row].astype(np.float32),
        }
        if "t2" in channels:
            ready["t2"] = images.images["t2"][row].astype(np.float32)
        if "adc" in channels:
            ready["adc"] = (images.images["adc"][row].astype(np.float32) - _ADC[0]) / _ADC[1]
        for k, name in enumerate(channels):
            found[n, k] = np.clip(ready[name], -_MOST, _MOST)
    return found


def _standard(
    image: np.ndarray,
    landmarks: IntensityLandmarks,
    standard: IntensityStandard,
    scale: NyulScale | None,
) -> np.ndarray:
    if scale is not None:
        return nyul_standard(image, landmarks, scale)
    if standard is IntensityStandard.FIBROGLANDULAR:
        return tissue_standard(image, landmarks.fibroglandular)
    if standard is IntensityStandard.FAT:
        return tissue_standard(image, landmarks.fat)
    return z_score_standard(image, landmarks)


def _z(crop: LesionCrop, name: str) -> np.ndarray:
    """Image as z-scores of its exam; the map of the ADC as it is."""
    if name == "adc":
        return np.asarray(crop.images[name], np.float32)
    levels = crop.landmarks["t2" if name == "t2" else "dynamic"]
    return z_score_standard(crop.images[name], levels)


def _raw(image: np.ndarray, landmarks: IntensityLandmarks) -> np.ndarray:
    return image.astype(np.float32) * np.float32(landmarks.sd) + np.float32(landmarks.mean)


def _placed(image: np.ndarray, crop: LesionCrop, *, order: int) -> np.ndarray:
    """A cube on the grid of the networks, centre on centre."""
    step = SPACING_MM / crop.spacing_mm
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - step * (SIZE - 1) / 2
    placed = ndimage.affine_transform(
        image, np.full(3, step), offset, (SIZE,) * 3, order=order, mode="nearest"
    )
    return placed[:, :, ::-1] if crop.side is Laterality.LEFT else placed
