"""A whole simulated exam, from a woman and a protocol to the records and their truth."""

import hashlib
from dataclasses import dataclass

import numpy as np

from mamri.geometry import to_index
from mamri.records import (
    AcquiredSeries,
    DiffusionSeries,
    DynamicSeries,
    Exam,
    Laterality,
    SeriesRecord,
    SeriesRole,
    Timing,
    Volume,
)
from mamri.simulation.acquire import acquire
from mamri.simulation.condition import ScanCondition, draw_condition
from mamri.simulation.digital_body import DigitalBody, build_body
from mamri.simulation.mixture import TissueMixture
from mamri.simulation.scan import DynamicResult, Visit, begin_visit, on_resonance_gains
from mamri.simulation.sequences import Protocol
from mamri.simulation.signal_tables import concentrations, gradient_echo_tables
from mamri.simulation.truth import Truth, measure_lesion
from mamri.simulation.voxel_signals import voxel_signals
from mamri.simulation.woman import Woman


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedExam:
    """An exam with its truth.

    Parameters
    ----------
    exam : Exam
        As a reader would return it: int16 phases in the stored order.
    series : tuple of AcquiredSeries
        Everything that was acquired.
    truth : Truth
    mixture : TissueMixture
        What each voxel of the dynamic series is made of, in the position of its first phase.
    woman : Woman
    protocol : Protocol
    """

    exam: Exam
    series: tuple[AcquiredSeries, ...]
    truth: Truth
    mixture: TissueMixture
    woman: Woman
    protocol: Protocol


def simulate_exam(
    woman: Woman,
    protocol: Protocol,
    *,
    seed: int | None = None,
    condition: ScanCondition | None = None,
) -> SimulatedExam:
    """Simulate one exam of one woman.

    Parameters
    ----------
    woman : Woman
        For example ``draw_woman(1)``.
    protocol : Protocol
        For example ``PROTOCOLS["axial-fs"]``.
    seed : int or None
        Of everything that differs between two visits of the same woman; None for her own.
    condition : ScanCondition or None
        None draws one.

    Returns
    -------
    SimulatedExam
        Same arguments, same voxels.
    """
    seed = woman.seed if seed is None else seed
    condition = condition or draw_condition(seed)
    digital = build_body(woman)
    visit = begin_visit(digital, protocol, condition, seed)
    series, dynamic = acquire(visit)
    study = _study_uid(woman, protocol, condition, seed)
    return SimulatedExam(
        exam=_exam_record(protocol, series, study),
        series=series,
        truth=_truth(visit, dynamic, seed),
        mixture=dynamic.mixture,
        woman=woman,
        protocol=protocol,
    )


def _truth(visit: Visit, dynamic: DynamicResult, seed: int) -> Truth:
    mixture, scan, digital = dynamic.mixture, visit.protocol.dynamic, visit.digital
    times = np.array(scan.times_s)
    counts = np.bincount(mixture.lesions.ravel(), minlength=len(digital.lesions) + 1)
    measured = tuple(
        measure_lesion(
            n,
            lesion,
            labels=mixture.lesions,
            curve=_curve(visit, mixture, n),
            affine=mixture.affine,
            times_s=times,
        )
        for n, lesion in enumerate(digital.lesions, start=1)
        if counts[n] >= 2
    )
    sides = [s for s in Laterality if scan.grid.side in (None, s)]
    return Truth(
        breast=mixture.breast,
        fibroglandular=mixture.fibroglandular,
        vessels=mixture.vessels,
        lesions=mixture.lesions,
        tissue=mixture.tissue,
        affine=mixture.affine,
        lesion_list=measured,
        nipples_mm_lps={s: _nipple_tip(digital, mixture, s) for s in sides},
        times_s=times,
        woman=visit.digital.woman,
        shifts_mm=dynamic.poses.shifts_mm,
        density_percent={s: _density(mixture, s) for s in sides},
        seed=seed,
    )


def _density(mixture: TissueMixture, side: Laterality) -> float:
    breast = mixture.breast == side
    inside = mixture.fibroglandular & breast
    return 100 * float(inside.sum()) / max(1, int(breast.sum()))


def _curve(visit: Visit, mixture: TissueMixture, label: int) -> np.ndarray:
    """Mean noise-free signal of a lesion in each phase, (T,) a.u."""
    scan = visit.protocol.dynamic
    where = mixture.lesions == label
    amounts = concentrations(visit.codes, np.array(scan.times_s), visit.bolus_delay_s)
    water_gain, fat_gain, phase = on_resonance_gains(visit, scan.sequence)
    curve = []
    for amount in amounts:
        tables = gradient_echo_tables(
            visit.codes, amount, scan.sequence, visit.protocol.field_strength_t
        )
        water, fat = voxel_signals(mixture, where, tables)
        water, fat = water * water_gain, fat * fat_gain
        curve.append(float(np.mean(np.sqrt(water**2 + fat**2 + 2 * water * fat * phase))))
    return np.array(curve)


def _nipple_tip(
    digital: DigitalBody, mixture: TissueMixture, side: Laterality
) -> tuple[float, float, float]:
    """Frontmost point of the rendered nipple on the axis of the breast, mm LPS."""
    apex = digital.body.breast(side).nipple_mm
    ahead = np.arange(0.0, 25.0, 0.25)
    points = np.array(apex) + np.outer(ahead - 12.0, (0.0, -1.0, 0.0))
    index = np.rint(to_index(mixture.affine, points)).astype(int)
    seen = np.all((index >= 0) & (index < mixture.shape), axis=1)
    body = np.zeros(len(points), bool)
    body[seen] = mixture.tissue[tuple(index[seen].T)] > 0
    if not body.any():
        return apex
    x, y, z = points[np.flatnonzero(body)[-1]]
    return float(x), float(y), float(z)


def _exam_record(protocol: Protocol, series: tuple[AcquiredSeries, ...], study: str) -> Exam:
    """The exam as a reader would return it."""
    dynamic = next(s for s in series if s.role is SeriesRole.DYNAMIC and s.contrast != "ultrafast")
    t2 = next((s for s in series if s.role in (SeriesRole.T2, SeriesRole.STIR)), None)
    dwi = next((s for s in series if s.role is SeriesRole.DWI), None)
    assert dynamic.times_s is not None, "a dynamic series has times"
    source = "simulation protocol"
    diffusion = None
    if dwi is not None and dwi.b_values is not None:
        diffusion = DiffusionSeries(dwi.array, dwi.affine, dwi.b_values)
    return Exam(
        series=tuple(_series_record(s, n, dynamic, t2, dwi) for n, s in enumerate(series)),
        dynamic=DynamicSeries(dynamic.array, dynamic.affine, dynamic.times_s),
        timing=Timing(source, source, source),
        acquisition=dynamic.acquisition,
        study_instance_uid=study,
        diffusion=diffusion,
        t2=None if t2 is None else Volume(t2.array[0], t2.affine),
    )


def _series_record(
    series: AcquiredSeries, number: int, *used: AcquiredSeries | None
) -> SeriesRecord:
    n, s, r, c = series.array.shape
    ds, dr, dc = (float(v) for v in np.linalg.norm(series.affine[:3, :3], axis=0))
    return SeriesRecord(
        uid=f"simulated-{number}",
        description=f"simulated {series.role.value} {series.contrast}".strip(),
        role=series.role,
        reason="simulated",
        used=any(series is other for other in used),
        n_images=n * s,
        shape=(s, r, c),
        spacing_mm=(ds, dr, dc),
    )


def _study_uid(woman: Woman, protocol: Protocol, condition: ScanCondition, seed: int) -> str:
    """Identifier under 2.25 that follows from what is simulated."""
    parts = (woman.seed, woman.lesions, woman.density, protocol, condition, seed)
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"
