"""Body against air.

Air in a magnitude image is not zero: it holds Rician noise, ghosts and the glow of the coils, and
parts of it may have been blanked by the scanner. Tissue at the far end of a surface coil is hardly
brighter. The threshold is therefore taken from the noise itself, on an image averaged enough to
make the noise narrow.
"""

from dataclasses import dataclass

import numba
import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

# Certain tissue against certain air, ratio of smoothed intensities (assumption).
CERTAIN_TISSUE = 1.5
# Haze is fainter than this share of the usual brightness behind the skin. The skin begins at the
# given share of the first peak, which ends where the signal dips or after so many voxels
# (assumptions).
HAZE_SHARE, SKIN_SHARE, PEAK_DIP, PEAK_REACH = 0.13, 0.35, 0.85, 14


@dataclass(frozen=True, slots=True)
class AirLevel:
    """Noise of a smoothed magnitude image.

    Parameters
    ----------
    mean : float, a.u.
        Most frequent level of air; 0 where the background is blank.
    limit : float, a.u.
        Level above which a smoothed voxel is not air.
    """

    mean: float
    limit: float


def air_level(image: np.ndarray) -> AirLevel:
    """Level of air: the peak of the low intensities, and its width towards lower values.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
        Averaged or smoothed so that the noise peak is narrow.

    Returns
    -------
    AirLevel
        An infinite limit for an image without signal.
    """
    top = float(np.percentile(image, 99))
    if not top > 0:
        return AirLevel(0.0, np.inf)
    floor = 0.04 * top  # share of the brightest tissue below which none is expected (assumption)
    values = image[(image > 1e-3 * top) & (image < 0.5 * top)]
    if values.size < 100:
        return AirLevel(0.0, floor)
    counts, edges = np.histogram(values, 200, (0.0, 0.5 * top))
    counts = ndimage.gaussian_filter1d(counts.astype(float), 1.0)
    peak = int(np.argmax(counts[:100]))
    mode = float(0.5 * (edges[peak] + edges[peak + 1]))
    if mode > 0.2 * top:  # a peak of tissue: the background is blank
        return AirLevel(0.0, floor)
    below = values[(values > 0.5 * mode) & (values <= mode)]
    spread = float(np.sqrt(np.mean((below - mode) ** 2))) if below.size > 50 else 0.0
    return AirLevel(mode, max(mode + 4.0 * spread, 1.3 * mode, floor))


def find_body(image: np.ndarray, *, spacing: float) -> np.ndarray:
    """Everything that is not air.

    Certain air lies at the noise level, certain tissue well above it; between them (haze of the
    coil, ghosts, faint fat) the border follows the steepest rise of the logarithm, by a watershed.
    Lungs and other dark spaces that tissue and the back edge of the image enclose are filled.

    Parameters
    ----------
    image : (S, R, C) float, a.u.
        In anatomical order, equal spacings.
    spacing : float, mm

    Returns
    -------
    (S, R, C) bool
    """
    smooth = ndimage.gaussian_filter(image, 1.5 / spacing)
    level = air_level(smooth)
    low = level.limit
    maybe = smooth > low
    certain = large_parts(smooth > CERTAIN_TISSUE * low, 0.002)
    if not certain.any():
        return np.zeros(image.shape, bool)
    # in each column, doubt ends behind the first certain tissue
    behind = np.cumsum(certain, axis=1) >= 2
    tissue = certain | (maybe & behind)
    doubtful = maybe & ~tissue
    log = np.log(np.maximum(smooth, 0.25 * low))
    steepness = ndimage.gaussian_gradient_magnitude(log, 1.0)
    markers = np.where(tissue, 2, 1).astype(np.int32)
    markers[doubtful] = 0
    region = ndimage.binary_dilation(doubtful)
    tissue |= watershed(steepness, markers * region, mask=region) == 2
    tissue = ndimage.binary_opening(tissue, iterations=max(1, round(2.0 / spacing)))
    tissue = without_haze(large_parts(tissue, 0.02), smooth, air=level.mean)
    return filled_from_behind(large_parts(tissue, 0.02))


def without_haze(body: np.ndarray, smooth: np.ndarray, *, air: float) -> np.ndarray:
    """Body whose outer border lies half-way up the rise to the skin.

    Ghosts and partly aliased slices lay a veil before the skin that fades in over centimetres, and
    blur spreads the skin outwards. From the front, the sides, above and below, each line of voxels
    is cleared while it stays below a share of the usual level of the skin, and of the first peak
    behind it.

    Parameters
    ----------
    body : (S, R, C) bool
    smooth : (S, R, C) float, a.u.
    air : float, a.u.
        Mean level of air.

    Returns
    -------
    (S, R, C) bool
    """
    first = np.argmax(body, axis=1)
    met = body.any(axis=1) & (first > 0)
    if not met.any():
        return body
    rows = np.minimum(first[:, None, :] + np.arange(9)[None, :, None], body.shape[1] - 1)
    skin = np.take_along_axis(smooth, rows, axis=1).max(axis=1)[met]
    veil = HAZE_SHARE * (float(np.median(skin)) - air)
    out = body.copy()
    for axis, from_end in ((1, False), (2, False), (2, True), (0, False), (0, True)):
        views = [_from_side(array, axis, from_end) for array in (out, smooth, body)]
        depth = _haze_depth(views[1], views[2], air, veil)
        # haze covers an area; a single line may have met gland under unseen skin
        depth = ndimage.grey_opening(depth, size=(5, 5), mode="nearest")
        start = np.argmax(views[2], axis=2)[:, :, None]
        index = np.arange(views[2].shape[2])
        views[0][(index < start + depth[:, :, None]) & (start > 0)] = False
    return out


def _from_side(array: np.ndarray, axis: int, from_end: bool) -> np.ndarray:
    """View whose last axis runs inwards from one side of the image."""
    moved = np.moveaxis(array, axis, 2)
    return moved[:, :, ::-1] if from_end else moved


@numba.njit(cache=True)
def _haze_depth(signal: np.ndarray, body: np.ndarray, air: float, veil: float) -> np.ndarray:
    """Voxels (I, J) to clear from the first body voxel on, along the last axis."""
    n_i, n_j, n = body.shape
    depth = np.zeros((n_i, n_j), np.int64)
    for i in range(n_i):
        for j in range(n_j):
            start = 0
            while start < n and not body[i, j, start]:
                start += 1
            if start == 0 or start == n:  # tissue at the edge of the image, or none at all
                continue
            peak = 0.0
            for k in range(start, min(start + PEAK_REACH, n)):
                level = signal[i, j, k] - air
                peak = max(peak, level)
                if level < PEAK_DIP * peak and peak > veil:
                    break
            k = start
            while k < n and signal[i, j, k] - air < max(veil, SKIN_SHARE * peak):
                k += 1
            depth[i, j] = k - start
    return depth


def large_parts(mask: np.ndarray, share: float) -> np.ndarray:
    """Connected parts of at least the given share of the largest one."""
    labels, n = ndimage.label(mask)
    if n == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= share * sizes.max())[labels])


def filled_from_behind(body: np.ndarray) -> np.ndarray:
    """Fill what tissue and the back edge of the image enclose, in axial and sagittal planes."""
    out = body.copy()
    for index in range(body.shape[0]):
        out[index] |= _filled(body[index], back_axis=0)
    for index in range(body.shape[2]):
        out[:, :, index] |= _filled(body[:, :, index], back_axis=1)
    return out


def _filled(plane: np.ndarray, *, back_axis: int) -> np.ndarray:
    tissue_any = plane.any(axis=back_axis)
    behind = np.expand_dims(tissue_any, back_axis)
    padded = np.concatenate([plane, behind], axis=back_axis)
    filled = ndimage.binary_fill_holes(padded)
    return np.take(filled, np.arange(plane.shape[back_axis]), axis=back_axis)
