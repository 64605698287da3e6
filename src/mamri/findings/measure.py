"""Measures of findings: size, place and kinetics of each labelled region."""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from mamri.findings.location import (
    LocationSettings,
    Surroundings,
    clock_face,
    depth_third,
    distances_mm,
    quadrant,
    side_of,
    surroundings,
)
from mamri.findings.size import diameters_mm, volume_ml
from mamri.geometry import spacing_mm, to_lps
from mamri.kinetics import functional_tumor_volume, region_curve, worst_curve
from mamri.kinetics.curve_type import CurveType
from mamri.kinetics.functional_tumor_volume import TumorVolumeSettings
from mamri.kinetics.settings import KineticSettings
from mamri.records import (
    UNDETERMINED,
    Anatomy,
    DynamicSeries,
    Finding,
    FindingKinetics,
    GeometryError,
    KineticMaps,
    LabelMap,
    Laterality,
    Status,
)


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """How findings are measured.

    Parameters
    ----------
    kinetics : KineticSettings
    tumor_volume : TumorVolumeSettings
    location : LocationSettings
    tumor_margin_mm : float, mm
        The volume of interest of the functional tumor volume is the box of the finding and this
        on every side, inside the breast, other findings and skin left out. Assumption: 10.
    """

    kinetics: KineticSettings = field(default_factory=KineticSettings)
    tumor_volume: TumorVolumeSettings = field(default_factory=TumorVolumeSettings)
    location: LocationSettings = field(default_factory=LocationSettings)
    tumor_margin_mm: float = 10.0


def measure_findings(
    labels: LabelMap,
    series: DynamicSeries,
    maps: KineticMaps,
    anatomy: Anatomy,
    settings: MeasureSettings | None = None,
) -> tuple[Finding, ...]:
    """Measure every labelled finding.

    Parameters
    ----------
    labels : LabelMap
        Value = finding id.
    series : DynamicSeries
    maps : KineticMaps
    anatomy : Anatomy
        All on one grid, in anatomical order.
    settings : MeasureSettings, optional

    Returns
    -------
    tuple of Finding
        In order of id, not described yet.

    Raises
    ------
    GeometryError
        If the labels are on another grid than the series or the anatomy.
    """
    settings = settings or MeasureSettings()
    shape = labels.array.shape
    if series.array.shape[1:] != shape or anatomy.breast.shape != shape:
        raise GeometryError(
            f"labels, series and anatomy must share one grid, got {shape}, "
            f"{series.array.shape[1:]} and {anatomy.breast.shape}; resample them first with "
            "geometry.resample_like()"
        )
    around: dict[Laterality, Surroundings] = {}
    findings = []
    for number, box in enumerate(ndimage.find_objects(labels.array), start=1):
        if box is None:
            continue
        part = _cut_out(
            number,
            box,
            labels=labels.array,
            series=series,
            anatomy=anatomy,
            margin_mm=settings.tumor_margin_mm,
        )
        if part.side not in around:
            around[part.side] = surroundings(anatomy, part.side)
        kinetics = _kinetics(part, maps, settings)
        findings.append(_finding(number, part, around[part.side], kinetics, settings))
    return tuple(findings)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A finding with its surroundings, cut out of the exam (views, not copies).

    ``mask`` is the finding, ``others`` skin and other findings, ``voi`` the volume of interest of
    its functional tumor volume, all on the grid of ``series``, which is ``box`` of the exam's.
    """

    box: tuple[slice, ...]
    side: Laterality
    mask: np.ndarray
    others: np.ndarray
    voi: np.ndarray
    series: DynamicSeries


def _cut_out(
    number: int,
    box: tuple[slice, ...],
    *,
    labels: np.ndarray,
    series: DynamicSeries,
    anatomy: Anatomy,
    margin_mm: float,
) -> _Part:
    """Cut a finding and a margin (plus one voxel, for neighbourhoods) out of an exam."""
    margins = [int(np.ceil(margin_mm / width)) for width in spacing_mm(anatomy.affine)]
    large = tuple(
        slice(max(0, part.start - margin - 1), min(n, part.stop + margin + 1))
        for part, n, margin in zip(box, labels.shape, margins, strict=True)
    )
    inner = tuple(
        slice(max(0, part.start - margin) - whole.start, part.stop + margin - whole.start)
        for part, whole, margin in zip(box, large, margins, strict=True)
    )
    affine = anatomy.affine.copy()
    affine[:3, 3] = to_lps(anatomy.affine, np.array([part.start for part in large]))
    mask = labels[large] == number
    breast = anatomy.breast[large]
    side = side_of(mask, breast, affine)
    voi = np.zeros(mask.shape, bool)
    voi[inner] = (breast[inner] == side) | mask[inner]
    others = (anatomy.skin[large] | (labels[large] > 0)) & ~mask
    cut = DynamicSeries(series.array[(slice(None), *large)], affine, series.times_s)
    return _Part(large, side, mask, others, voi, cut)


def _finding(
    number: int,
    part: _Part,
    around: Surroundings,
    kinetics: FindingKinetics,
    settings: MeasureSettings,
) -> Finding:
    """Put size, place and kinetics of one finding together."""
    affine = part.series.affine
    points = to_lps(affine, np.argwhere(part.mask))
    centroid = points.mean(axis=0)
    radius = settings.location.central_radius_mm
    place = hour = UNDETERMINED
    if around.nipple is not None:
        place = quadrant(centroid, around.nipple, side=part.side, central_radius_mm=radius)
        hour = clock_face(centroid, around.nipple, central_radius_mm=radius)
    diameters = diameters_mm(part.mask, affine)
    half = np.abs(affine[:3, :3]).sum(axis=1) / 2  # from a voxel's centre to its corner
    return Finding(
        id=number,
        side=part.side,
        quadrant=place,
        clock_face=hour,
        centroid_mm_lps=_xyz(centroid),
        bounding_box_mm_lps=(_xyz(points.min(axis=0) - half), _xyz(points.max(axis=0) + half)),
        volume_ml=volume_ml(part.mask, affine),
        diameters_mm=diameters,
        confidence=None,
        distance_mm=distances_mm(part.mask, affine, around=around),
        kinetics=kinetics,
        depth=_depth(centroid, around),
    )


def _depth(centroid: np.ndarray, around: Surroundings) -> str:
    """Third of the breast from front to back; y runs to the back."""
    if around.nipple is None or around.chest_wall is None:
        return UNDETERMINED
    behind = float(centroid[1] - around.nipple[1])
    return depth_third(behind, float(around.chest_wall.query(centroid)[0]))


def _kinetics(part: _Part, maps: KineticMaps, settings: MeasureSettings) -> FindingKinetics:
    """Curves and kinetic numbers of one finding."""
    series, mask = part.series, part.mask
    curve = region_curve(series, mask, settings.kinetics)
    worst = worst_curve(series, mask, settings.kinetics)
    post = curve.percent_enhancement[series.times_s > 0]
    post = post[np.isfinite(post)]
    tumor = functional_tumor_volume(series, part.voi, settings.tumor_volume, omitted=part.others)
    centre = None if worst.centre is None else _xyz(to_lps(series.affine, np.array(worst.centre)))
    return FindingKinetics(
        times_s=curve.times_s,
        mean_signal=curve.mean_signal,
        sd_signal=curve.sd_signal,
        initial=worst.initial,
        delayed=worst.delayed,
        worst_signal=worst.signal,
        worst_centre_mm_lps=centre,
        peak_enhancement_percent=float(post.max()) if post.size else float("nan"),
        ser_mean=_mean_ratio(maps.signal_enhancement_ratio[part.box][mask]),
        washout_fraction=_washout_fraction(maps, part),
        ftv_ml=tumor.volume_ml,
    )


def _mean_ratio(ratio: np.ndarray) -> float:
    """Mean signal enhancement ratio over the voxels that have one."""
    ratio = ratio[np.isfinite(ratio)]
    return float(ratio.mean(dtype=np.float64)) if ratio.size else float("nan")


def _washout_fraction(maps: KineticMaps, part: _Part) -> float:
    """Share of all voxels of a finding whose curve washes out."""
    if maps.status.get("curve_type", Status.OK) is not Status.OK:
        return float("nan")
    return float(np.mean(maps.curve_type[part.box][part.mask] == CurveType.WASHOUT))


def _xyz(point: np.ndarray) -> tuple[float, float, float]:
    x, y, z = point
    return float(x), float(y), float(z)
