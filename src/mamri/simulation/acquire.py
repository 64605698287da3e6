"""Every series of a visit, with what a file header says of it."""

import numpy as np

from mamri.records import AcquiredSeries, Acquisition, SeriesRole
from mamri.simulation.scan import DynamicResult, Visit, scan_dynamic
from mamri.simulation.sequences import DynamicScan, FatHandling, GradientEcho, Grid, Protocol
from mamri.simulation.still_scans import scan_diffusion, scan_plain_t1, scan_t2

_T2_FLIP_DEG, _EPI_FLIP_DEG = 150.0, 90.0
_PLAIN_T1_S = 90.0  # how long before the dynamic series plain T1 begins (assumption)


def acquire(visit: Visit) -> tuple[tuple[AcquiredSeries, ...], DynamicResult]:
    """Every series of the protocol, in the order of the visit.

    Parameters
    ----------
    visit : Visit

    Returns
    -------
    series : tuple of AcquiredSeries
    dynamic : DynamicResult
        The conventional dynamic series with its mixture.
    """
    p = visit.protocol
    result = scan_dynamic(visit, p.dynamic, 0)
    series = [_t2(visit), _diffusion(visit), _plain_t1(visit, result)]
    series.append(_dynamic(p, p.dynamic, result.phases, "water" if result.dixon else ""))
    series += [_dixon_part(p, contrast, array) for contrast, array in result.dixon.items()]
    if p.ultrafast is not None:
        fast = scan_dynamic(visit, p.ultrafast, 4)
        series.append(_dynamic(p, p.ultrafast, fast.phases, "ultrafast"))
    return tuple(one for one in series if one is not None), result


def _acquisition(
    protocol: Protocol,
    grid: Grid,
    sequence: GradientEcho,
    duration_s: float | None = None,
) -> Acquisition:
    """Header of a series; other sequences are described by a gradient echo of their values."""
    return Acquisition(
        manufacturer="mamri",
        model="digital breast",
        field_strength_t=protocol.field_strength_t,
        tr_ms=sequence.tr_ms,
        te_ms=sequence.te_ms,
        flip_angle_deg=sequence.flip_angle_deg,
        slice_thickness_mm=grid.spacing_mm[0],
        phase_duration_s=duration_s,
        fat_suppressed=sequence.fat is not FatHandling.NONE,
        fat_suppression_source="simulation protocol",
        contrast_agent="gadobutrol",
    )


def _start_s(scan: DynamicScan) -> float:
    return scan.times_s[0] - scan.phase_duration_s / 2


def _dynamic(
    protocol: Protocol, scan: DynamicScan, phases: np.ndarray, contrast: str
) -> AcquiredSeries:
    return AcquiredSeries(
        SeriesRole.DYNAMIC,
        phases,
        scan.grid.affine(),
        _acquisition(protocol, scan.grid, scan.sequence, scan.phase_duration_s),
        _start_s(scan),
        times_s=np.array(scan.times_s),
        contrast=contrast,
    )


def _dixon_part(protocol: Protocol, contrast: str, array: np.ndarray) -> AcquiredSeries:
    """Fat, in-phase or opposed-phase image of the first phase."""
    scan = protocol.dynamic
    s = scan.sequence
    plain = GradientEcho(s.tr_ms, s.te_ms, s.flip_angle_deg, FatHandling.NONE)
    return AcquiredSeries(
        SeriesRole.DIXON,
        array,
        scan.grid.affine(),
        _acquisition(protocol, scan.grid, plain),
        _start_s(scan),
        contrast=contrast,
    )


def _plain_t1(visit: Visit, result: DynamicResult) -> AcquiredSeries | None:
    p = visit.protocol
    if p.plain_t1 is None:
        return None
    before = p.dynamic.times_s[0] - p.dynamic.phase_duration_s
    return AcquiredSeries(
        SeriesRole.T1_PRE,
        scan_plain_t1(visit, p.plain_t1, result.mixture, 3),
        p.dynamic.grid.affine(),
        _acquisition(p, p.dynamic.grid, p.plain_t1),
        before - _PLAIN_T1_S,
    )


def _t2(visit: Visit) -> AcquiredSeries | None:
    t2 = visit.protocol.t2
    if t2 is None:
        return None
    header = GradientEcho(t2.tr_ms, t2.te_ms, _T2_FLIP_DEG, t2.fat)
    return AcquiredSeries(
        SeriesRole.T2 if t2.inversion_time_ms is None else SeriesRole.STIR,
        scan_t2(visit, t2, 1),
        t2.grid.affine(),
        _acquisition(visit.protocol, t2.grid, header),
        t2.start_s,
        echo_train_length=t2.echo_train_length,
        inversion_time_ms=t2.inversion_time_ms,
    )


def _diffusion(visit: Visit) -> AcquiredSeries | None:
    d = visit.protocol.diffusion
    if d is None:
        return None
    header = GradientEcho(d.tr_ms, d.te_ms, _EPI_FLIP_DEG, FatHandling.SUPPRESSED)
    return AcquiredSeries(
        SeriesRole.DWI,
        scan_diffusion(visit, d, 2),
        d.grid.affine(),
        _acquisition(visit.protocol, d.grid, header),
        d.start_s,
        b_values=np.array(d.b_values),
        echo_train_length=int(d.grid.shape[1] / d.acceleration),
    )
