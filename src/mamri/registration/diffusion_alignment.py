"""Where the anatomy lies in a diffusion series, whose echo planar images are shifted and bent.

The fixed image is the anatomy (T1 before contrast, or T2), the moving one the mean of the images
with the lowest b-value. A rigid transform is found first, then an affine one, both by mutual
information inside the breasts. Echo planar images are bent along phase encoding only, which lies
in the plane of their slices; so the affine transform adds a stretch and two shears along the row
or the column axis of the diffusion images, whichever agrees better. A transform is used only if
the images agree better with it, if it is plausible, and if the agreement is more than chance;
otherwise the geometry of the files stands, with the reason.

Diffusion images are never resampled: fit maps on their own grid, and bring masks to it
(`mamri.registration.aligned_grids`). Distortion that an affine transform cannot follow stays, and
images with different b-values are not aligned with each other: that would interpolate them before
the fit.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy import ndimage

from mamri.geometry.affines import spacing_mm, to_index, to_lps
from mamri.geometry.resample import Grid, coarsen
from mamri.records import Caveat, DiffusionSeries, GeometryError, Provenance, Status, Volume
from mamri.registration.diffusion_alignment_report import (
    Agreement,
    AlignmentKind,
    AlignmentSettings,
    DiffusionAlignment,
)
from mamri.registration.image_agreement import image_agreement, tissue_outline
from mamri.registration.linear_search import find_linear_transform, normalized_mutual_information

_REFERENCES = (
    "Mattes D, Haynor DR, Vesselle H, et al. PET-CT image registration in the chest using "
    "free-form deformations. IEEE Trans Med Imaging 2003;22:120-128. doi:10.1109/TMI.2003.809072",
    "Studholme C, Hill DLG, Hawkes DJ. An overlap invariant entropy measure of 3D medical image "
    "alignment. Pattern Recognit 1999;32:71-86. doi:10.1016/S0031-3203(98)00091-0",
    "Powell MJD. An efficient method for finding the minimum of a function of several variables "
    "without calculating derivatives. Comput J 1964;7:155-162. doi:10.1093/comjnl/7.2.155",
    "Jezzard P, Balaban RS. Correction for geometric distortion in echo planar images from B0 "
    "field variations. Magn Reson Med 1995;34:65-73. doi:10.1002/mrm.1910340111",
    "Teruel JR, Fjosne HE, Ostlie A, et al. Inhomogeneous static magnetic field-induced distortion "
    "correction applied to diffusion weighted MRI of the breast at 3T. Magn Reson Med "
    "2015;74:1138-1144. doi:10.1002/mrm.25489",
)
_PADDING_MM = 28.0  # around the breasts, so that smoothing stays inside the box
_SEED = 20240615  # of the points where images are compared; any number would do


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """The anatomy on the working grid, cut to a box around the breasts.

    ``inside`` is where contents are compared: under the skin of the breasts, as far as the
    diffusion images hold them.
    """

    fixed: np.ndarray
    grid: Grid
    breast: np.ndarray
    inside: np.ndarray
    overlap: float


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A transform with its agreement and the lengths of its displacement in the breasts, mm."""

    kind: AlignmentKind
    matrix: np.ndarray
    agreement: Agreement
    lengths_mm: np.ndarray

    @property
    def shared(self) -> float:
        """Normalised mutual information above that of independent images."""
        return self.agreement.mutual_information - 1


def align_diffusion(
    series: DiffusionSeries,
    reference: Volume,
    mask: np.ndarray | None = None,
    settings: AlignmentSettings | None = None,
) -> tuple[DiffusionAlignment, Provenance]:
    """Find where the points of the anatomy lie in a diffusion series.

    Parameters
    ----------
    series : DiffusionSeries
        In any storage order; related to the reference by the affines.
    reference : Volume
        T1-weighted image before contrast, or a T2-weighted one.
    mask : (S, R, C) bool or int, optional
        Breasts on the grid of the reference; by default everything that is not air.
    settings : AlignmentSettings, optional

    Returns
    -------
    DiffusionAlignment
        With the identity, a status and a sentence where no transform is to be believed.
    Provenance

    Raises
    ------
    GeometryError
        If the mask has another shape than the reference.
    """
    settings = settings or AlignmentSettings()
    if mask is not None and np.shape(mask) != reference.shape:
        raise GeometryError(
            f"reference and mask must share one grid, got {reference.shape} and "
            f"{np.shape(mask)}; resample the mask first with geometry.resample_like()"
        )
    moving = lowest_b_image(series)
    frame = _frame(reference, mask, moving, settings)
    return _aligned(frame, moving, settings), _provenance(settings)


def lowest_b_image(series: DiffusionSeries) -> Volume:
    """Mean of all images with the lowest b-value, float32, 0 where a voxel is undefined."""
    lowest = series.b_values == series.b_values.min()
    mean = series.array[lowest].mean(axis=0, dtype=np.float64)
    return Volume(np.nan_to_num(mean).astype(np.float32), series.affine)


def _aligned(frame: _Frame, moving: Volume, settings: AlignmentSettings) -> DiffusionAlignment:
    """The best transform that the settings allow and the images support."""
    start = _candidate(AlignmentKind.NONE, np.eye(4), frame, moving)
    if settings.most_freedom is AlignmentKind.NONE:
        return _report(frame, start, start, Status.NOT_COMPUTED, "Alignment was not asked for.")
    doubt = _doubt_before(frame, moving, settings)
    if doubt:
        return _undefined(frame, start, doubt)
    best = start
    for kind in (AlignmentKind.RIGID, AlignmentKind.AFFINE):
        if kind is AlignmentKind.AFFINE and settings.most_freedom is AlignmentKind.RIGID:
            break
        found = _find(kind, frame, moving, best, settings)
        if not _is_better(found, best, settings):
            continue
        doubt = _doubt_of_chance(found, frame, moving, settings)
        doubt = doubt or _doubt_of_motion(found, settings)
        if doubt is None:
            best = found
        elif best is start:
            return _undefined(frame, start, doubt)
    doubt = _doubt_of_chance(start, frame, moving, settings) if best is start else None
    if doubt:
        return _undefined(frame, start, doubt)
    return _report(frame, start, best, Status.OK, _sentence(start, best))


def _frame(
    reference: Volume, mask: np.ndarray | None, moving: Volume, settings: AlignmentSettings
) -> _Frame:
    coarse = coarsen(reference, settings.working_spacing_mm)
    fixed, spacing = np.nan_to_num(coarse.array), spacing_mm(coarse.affine)
    if mask is None:
        breast = tissue_outline(fixed)
    else:
        share = coarsen(Volume(np.asarray(mask) > 0, reference.affine), settings.working_spacing_mm)
        breast = share.array > 0.5
    box = _box_around(breast, _PADDING_MM, spacing)
    affine = np.array(coarse.affine)
    affine[:3, 3] = to_lps(coarse.affine, np.array([part.start for part in box]))
    fixed, breast = np.ascontiguousarray(fixed[box]), breast[box]
    s, r, c = fixed.shape
    grid = Grid((s, r, c), affine)
    held = _held(moving, grid)
    depth = ndimage.distance_transform_edt(breast, sampling=spacing)
    return _Frame(
        fixed=fixed,
        grid=grid,
        breast=breast,
        inside=(depth > settings.inset_mm) & held,
        overlap=float(held[breast].mean()) if breast.any() else 0.0,
    )


def _box_around(
    mask: np.ndarray, margin_mm: float, spacing: tuple[float, float, float]
) -> tuple[slice, ...]:
    """Box around a mask with a margin; everything if the mask is empty."""
    if not mask.any():
        return tuple(slice(0, n) for n in mask.shape)
    reach = [int(np.ceil(margin_mm / h)) for h in spacing]
    tight = ndimage.find_objects(mask.astype(np.uint8))[0]
    return tuple(
        slice(max(part.start - far, 0), part.stop + far)
        for part, far in zip(tight, reach, strict=True)
    )


def _held(moving: Volume, grid: Grid) -> np.ndarray:
    """Which voxel centres of a grid lie in the boxes of the voxels of the moving image."""
    points = to_lps(grid.affine, np.moveaxis(np.indices(grid.shape), 0, -1))
    index = to_index(moving.affine, points)
    return np.asarray(((index >= -0.5) & (index <= np.array(moving.shape) - 0.5)).all(axis=-1))


def _seen(moving: Volume, transform: np.ndarray, grid: Grid) -> np.ndarray:
    """The moving image seen through a transform, linear; its border voxels go on outside."""
    matrix = np.linalg.inv(moving.affine) @ transform @ grid.affine
    return ndimage.affine_transform(
        moving.array, matrix[:3, :3], matrix[:3, 3], grid.shape, order=1, mode="nearest"
    )


def _find(
    kind: AlignmentKind,
    frame: _Frame,
    moving: Volume,
    start: _Candidate,
    settings: AlignmentSettings,
) -> _Candidate:
    """The transform of a kind under which the images share most information."""
    directions: list[np.ndarray | None] = [None]
    if kind is AlignmentKind.AFFINE:  # along rows or along columns
        directions = [axis / np.linalg.norm(axis) for axis in moving.affine[:3, 1:3].T]
    smoothings = (0.0,) if kind is AlignmentKind.AFFINE else (settings.smoothing_mm, 0.0)
    found = []
    for direction in directions:
        matrix = start.matrix
        for smoothing in smoothings:
            points, values = _samples(frame, smoothing, settings)
            matrix = find_linear_transform(
                points,
                values,
                _smoothed(moving, smoothing),
                start=matrix,
                stretched_along=direction,
                rounds=settings.rounds,
            )
        found.append(_candidate(kind, matrix, frame, moving))
    return max(found, key=lambda candidate: candidate.shared)


def _samples(
    frame: _Frame, smoothing_mm: float, settings: AlignmentSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Fixed random points in the breasts, (N, 3) LPS mm, and the values of the anatomy there.

    Points lie anywhere within the voxels, so that no transform is preferred for bringing the two
    grids onto each other.
    """
    random = np.random.default_rng(_SEED)
    voxels = np.argwhere(frame.inside)
    chosen = voxels[random.integers(len(voxels), size=settings.samples)]
    index = chosen + random.uniform(-0.5, 0.5, chosen.shape)
    image = _smoothed(Volume(frame.fixed, frame.grid.affine), smoothing_mm).array
    values = ndimage.map_coordinates(image, index.T, order=1, mode="nearest")
    return to_lps(frame.grid.affine, index), values


def _smoothed(image: Volume, smoothing_mm: float) -> Volume:
    if smoothing_mm == 0:
        return image
    sigma = smoothing_mm / np.array(spacing_mm(image.affine))
    return Volume(ndimage.gaussian_filter(image.array, sigma), image.affine)


def _candidate(
    kind: AlignmentKind, matrix: np.ndarray, frame: _Frame, moving: Volume
) -> _Candidate:
    lengths = np.zeros(1)
    if frame.breast.any():
        points = to_lps(frame.grid.affine, np.argwhere(frame.breast))
        lengths = np.linalg.norm(to_lps(matrix, points) - points, axis=1)
    agreement = image_agreement(
        frame.fixed,
        _seen(moving, matrix, frame.grid),
        spacing=spacing_mm(frame.grid.affine),
        inside=frame.inside,
    )
    return _Candidate(kind, matrix, agreement, lengths)


def _is_better(found: _Candidate, best: _Candidate, settings: AlignmentSettings) -> bool:
    """Whether a transform moves enough to matter and the images agree enough better with it."""
    if best.kind is AlignmentKind.NONE and found.lengths_mm.mean() < settings.min_move_mm:
        return False
    is_affine = found.kind is AlignmentKind.AFFINE
    gain = settings.min_affine_gain if is_affine else settings.min_gain
    return found.shared > (1 + gain) * best.shared


def _doubt_before(frame: _Frame, moving: Volume, settings: AlignmentSettings) -> str | None:
    """Why no transform should be looked for, if so."""
    if frame.overlap < settings.min_overlap:
        return f"the diffusion images hold only {100 * frame.overlap:.0f} % of the breasts"
    start = _candidate(AlignmentKind.NONE, np.eye(4), frame, moving)
    if not np.isfinite(start.shared):
        return "there is too little to compare inside the breasts"
    for name, image in (
        ("the reference", frame.fixed),
        ("the diffusion series", _seen(moving, np.eye(4), frame.grid)),
    ):
        if np.ptp(image[frame.inside]) == 0:
            return f"{name} shows nothing inside the breasts"
    return None


def _doubt_of_motion(found: _Candidate, settings: AlignmentSettings) -> str | None:
    """Why a transform is not plausible, if so."""
    mean, longest = float(found.lengths_mm.mean()), float(found.lengths_mm.max())
    if mean > settings.max_mean_mm or longest > settings.max_displacement_mm:
        return (
            f"the best {found.kind} transform moves the breasts by {mean:.0f} mm on average and "
            f"{longest:.0f} mm at most, more than is plausible ({settings.max_mean_mm:g} and "
            f"{settings.max_displacement_mm:g} mm)"
        )
    change = abs(float(np.linalg.det(found.matrix[:3, :3])) - 1)
    if change > settings.max_volume_change:
        return f"the best {found.kind} transform changes volumes by {100 * change:.0f} %"
    return None


def _doubt_of_chance(
    best: _Candidate, frame: _Frame, moving: Volume, settings: AlignmentSettings
) -> str | None:
    """Why an agreement may be chance, if so: it should fall when the images are pulled apart."""
    shifted = []
    for direction in np.vstack([np.eye(3), -np.eye(3)]):
        away = best.matrix.copy()
        away[:3, 3] += settings.peak_shift_mm * direction
        seen = _seen(moving, away, frame.grid)[frame.inside]
        shifted.append(normalized_mutual_information(frame.fixed[frame.inside], seen) - 1)
    if best.shared >= settings.min_peak * max(shifted):
        return None
    return (
        f"the images agree hardly better than when pulled {settings.peak_shift_mm:g} mm apart, "
        "so their agreement may be chance"
    )


def _sentence(start: _Candidate, best: _Candidate) -> str:
    before, after = start.agreement, best.agreement
    if best.kind is AlignmentKind.NONE:
        return (
            "The diffusion images were found in place: no transform brought them measurably "
            f"closer to the anatomy (overlap of the glands {before.gland_dice:.2f})."
        )
    article = "an affine" if best.kind is AlignmentKind.AFFINE else "a rigid"
    return (
        f"The diffusion images were related to the anatomy by {article} transform, "
        f"{best.lengths_mm.mean():.1f} mm on average and {best.lengths_mm.max():.1f} mm at most in "
        f"the breasts; the overlap of the glands went from {before.gland_dice:.2f} to "
        f"{after.gland_dice:.2f}, the normalised mutual information from "
        f"{before.mutual_information:.3f} to {after.mutual_information:.3f}."
    )


def _undefined(frame: _Frame, start: _Candidate, doubt: str) -> DiffusionAlignment:
    sentence = (
        f"Whether the diffusion images lie in place could not be told: {doubt}. The geometry of "
        "the files was used as it is; diffusion values of small findings are less reliable."
    )
    found = _report(frame, start, start, Status.UNDEFINED, sentence)
    return replace(found, caveats=(Caveat("diffusion_alignment_undetermined", sentence),))


def _report(
    frame: _Frame, start: _Candidate, best: _Candidate, status: Status, sentence: str
) -> DiffusionAlignment:
    return DiffusionAlignment(
        reference_to_diffusion=best.matrix,
        kind=best.kind,
        status=status,
        sentence=sentence,
        before=start.agreement,
        after=best.agreement,
        displacement_mean_mm=float(best.lengths_mm.mean()),
        displacement_max_mm=float(best.lengths_mm.max()),
        overlap=frame.overlap,
    )


def _provenance(settings: AlignmentSettings) -> Provenance:
    if settings.most_freedom is AlignmentKind.NONE:
        method = "Diffusion images were related to the anatomy by the geometry of the files alone."
        return Provenance("diffusion_alignment", method, asdict(settings), ())
    affine = ", then one with a stretch and shears along the phase encoding axis,"
    method = (
        "The anatomy was related to the diffusion images by a rigid transform"
        f"{affine if settings.most_freedom is AlignmentKind.AFFINE else ''} found by mutual "
        "information between the image before contrast and the mean of the images with the lowest "
        f"b-value, {settings.inset_mm:g} mm and more under the surface of the breasts on a grid of "
        f"about {settings.working_spacing_mm:g} mm; transforms that did not raise the agreement or "
        "were not plausible were refused. Diffusion images were not resampled."
    )
    return Provenance("diffusion_alignment", method, asdict(settings), _REFERENCES)
