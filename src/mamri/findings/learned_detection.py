"""Detection of findings by the lesion network, gated by what is known of the breasts.

Regions in which the network finds lesion likely are candidates. What lies outside the breast or in
the skin is dropped, small parts near a large one are joined to it, and each gets a calibrated
confidence; those above the confidence of the chosen operating point are findings. Nipples enhance
too, and are dropped by their place.
"""

from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from mamri.findings.candidates import Candidate, candidate_from_points, merge_satellites
from mamri.findings.complete_outlines import LEAST_SHARE, complete_outlines
from mamri.findings.lesion_confidence import LesionCalibration, region_features
from mamri.geometry import to_lps
from mamri.geometry.linear_weights import interpolate_at
from mamri.networks.inference_engine import Engine
from mamri.records import Anatomy, Caveat, LabelMap, Provenance
from mamri.segmentation.capped_distance import capped_distance
from mamri.segmentation.lesion_stage import LesionMap, find_lesion_map

REFERENCES = (
    "Ronneberger O, Fischer P, Brox T. U-Net: convolutional networks for biomedical image "
    "segmentation. MICCAI 2015:234-241. doi:10.1007/978-3-319-24574-4_28",
    "Platt JC. Probabilistic outputs for support vector machines and comparisons to regularized "
    "likelihood methods. In: Advances in large margin classifiers. MIT Press, 1999:61-74.",
)
_TOUCHING = np.ones((3, 3, 3), bool)
_SHELL = 3  # voxels around a region that are its surroundings (assumption)


@dataclass(frozen=True, slots=True)
class LearnedDetectionSettings:
    """How the lesion network's answer becomes findings.

    Parameters
    ----------
    false_positives : float
        Operating point: false positives per breast on held-out simulated women.
    min_probability : float
        A voxel belongs to a region from here on.
    min_peak : float
        Some voxel of the region must reach this.
    min_diameter_mm : float, mm
        Smaller regions (diameter of the ball of equal volume) are dropped.
    skin_mm : float, mm
        What lies within this distance of air is skin. Assumption: as `DetectionSettings`.
    nipple_mm : float, mm
        Regions of which more than half lies within this distance of the nipple's tip are nipple.
        Assumption: as `DetectionSettings`.
    min_inside : float
        Share of a region that must lie in the breast and not in the skin. Assumption.
    satellite_mm, satellite_share : float, mm and dimensionless
        Parts this near a region, and smaller than this share of it, belong to it. Assumption.
    overlap : float
        Share of a tile of the network that its neighbour covers too.
    max_findings : int
        Only the surest are reported. Assumption: 8.
    """

    false_positives: float = 0.5
    min_probability: float = 0.4
    min_peak: float = 0.5
    min_diameter_mm: float = 3.0
    skin_mm: float = 2.0
    nipple_mm: float = 12.0
    min_inside: float = 0.5
    satellite_mm: float = 4.0
    satellite_share: float = 0.3
    overlap: float = 0.25
    max_findings: int = 8


@dataclass(frozen=True, slots=True, eq=False)
class LesionNetwork:
    """The lesion model, ready to run.

    Parameters
    ----------
    engine : Engine
    calibration : LesionCalibration
    name, version : str
    """

    engine: Engine
    calibration: LesionCalibration
    name: str
    version: str


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A candidate of the network.

    Parameters
    ----------
    candidate : Candidate
        On the working grid of the map.
    features : tuple of float
        As `region_features` gives them.
    """

    candidate: Candidate
    features: tuple[float, ...]


def detect_with_network(
    phases: tuple[np.ndarray, np.ndarray, np.ndarray],
    anatomy: Anatomy,
    network: LesionNetwork,
    settings: LearnedDetectionSettings | None = None,
    *,
    enhancing: np.ndarray | None = None,
) -> tuple[LabelMap, dict[int, float], Provenance, tuple[Caveat, ...]]:
    """Find lesions inside the breasts.

    Parameters
    ----------
    phases : three (S, R, C) arrays, a.u.
        Before contrast, first phase and last, in anatomical order, motion corrected.
    anatomy : Anatomy
        On the same grid, with at least one breast.
    network : LesionNetwork
    settings : LearnedDetectionSettings, optional
    enhancing : (S, R, C) int, optional
        Enhancing regions by number that outlines are completed with, see `complete_outlines`.

    Returns
    -------
    LabelMap
        Value = finding id, 1 for the surest.
    dict of id to confidence
    Provenance
    tuple of Caveat
        ``findings_capped`` where more were found than are reported.

    Raises
    ------
    GeometryError
        If the grids differ.
    InputError
        If the model has no such operating point.
    """
    settings = settings or LearnedDetectionSettings()
    least = network.calibration.least_confidence(settings.false_positives)
    seen = find_lesion_map(
        phases, anatomy.affine, anatomy.breast > 0, network.engine, overlap=settings.overlap
    )
    regions = find_regions(seen, anatomy, settings)
    rated = [
        (float(network.calibration.confidence(np.array(region.features))), region)
        for region in regions
    ]
    rated = sorted((r for r in rated if r[0] >= least), key=lambda r: -r[0])
    reported = rated[: settings.max_findings]
    labels = label_regions([r.candidate for _, r in reported], seen, anatomy, settings)
    if enhancing is not None:
        labels = complete_outlines(labels, enhancing)
    present = np.unique(labels[labels > 0])
    confidence = {id_: reported[n - 1][0] for id_, n in enumerate(present, start=1)}
    labels = np.searchsorted([0, *present], labels).astype(np.uint16)  # from 1, without gaps
    caveats: tuple[Caveat, ...] = ()
    if len(rated) > settings.max_findings:
        text = (
            f"{len(rated)} enhancing regions were found; only the {settings.max_findings} surest "
            "are reported."
        )
        caveats = (Caveat("findings_capped", text),)
    found = LabelMap(labels, anatomy.affine, {n: f"finding {n}" for n in confidence})
    told = _provenance(network, least, settings, is_completed=enhancing is not None)
    return found, confidence, told, caveats


def find_regions(
    seen: LesionMap, anatomy: Anatomy, settings: LearnedDetectionSettings
) -> list[Region]:
    """Regions that may be lesions, before any is left out for want of confidence.

    Parameters
    ----------
    seen : LesionMap
    anatomy : Anatomy
        On the full grid of the map.
    settings : LearnedDetectionSettings

    Returns
    -------
    list of Region
        Largest first.
    """
    step = seen.grid.spacing
    inside = _searched(seen, anatomy, settings)
    likely = (seen.lesion > settings.min_probability) & ndimage.binary_dilation(inside)
    labels, _ = ndimage.label(likely, _TOUCHING)
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        mask = labels[box] == number
        if seen.lesion[box][mask].max() < settings.min_peak:
            continue
        if inside[box][mask].mean() < settings.min_inside:
            continue
        points = np.argwhere(mask) + [part.start for part in box]
        if _is_nipple(points, seen, anatomy, settings.nipple_mm):
            continue
        found.append(candidate_from_points(points, likely.shape))
    joined = merge_satellites(
        found,
        likely.shape,
        distance=settings.satellite_mm / step,
        share=settings.satellite_share,
    )
    regions = []
    for candidate in joined:
        diameter = float(np.cbrt(6 / np.pi * np.count_nonzero(candidate.mask))) * step
        if diameter >= settings.min_diameter_mm:
            regions.append(Region(candidate, _features(candidate, seen, inside, diameter)))
    return regions


def _is_nipple(points: np.ndarray, seen: LesionMap, anatomy: Anatomy, reach_mm: float) -> bool:
    """Whether most of the voxels (N, 3) of the working grid lie around the tip of a nipple."""
    index = np.stack(
        [
            seen.grid.full_position(axis, points[:, axis]) + seen.box[axis].start
            for axis in range(3)
        ],
        axis=1,
    )
    places = to_lps(anatomy.affine, index)
    return any(
        np.mean(np.linalg.norm(places - np.array(tip), axis=1) < reach_mm) > 0.5
        for tip in anatomy.nipples_mm_lps.values()
    )


def _searched(seen: LesionMap, anatomy: Anatomy, settings: LearnedDetectionSettings) -> np.ndarray:
    """Breast without skin, (S, R, C) bool on the working grid."""
    breast = seen.on_grid(anatomy.breast > 0) > 0.5
    air = seen.on_grid(~anatomy.body) > 0.5
    step = seen.grid.spacing
    reach = int(np.ceil(settings.skin_mm / step)) + 1
    return np.asarray(breast & (capped_distance(~air, reach) * step > settings.skin_mm))


def _features(
    candidate: Candidate, seen: LesionMap, inside: np.ndarray, diameter_mm: float
) -> tuple[float, ...]:
    box, mask = candidate.box, candidate.mask
    rise = seen.phases[1][box] - seen.phases[0][box]
    late = seen.phases[2][box] - seen.phases[0][box]
    rise = np.maximum(rise, late)
    near = ndimage.binary_dilation(mask, iterations=1)
    around_it = ndimage.binary_dilation(near, iterations=_SHELL) & ~near
    shell = around_it & inside[box]
    around = float(np.median(rise[shell])) if shell.any() else 0.0
    spread = float(np.median(np.abs(rise[shell] - around))) if shell.any() else 1.0
    within = float(np.median(rise[mask]))
    contrast = (within - around) / max(1.4826 * spread, 1e-6)
    return region_features(
        seen.lesion[box][mask],
        contrast=contrast,
        diameter_mm=diameter_mm,
        interior=float(inside[box][around_it].mean()) if around_it.any() else 1.0,
        vessel=float(seen.vessel[box][near].mean()),
    )


def label_regions(
    candidates: list[Candidate],
    seen: LesionMap,
    anatomy: Anatomy,
    settings: LearnedDetectionSettings,
) -> np.ndarray:
    """Regions on the full grid, numbered in the order given, (S, R, C) uint16.

    Their borders are where the probability, interpolated between voxels of the working grid,
    crosses the limit.
    """
    labels = np.zeros(anatomy.breast.shape, np.uint16)
    inner = labels[seen.box]
    for number, candidate in enumerate(candidates, start=1):
        own = np.zeros(seen.lesion.shape, np.float32)
        near = ndimage.binary_dilation(candidate.mask, _TOUCHING)
        own[candidate.box] = np.where(near, seen.lesion[candidate.box], 0.0)
        part, box = _on_full(seen, own, candidate.box)
        # Enclosed holes, such as a dead centre, belong to the region.
        whole = ndimage.binary_fill_holes(part > settings.min_probability)
        inner[box][whole & (inner[box] == 0)] = number
    return labels


def _on_full(
    seen: LesionMap, values: np.ndarray, box: tuple[slice, ...]
) -> tuple[np.ndarray, tuple[slice, ...]]:
    """Values on the part of the full grid (within the map's box) that a working box covers."""
    full, positions = [], []
    for axis, part in enumerate(box):
        size = seen.box[axis].stop - seen.box[axis].start
        low, high = seen.grid.full_position(axis, np.array([part.start - 0.5, part.stop - 0.5]))
        start, stop = max(0, int(np.floor(low))), min(size, int(np.ceil(high)) + 1)
        full.append(slice(start, stop))
        at = seen.grid.working_position(axis, np.arange(start, stop)) - part.start
        positions.append(at)
    inner = values[box]
    return interpolate_at(inner, (positions[0], positions[1], positions[2])), tuple(full)


def _provenance(
    network: LesionNetwork,
    least: float,
    settings: LearnedDetectionSettings,
    *,
    is_completed: bool,
) -> Provenance:
    method = (
        f"Lesions were found by the model {network.name} {network.version}, a U-Net trained on "
        "simulated women, from the phase before contrast, the first phase after it, their "
        "difference and the late change. Regions outside the breast, in the skin or around the "
        "nipple's tip were dropped; "
        f"those with a confidence of at least {least:.2f} are reported, which left "
        f"{settings.false_positives:g} false positives per breast on simulated women."
    )
    if is_completed:
        method += (
            " Outlines were completed by the enhancing regions that they touch and hold "
            f"{100 * LEAST_SHARE:.0f} % of, as detection without learning bounds them."
        )
    return Provenance("findings", method, asdict(settings), REFERENCES)
