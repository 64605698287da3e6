"""Numbers and facts in the words of the page."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from mamri.findings.lexicon import load_lexicon
from mamri.records import (
    UNDETERMINED,
    Assessment,
    Coverage,
    DelayedPhase,
    Description,
    ExamResult,
    Finding,
    FindingKinetics,
    FindingRelation,
    InitialPhase,
    Laterality,
    Measure,
    Status,
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

# Internal enhancement that is a noun of its own, such as dark internal septations.
_INTERNAL_NOUNS = ("enhancement", "septation")


@dataclass(frozen=True, slots=True)
class DescriptorRow:
    """One descriptor of a finding: its word, why there is none, and what it rests on."""

    title: str
    word: str
    reason: str
    measures: tuple[Measure, ...]


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
    looks = morphology(finding.description)
    return (
        f"{finding.side.word} breast, {location(finding)}: {looks + ', ' if looks else ''}"
        f"{diameters(finding.diameters_mm)}, {volume(finding.volume_ml)}; "
        f"initial phase {initial(kinetics.initial)}, delayed phase {delayed(kinetics.delayed)}, "
        f"peak enhancement {quantity(kinetics.peak_enhancement_percent, '%')}."
    )


def lesion_type(description: Description) -> str:
    """Type of a finding, with its shape, such as irregular mass; empty where undetermined."""
    words = (description.shape, description.type)
    if description.type == UNDETERMINED:
        return ""
    return " ".join(word for word in words if word != UNDETERMINED)


def morphology(description: Description) -> str:
    """Type, margin, distribution and inside of a finding; empty where all are undetermined."""
    shape = description.shape if description.type == UNDETERMINED else UNDETERMINED
    inside = description.internal_enhancement
    is_noun = any(noun in inside for noun in _INTERNAL_NOUNS)
    return _listed(
        lesion_type(description),
        _named(shape, "shape"),
        _named(description.margin, "margin"),
        _named(description.distribution, "distribution"),
        _named(inside, "" if is_noun else "enhancement"),
    )


def finding_sentence(finding: Finding) -> str:
    """A finding as a radiologist tells it: looks, place, size; kinetics; T2 signal and oedema.

    What is undetermined is left out.
    """
    description = finding.description
    oedema = "no" if description.oedema == "absent" else description.oedema
    size = diameters(finding.diameters_mm).replace(" ", NARROW)
    looks_place_size = _listed(
        morphology(description) or "enhancing finding",
        "central" if finding.quadrant == "central" else _named(finding.quadrant, "quadrant"),
        clock(finding.clock_face) if finding.clock_face.isdigit() else "",
        _named(finding.depth, "third"),
        size if all(map(math.isfinite, finding.diameters_mm)) else "",
    )
    signs = _listed(_named(description.t2_signal, "T2 signal"), _named(oedema, "oedema"))
    parts = (looks_place_size, _phases(finding.kinetics), signs)
    return sentence("; ".join(part for part in parts if part)) + "."


def _phases(kinetics: FindingKinetics) -> str:
    """Both phases of the worst curve, such as fast initial, wash-out delayed phase."""
    phases = _listed(
        "" if kinetics.initial is None else f"{kinetics.initial.value} initial",
        "" if kinetics.delayed is None else f"{WORD[kinetics.delayed]} delayed",
    )
    return f"{phases} phase" if phases else ""


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _named(word: str, noun: str) -> str:
    """A word before the noun it goes with; empty where the word is undetermined."""
    return "" if word == UNDETERMINED else f"{word} {noun}".strip()


def descriptor_rows(description: Description) -> tuple[DescriptorRow, ...]:
    """Descriptors of a finding that have a word, a reason or a measure, in the usual order.

    Those that are not asked of its type, such as the margin of non-mass enhancement, are left out.
    """
    rows = []
    lexicon = load_lexicon()
    is_typed = description.type != UNDETERMINED
    for name, title in lexicon.labels.items():
        word: str = getattr(description, name)
        reason = description.reasons.get(name, "") if word == UNDETERMINED else ""
        measures = tuple(m for m in description.measures if m.descriptor == name)
        # A descriptor of one type alone has measures where it is asked for.
        is_asked = not (is_typed and name in lexicon.applies_to)
        if word != UNDETERMINED or measures or (reason and is_asked):
            rows.append(DescriptorRow(title, word, reason, measures))
    return tuple(rows)


def measured(measure: Measure) -> str:
    """A measure with its value and unit; counts in whole numbers, a dash for no value."""
    value = measure.value
    if measure.unit:
        decimals = 2 if abs(value) < 1 else 1 if abs(value) < 10 else 0
        return f"{measure.name} {quantity(value, measure.unit, decimals)}"
    return f"{measure.name} {number(value, 0 if float(value).is_integer() else 2)}"


def limit_sources(description: Description) -> str:
    """Where the limits of the measures come from, each source with its measures."""
    names: dict[str, list[str]] = {}
    for measure in description.measures:
        if measure.source:
            names.setdefault(measure.source, []).append(measure.name)
    return "; ".join(f"{source} ({', '.join(dict.fromkeys(n))})" for source, n in names.items())


def relation(value: FindingRelation) -> str:
    """How a finding stands to the others of its breast; empty where nothing is known."""
    parts = [value.multiplicity]
    if value.nearest_id is not None:
        away = quantity(value.nearest_mm, "mm")
        parts.append(f"nearest: finding{NARROW}{value.nearest_id} at {away}")
    if value.satellites:
        parts.append(f"satellites: {', '.join(map(str, value.satellites))}")
    return "" if parts == [UNDETERMINED] else "; ".join(parts)


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


def scores(finding: Finding) -> list[Assessment]:
    """Scores that follow from a finding's description by published rules."""
    return [one for one in finding.assessments if one.target.startswith("kaiser")]


def predictions(finding: Finding) -> list[Assessment]:
    """Answers of models that a user trained."""
    return [one for one in finding.assessments if not one.target.startswith("kaiser")]


def predicted(answer: Assessment) -> str:
    """Answer of a model in words."""
    if answer.value is None:
        return "not decided" if answer.status is Status.OK else "no answer"
    if isinstance(answer.value, str):
        return answer.value.replace("_", " ")
    text = number(answer.value, 2)
    return f"{text}, {answer.unit}" if answer.unit == "probability" else f"{text} {answer.unit}"
