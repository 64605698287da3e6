"""Numbers and facts in the words of the page."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime

from mamri.records import (
    Coverage,
    DelayedPhase,
    ExamResult,
    Finding,
    InitialPhase,
    Laterality,
)
from mamri.report.curve_colours import WORD

MISSING = "–"
NARROW = "\N{NO-BREAK SPACE}"
ADC_UNIT = "× 10⁻³ mm²/s"

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_COVERAGE = {
    Coverage.BILATERAL: "both breasts",
    Coverage.RIGHT: "right breast",
    Coverage.LEFT: "left breast",
    Coverage.UNKNOWN: "side not determined",
}

_CHECKS = {
    "t2_bright_fluid": "Bright-fluid series",
    "multiphase_t1": "Phases",
    "early_post_contrast": "Early post-contrast time",
    "slice_thickness": "Slice thickness",
    "slice_gap": "Gap between slices",
    "in_plane_resolution": "Pixel spacing",
    "bilateral_coverage": "Coverage",
    "fat_suppression_or_subtraction": "Fat suppression or subtraction",
    "fat_suppression_agreement": "Fat suppression as recorded",
}


def number(value: float | None, digits: int = 0) -> str:
    """A number with so many decimals, true minus sign; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.lstrip("-")


def quantity(value: float | None, unit: str, digits: int = 0) -> str:
    """A number with its unit, kept on one line; a dash where there is none."""
    text = number(value, digits)
    return text if text == MISSING else f"{text}\N{NO-BREAK SPACE}{unit}"


def with_error(value: float | None, error: float | None, unit: str, digits: int = 0) -> str:
    """A value with its standard error, ± unknown where the error is not defined."""
    text = number(value, digits)
    if text == MISSING:
        return text
    known = error is not None and math.isfinite(error)
    doubt = number(error, digits) if known else "unknown"
    return f"{text} ± {doubt}{NARROW if unit else ''}{unit}"


def with_spread(value: float, sd: float, unit: str, digits: int = 0) -> str:
    """A mean with the standard deviation between voxels."""
    return f"{number(value, digits)} (sd {number(sd, digits)}){NARROW}{unit}"


def difference(value: float | None, unit: str, digits: int = 0) -> str:
    """A difference with its sign and unit; a dash where there is none."""
    text = quantity(value, unit, digits)
    return (
        f"+{text}"
        if value is not None and text[0].isdigit() and float(f"{value:.{digits}f}")
        else text
    )


def volume(value_ml: float) -> str:
    """A volume in ml: more decimals for small ones."""
    return quantity(value_ml, "ml", 0 if value_ml >= 100 else 1 if value_ml >= 10 else 2)


def diameters(values_mm: Iterable[float]) -> str:
    """Diameters, longest first, in whole millimetres."""
    text = " × ".join(number(value) for value in values_mm)
    return f"{text}\N{NO-BREAK SPACE}mm"


def clock(clock_face: str) -> str:
    """Clock face position in words."""
    return f"{clock_face} o'clock" if clock_face.isdigit() else clock_face


def location(finding: Finding) -> str:
    """Quadrant and clock face, once where both say the same."""
    if finding.quadrant == finding.clock_face:
        return finding.quadrant
    return f"{finding.quadrant}, {clock(finding.clock_face)}"


def initial(phase: InitialPhase | None) -> str:
    """Initial phase in a word."""
    return "undetermined" if phase is None else phase.value


def delayed(phase: DelayedPhase | None) -> str:
    """Delayed phase in a word."""
    return "undetermined" if phase is None else WORD[phase]


def coverage(value: Coverage) -> str:
    """Breasts in the field of view."""
    return _COVERAGE[value]


def check_name(name: str) -> str:
    """Title of an acquisition check."""
    return _CHECKS.get(name, name.replace("_", " ").capitalize())


def count_word(n: int) -> str:
    """A count in a word up to ten, in digits above."""
    return _COUNTS[n] if n < len(_COUNTS) else str(n)


def count(n: int, noun: str) -> str:
    """A count with its noun, which takes an s in the plural."""
    return f"{count_word(n)} {noun}{'' if n == 1 else 's'}"


def moment(iso: str) -> str:
    """A moment in words, UTC; as given where it is no ISO 8601 moment with a time zone."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    if when.tzinfo is None:
        return iso
    return f"{when.astimezone(UTC):%d %B %Y, %H:%M} UTC".lstrip("0")


def sentence(text: str) -> str:
    """Text with a capital first letter."""
    return text[:1].upper() + text[1:]


def headline(result: ExamResult) -> str:
    """What was found, in one sentence; no diagnosis."""
    dynamic = result.exam.dynamic
    if dynamic is None or not 0 < dynamic.n_pre < dynamic.n_phases:
        why = "phases before and after contrast are both needed"
        return f"Enhancement could not be assessed: {why}."
    if not result.findings:
        return "No enhancing finding was detected."
    sides = {side: sum(f.side is side for f in result.findings) for side in Laterality}
    total = sentence(count(len(result.findings), "enhancing finding"))
    if all(sides.values()):
        parts = " and ".join(f"{count_word(n)} {side.word}" for side, n in sides.items())
        return f"{total}: {parts}."
    only = next(side for side, n in sides.items() if n)
    return f"{total}, in the {only.word} breast."


def finding_line(finding: Finding) -> str:
    """Facts of one finding in a line."""
    kinetics = finding.kinetics
    return (
        f"{finding.side.word} breast, {location(finding)}: {diameters(finding.diameters_mm)}, "
        f"{volume(finding.volume_ml)}; initial phase {initial(kinetics.initial)}, delayed phase "
        f"{delayed(kinetics.delayed)}, peak enhancement "
        f"{quantity(kinetics.peak_enhancement_percent, '%')}."
    )


def composition_line(result: ExamResult) -> str:
    """Breast composition and background enhancement in a line; empty where not measured."""
    if not result.breasts:
        return ""
    parts = [
        f"{breast.side.word} breast: density category {breast.density_category} "
        f"({quantity(breast.density_percent, '%')} fibroglandular tissue), background enhancement "
        f"{breast.bpe_category}"
        for breast in result.breasts
    ]
    return sentence("; ".join(parts)) + "."
