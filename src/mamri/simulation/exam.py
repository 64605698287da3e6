"""A whole simulated exam, from the settings to the record and its truth."""

import hashlib
from dataclasses import dataclass

import numpy as np

from mamri.geometry import affine_from_axes, to_index, to_lps
from mamri.records import (
    Acquisition,
    DynamicSeries,
    Exam,
    Laterality,
    Plane,
    SeriesRecord,
    SeriesRole,
    Timing,
)
from mamri.simulation.body import Body, make_body
from mamri.simulation.lesions import lesion_table, place_lesion
from mamri.simulation.render import parenchyma_scores, render
from mamri.simulation.scan import scan
from mamri.simulation.settings import SimulationSettings
from mamri.simulation.tissue_signal import signal_table
from mamri.simulation.truth import Truth, measure_lesion
from mamri.simulation.vessels import breast_vessels, draw_capsules, internal_mammary_vessels


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedExam:
    """An exam with its truth.

    Parameters
    ----------
    exam : Exam
        As a reader would return it: int16 phases in the stored order.
    truth : Truth
    settings : SimulationSettings
    """

    exam: Exam
    truth: Truth
    settings: SimulationSettings


def exam_affine(settings: SimulationSettings) -> np.ndarray:
    """Affine of the stored grid, (4, 4) mm; slices run along the normal of the image plane."""
    ds, dr, dc = settings.spacing_mm
    if settings.plane is Plane.AXIAL:
        steps = np.array([[0, 0, ds], [0, dr, 0], [dc, 0, 0]], float)
        centre = np.array([0.0, 8.0, 0.0])
    else:
        steps = np.array([[-ds, 0, 0], [0, 0, -dr], [0, dc, 0]], float)
        centre = np.array([0.0, -10.0, 8.0])
    if settings.side is not None:
        centre[0] = -92.0 if settings.side is Laterality.RIGHT else 92.0
    angle = np.deg2rad(settings.tilt_deg)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    steps = steps @ turn.T
    half = (np.array(settings.shape) - 1) / 2
    return affine_from_axes(centre - half @ steps, *steps)


def _thresholds(body: Body, density: float, seed: int) -> np.ndarray:
    """Score above which each breast is fibroglandular, so that the density comes out as wanted."""
    rng = np.random.default_rng([seed, 4])
    thresholds = []
    for breast in body.breasts:
        x, y, z = breast.centre_mm
        reach = (breast.half_width_mm + 10, breast.length_mm + 10, breast.upper_mm + 10)
        points = np.array([x, y, z]) + rng.uniform(-1, 1, (40000, 3)) * reach
        points = points[points[:, 0] * x > 0]
        scores = parenchyma_scores(
            points, body.fields, body.origin_mm, np.array(breast.nipple_mm), seed
        )
        thresholds.append(np.quantile(scores[scores > -9], 1 - density))
    return np.array(thresholds)


def _vessel_share(body: Body, affine: np.ndarray, settings: SimulationSettings) -> np.ndarray:
    """Share of breast vessel in each voxel, (S, R, C) uint8."""
    rng = np.random.default_rng([settings.seed, 2])
    capsules = internal_mammary_vessels(body)
    for breast in body.breasts:
        capsules += breast_vessels(body, breast, rng)
    share = np.zeros(settings.shape, np.uint8)
    draw_capsules(share, np.array(capsules), affine, np.linalg.inv(affine))
    return share


def simulate_exam(settings: SimulationSettings) -> SimulatedExam:
    """Simulate one dynamic contrast-enhanced exam.

    Parameters
    ----------
    settings : SimulationSettings
        For example ``DEMO``.

    Returns
    -------
    SimulatedExam
    """
    affine = exam_affine(settings)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in settings.shape])).reshape(3, -1).T
    box = to_lps(affine, corners)
    margin = np.array([220.0 if settings.side else 30.0, 150.0, 60.0])
    body = make_body(
        np.random.default_rng([settings.seed, 1]),
        low_mm=np.minimum(box.min(axis=0), -margin),
        high_mm=np.maximum(box.max(axis=0), margin),
    )
    rng = np.random.default_rng([settings.seed, 3])
    lesions = tuple(place_lesion(body, spec, rng) for spec in settings.lesions)
    if settings.side is not None:
        lesions = tuple(m for m in lesions if m.spec.side is settings.side)

    vessels = _vessel_share(body, affine, settings)
    shape = settings.shape
    signal = np.zeros((len(settings.times_s), *shape), np.float32)
    tissue, breast, labels = (np.zeros(shape, np.uint8) for _ in range(3))
    fgt = np.zeros(shape, bool)
    rows, spicules = lesion_table(lesions)
    render(
        signal,
        tissue,
        fgt,
        breast,
        labels,
        vessels,
        affine,
        body.fields,
        body.origin_mm,
        np.array([b.nipple_mm for b in body.breasts]),
        _thresholds(body, settings.density, settings.seed),
        rows,
        spicules,
        signal_table(settings, lesions),
        settings.fat_suppressed,
        settings.seed,
    )
    times = np.array(settings.times_s)
    measured = tuple(
        measure_lesion(n + 1, m, labels=labels, signal=signal, affine=affine, times_s=times)
        for n, m in enumerate(lesions)
    )
    phases, shifts = scan(signal, body, settings, affine)
    sides = [s for s in Laterality if settings.side in (None, s)]
    truth = Truth(
        breast=breast,
        fibroglandular=fgt,
        vessels=(vessels >= 128) & (labels == 0),
        lesions=labels,
        tissue=tissue,
        affine=affine,
        lesion_list=tuple(m for m in measured if m is not None),
        nipples_mm_lps={
            b.side: _nipple_tip(tissue, affine, b.nipple_mm)
            for b in body.breasts
            if b.side in sides
        },
        times_s=times,
        bolus_delay_s=settings.bolus_delay_s,
        shifts_mm=shifts,
        density_percent={
            s: 100 * float(fgt[breast == s].sum()) / max(1, int((breast == s).sum())) for s in sides
        },
        seed=settings.seed,
    )
    return SimulatedExam(_exam_record(settings, affine, phases), truth, settings)


def _nipple_tip(
    tissue: np.ndarray, affine: np.ndarray, apex_mm: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Frontmost point of the rendered nipple on the axis of the breast, mm LPS."""
    ahead = np.arange(0.0, 25.0, 0.25)
    points = np.array(apex_mm) + np.outer(ahead - 12.0, (0.0, -1.0, 0.0))
    index = np.rint(to_index(affine, points)).astype(int)
    seen = np.all((index >= 0) & (index < tissue.shape), axis=1)
    body = np.zeros(len(points), bool)
    body[seen] = tissue[tuple(index[seen].T)] > 0
    if not body.any():
        return apex_mm
    x, y, z = points[np.flatnonzero(body)[-1]]
    return float(x), float(y), float(z)


def _exam_record(settings: SimulationSettings, affine: np.ndarray, phases: np.ndarray) -> Exam:
    """The exam as a reader would return it."""
    record = SeriesRecord(
        uid=f"simulated-{settings.seed}",
        description="simulated dynamic series",
        role=SeriesRole.DYNAMIC,
        reason="simulated",
        used=True,
        n_images=phases.shape[0] * phases.shape[1],
        shape=settings.shape,
        spacing_mm=settings.spacing_mm,
        plane=settings.plane,
    )
    return Exam(
        series=(record,),
        dynamic=DynamicSeries(phases, affine, np.array(settings.times_s)),
        timing=Timing("simulation settings", "simulation settings", "simulation settings"),
        acquisition=Acquisition(
            manufacturer="mamri",
            model="digital breast",
            field_strength_t=settings.field_strength_t,
            tr_ms=settings.tr_ms,
            te_ms=settings.te_ms,
            flip_angle_deg=settings.flip_angle_deg,
            slice_thickness_mm=settings.spacing_mm[0],
            phase_duration_s=settings.phase_duration_s,
            fat_suppressed=settings.fat_suppressed,
            fat_suppression_source="simulation settings",
            contrast_agent="gadobutrol",
        ),
        study_instance_uid=_study_uid(settings),
    )


def _study_uid(settings: SimulationSettings) -> str:
    """Identifier under 2.25 that follows from the settings."""
    digest = hashlib.sha256(repr(settings).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"
