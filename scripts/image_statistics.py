"""Numbers by which simulated and real breast images can be compared."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.geometry import spacing_mm, to_anatomical
from mamri.records import Exam, Volume
from mamri.segmentation import segment_anatomy

_PATCH = 32  # pixels of a patch for the power spectrum


@dataclass(frozen=True, slots=True)
class ImageStatistics:
    """One pre-contrast phase in numbers; intensities against the median of the breast.

    Parameters
    ----------
    p05, p25, p75, p95, p99 : float
        Percentiles of the breast.
    skewness : float
        Of the breast.
    noise : float
        Standard deviation of the complex noise, from the mode of air (0 where air is masked).
    chest : float
        Median of the 40 mm behind the breasts.
    gradient_p50, gradient_p90 : float, per mm
        Size of the gradient in the image plane.
    spectrum_slope : float
        Exponent of the power spectrum of breast patches, in the image plane, 0.1 to 0.4 per mm.
    fine_power : float
        Share of the power of these patches above 0.25 per mm.
    breast_ml, fgt_percent : float
        By the classical segmentation, of the breasts in the field of view.
    """

    p05: float
    p25: float
    p75: float
    p95: float
    p99: float
    skewness: float
    noise: float
    chest: float
    gradient_p50: float
    gradient_p90: float
    spectrum_slope: float
    fine_power: float
    breast_ml: float
    fgt_percent: float


def image_statistics(exam: Exam) -> ImageStatistics:
    """Statistics of the first phase of an exam."""
    plane_axis = int(np.argmax(spacing_mm(exam.dynamic.affine)))  # type: ignore[union-attr]
    stored = np.asarray(exam.dynamic.array[0], np.float32)  # type: ignore[union-attr]
    ordered = to_anatomical(exam).dynamic
    assert ordered is not None, "an exam to compare has a dynamic series"
    image = np.asarray(ordered.array[0], np.float32)
    steps = spacing_mm(ordered.affine)
    axis = int(np.argmax(steps))
    anatomy, _ = segment_anatomy(Volume(image, ordered.affine))
    breast = np.asarray(anatomy.breast) > 0
    gland = np.asarray(anatomy.fibroglandular) > 0
    inside = image[breast]
    middle = float(np.median(inside))
    levels = np.percentile(inside, [5, 25, 75, 95, 99]) / middle
    in_plane = [k for k in range(3) if k != axis]
    slopes = [np.gradient(image, steps[k], axis=k) for k in in_plane]
    steep = np.hypot(*slopes)[ndimage.binary_erosion(breast, iterations=2)] / middle
    slope, fine = _spectrum(image, breast, axis, steps[in_plane[0]])
    voxel_ml = float(np.prod(steps)) / 1000
    return ImageStatistics(
        *(float(v) for v in levels),
        skewness=float(np.mean((inside / middle - inside.mean() / middle) ** 3))
        / float(np.std(inside) / middle) ** 3,
        noise=_noise(stored, plane_axis) / middle,
        chest=_chest(image, breast, steps[1]) / middle,
        gradient_p50=float(np.percentile(steep, 50)),
        gradient_p90=float(np.percentile(steep, 90)),
        spectrum_slope=slope,
        fine_power=fine,
        breast_ml=float(breast.sum()) * voxel_ml,
        fgt_percent=100 * float((gland & breast).sum()) / float(breast.sum()),
    )


def _noise(stored: np.ndarray, axis: int) -> float:
    """Noise from the darkest corner blocks: mean of a Rayleigh distribution over 1.2533."""
    moved = np.moveaxis(stored, axis, 0)[:: max(1, stored.shape[axis] // 12)]
    corners = [
        moved[:, r : r + 24, c : c + 24]
        for r in (4, moved.shape[1] - 28)
        for c in (4, moved.shape[2] - 28)
    ]
    means = [float(block.mean()) for slices in corners for block in slices]
    return float(np.percentile(means, 25)) / 1.2533


def _chest(image: np.ndarray, breast: np.ndarray, step_mm: float) -> float:
    """Median signal just behind the breast."""
    behind = np.zeros_like(breast)
    last = breast.shape[1] - 1 - np.argmax(breast[:, ::-1], axis=1)
    present = breast.any(axis=1)
    reach = round(40 / step_mm)
    for s, c in np.argwhere(present):
        start = last[s, c] + 2
        behind[s, start : start + reach, c] = True
    return float(np.median(image[behind])) if behind.any() else 0.0


def _spectrum(
    image: np.ndarray, breast: np.ndarray, axis: int, step_mm: float
) -> tuple[float, float]:
    """Slope of the radial power spectrum of breast patches, and the share of its fine part."""
    volume, mask = np.moveaxis(image, axis, 0), np.moveaxis(breast, axis, 0)
    window = np.outer(np.hanning(_PATCH), np.hanning(_PATCH))
    power = np.zeros((_PATCH, _PATCH))
    for s in range(0, volume.shape[0], 2):
        for r in range(0, volume.shape[1] - _PATCH, _PATCH // 2):
            for c in range(0, volume.shape[2] - _PATCH, _PATCH // 2):
                if mask[s, r : r + _PATCH, c : c + _PATCH].mean() < 0.98:
                    continue
                patch = volume[s, r : r + _PATCH, c : c + _PATCH]
                patch = (patch / patch.mean() - 1) * window
                power += np.abs(np.fft.fft2(patch)) ** 2
    frequency = np.fft.fftfreq(_PATCH, step_mm)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    band = (radius > 0.1) & (radius < 0.4)
    if power.sum() == 0:
        return float("nan"), float("nan")
    slope = np.polyfit(np.log(radius[band]), np.log(power[band]), 1)[0]
    whole = power[(radius > 0.04) & (radius < 0.55)].sum()
    return float(slope), float(power[(radius > 0.25) & (radius < 0.55)].sum() / whole)
