"""Axial pictures of perfusion and diffusion maps through a finding."""

import numpy as np

from mamri.records import ExamResult, Finding
from mamri.report.exam_windows import ExamWindows
from mamri.report.finding_pictures import finding_frame, finding_outlines
from mamri.report.picture import Picture, make_picture
from mamri.report.tiles import Frame, to_grey

# Windows of display, the same for every exam, so that pictures compare: breast cancers reach about
# 0.5 /min, and breast tissue lies between 0 and 2.5e-3 mm2/s (assumptions).
KTRANS_TOP, ADC_TOP = 0.5, 2.5
_FONT_PX = 15.0


def map_pictures(result: ExamResult, finding: Finding, windows: ExamWindows) -> tuple[Picture, ...]:
    """Ktrans over the early phase, and the ADC, as far as the exam has them.

    Parameters
    ----------
    result : ExamResult
    finding : Finding
    windows : ExamWindows
    """
    frame = finding_frame(result, finding)
    drawn = finding_outlines(result, finding, frame)
    return tuple(
        make_picture(
            pixels,
            frame,
            alt=f"Finding {finding.id}, axial plane, {heading}",
            heading=heading,
            font=_FONT_PX,
            outlines=drawn,
        )
        for heading, pixels in _layers(result, windows, frame)
    )


def _layers(result: ExamResult, windows: ExamWindows, frame: Frame) -> list[tuple[str, np.ndarray]]:
    layers = []
    ktrans, adc = result.maps.get("ktrans"), result.maps.get("adc")
    dynamic = result.exam.dynamic
    if ktrans is not None and dynamic is not None and windows.early is not None:
        early = frame.resample(frame.slice_of(dynamic.array[windows.early]))
        grey = np.repeat(to_grey(early, *windows.signal)[..., None] // 2, 3, axis=2)
        values = frame.slice_of(ktrans.array)
        known = frame.resample(np.isfinite(values).astype(np.float32), order=0) > 0
        share = frame.resample(np.nan_to_num(values), order=0) / KTRANS_TOP
        layers.append(
            (f"Ktrans, 0 to {KTRANS_TOP:g} /min", np.where(known[..., None], _hot(share), grey))
        )
    if adc is not None:
        values = frame.resample(np.nan_to_num(frame.slice_of(adc.array)))
        layers.append((f"ADC, 0 to {ADC_TOP:g} × 10⁻³ mm²/s", to_grey(values, 0.0, ADC_TOP)))
    return layers


def _hot(share: np.ndarray) -> np.ndarray:
    """Colours from black over red and yellow to white, (H, W, 3) uint8."""
    steps = 3 * np.clip(share, 0, 1)[..., None] - np.array([0.0, 1.0, 2.0])
    return np.asarray(255 * np.clip(steps, 0, 1), np.uint8)
