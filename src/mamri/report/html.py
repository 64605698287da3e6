"""The report: one HTML file that opens without a network."""

from dataclasses import dataclass

import jinja2
import numpy as np

from mamri.records import (
    CheckStatus,
    DelayedPhase,
    ExamResult,
    Finding,
    InitialPhase,
    SeriesRecord,
)
from mamri.records.version import __version__
from mamri.report.curve_colours import RGB, WORD, curve_type_shares
from mamri.report.curve_figure import HEIGHT, WIDTH, CurveFigure, curve_figure
from mamri.report.exam_windows import ExamWindows, exam_windows
from mamri.report.finding_pictures import PlaneRow, finding_pictures
from mamri.report.methods_text import bibtex, methods_text
from mamri.report.projection_pictures import projection_pictures

# Findings beyond this number get a row in the table but no pictures (assumption: file size).
MOST_PICTURED = 8
_DASH = "\N{EN DASH}"
_CHECK_NAMES = {
    CheckStatus.PASSED: "met",
    CheckStatus.FAILED: "not met",
    CheckStatus.UNKNOWN: "not known",
}


@dataclass(frozen=True, slots=True)
class FindingSection:
    """What the page shows of one finding."""

    finding: Finding
    heading: str
    rows: tuple[PlaneRow, ...]
    curve: CurveFigure | None
    facts: tuple[tuple[str, str], ...]
    shares: tuple[tuple[str, str, int], ...]


def render_report(result: ExamResult, *, created: str) -> str:
    """Render the report of an exam.

    Parameters
    ----------
    result : ExamResult
    created : str
        Date and time, ISO 8601.

    Returns
    -------
    str
        One HTML document with pictures and styles inside; nothing is loaded from elsewhere.
    """
    windows = exam_windows(result)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mamri.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    methods = methods_text(result.provenance)
    return environment.get_template("report.html.j2").render(
        created=created.replace("T", " ").replace("+00:00", " UTC"),
        version=__version__,
        facts=_exam_facts(result),
        summary=_summary(result),
        caveats=result.caveats,
        breasts=_breast_rows(result),
        projections=projection_pictures(result),
        sections=_sections(result, windows),
        n_findings=len(result.findings),
        most_pictured=MOST_PICTURED,
        phases=_phase_rows(result),
        timing=result.exam.timing,
        series=[_series_row(record) for record in result.exam.series],
        checks=[(check, _CHECK_NAMES[check.status]) for check in result.checks],
        methods=methods,
        bibtex=bibtex(methods.references),
        settings=[(step.step, sorted(step.settings.items())) for step in result.provenance],
        curve_size=(WIDTH, HEIGHT),
        colours={phase.value: f"rgb{RGB[phase]}" for phase in DelayedPhase},
        timings=[(name, f"{seconds:.1f} s") for name, seconds in result.timings_s.items()],
    )


def number(value: float | None, unit: str = "", *, digits: int = 1) -> str:
    """Value with its unit, or a dash where it is undefined.

    Examples
    --------
    >>> number(3.14159, "ml", digits=2)
    '3.14 ml'
    >>> number(float("nan"), "ml") == _DASH
    True
    """
    if value is None or not np.isfinite(value):
        return _DASH
    return f"{value:.{digits}f}" + (f" {unit}" if unit else "")


def _exam_facts(result: ExamResult) -> list[tuple[str, str]]:
    exam = result.exam
    acquisition = exam.acquisition
    dynamic = exam.dynamic
    suppressed = {True: "yes", False: "no", None: "not recorded"}[acquisition.fat_suppressed]
    scanner = " ".join(part for part in (acquisition.manufacturer, acquisition.model) if part)
    facts = [
        ("Study", _short(exam.study_instance_uid)),
        ("Scanner", scanner or "not recorded"),
        ("Field strength", number(acquisition.field_strength_t, "T")),
        ("Plane", result.plane.value),
        ("Coverage", result.coverage.value),
        ("Fat suppression", suppressed),
    ]
    if dynamic is not None:
        spacing = np.linalg.norm(dynamic.affine[:3, :3], axis=0)
        size = " x ".join(str(n) for n in dynamic.array.shape[:0:-1])
        step = " x ".join(f"{d:.2f}" for d in spacing[::-1])
        posts = dynamic.n_phases - dynamic.n_pre
        facts += [
            ("Phases", f"{dynamic.n_pre} before, {posts} after contrast"),
            ("Matrix", size),
            ("Voxel", f"{step} mm"),
        ]
    return facts


def _short(uid: str | None) -> str:
    return "not recorded" if not uid else uid if len(uid) < 24 else f"...{uid[-12:]}"


def _summary(result: ExamResult) -> list[str]:
    """What was found, in plain sentences; no diagnosis."""
    if not result.exam.dynamic or result.exam.dynamic.n_phases < 2:
        return ["One phase only: breasts and fibroglandular tissue were measured, nothing else."]
    if not result.findings:
        return ["No enhancing finding of 3 mm or more was detected in the breasts."]
    lines = []
    for finding in result.findings:
        kinetics = finding.kinetics
        curve = "curve undefined"
        if kinetics.delayed is not None:
            initial = f"{kinetics.initial.value} initial rise, " if kinetics.initial else ""
            curve = f"{initial}{WORD[kinetics.delayed]}"
        lines.append(
            f"Finding {finding.id}: {finding.side.word} breast, {_place(finding)}, "
            f"{number(finding.diameters_mm[0], 'mm', digits=0)}, "
            f"{number(finding.volume_ml, 'ml', digits=2)}; {curve}."
        )
    return lines


def _place(finding: Finding) -> str:
    if finding.clock_face in ("", "central", "unknown"):
        return finding.quadrant
    return f"{finding.quadrant} quadrant, {finding.clock_face} o'clock"


def _breast_rows(result: ExamResult) -> list[tuple[str, ...]]:
    return [
        (
            breast.side.word,
            number(breast.volume_ml, "ml", digits=0),
            number(breast.fgt_ml, "ml", digits=0),
            number(breast.density_percent, "%"),
            breast.density_category,
            number(breast.bpe_percent, "%", digits=0),
            breast.bpe_category,
        )
        for breast in result.breasts
    ]


def _sections(result: ExamResult, windows: ExamWindows) -> list[FindingSection]:
    sections: list[FindingSection] = []
    for finding in result.findings:
        pictured = len(sections) < MOST_PICTURED
        sections.append(
            FindingSection(
                finding,
                f"Finding {finding.id}: {finding.side.word} breast, {_place(finding)}",
                finding_pictures(result, finding, windows) if pictured else (),
                curve_figure(finding.kinetics),
                _finding_facts(finding),
                _shares(result, finding),
            )
        )
    return sections


def _finding_facts(finding: Finding) -> tuple[tuple[str, str], ...]:
    kinetics = finding.kinetics
    diameters = " x ".join(f"{d:.0f}" for d in finding.diameters_mm)
    words = [part for part in (_word(kinetics.initial), _word(kinetics.delayed)) if part]
    described = finding.description.type
    facts = [
        ("Type", described if described != "undetermined" else "not determined"),
        ("Diameters", f"{diameters} mm"),
        ("Volume", number(finding.volume_ml, "ml", digits=2)),
        ("Distance to skin", number(finding.distance_mm.get("skin"), "mm", digits=0)),
        ("Distance to nipple", number(finding.distance_mm.get("nipple"), "mm", digits=0)),
        ("Distance to chest wall", number(finding.distance_mm.get("chest_wall"), "mm", digits=0)),
        ("Worst curve", ", ".join(words) or _DASH),
        ("Peak enhancement", number(kinetics.peak_enhancement_percent, "%", digits=0)),
        ("Signal enhancement ratio", number(kinetics.ser_mean, digits=2)),
        (
            "Voxels washing out",
            number(100 * kinetics.washout_fraction, "%", digits=0),
        ),
        ("Functional tumor volume", number(kinetics.ftv_ml, "ml", digits=2)),
    ]
    facts += [
        (a.target.replace("_", " "), f"{a.value} {a.unit}".strip()) for a in finding.assessments
    ]
    return tuple(facts)


def _word(phase: InitialPhase | DelayedPhase | None) -> str:
    if phase is None:
        return ""
    return WORD[phase] if isinstance(phase, DelayedPhase) else f"{phase.value} initial rise"


def _shares(result: ExamResult, finding: Finding) -> tuple[tuple[str, str, int], ...]:
    curve_types = result.maps.get("curve_type")
    if curve_types is None:
        return ()
    inside = curve_types.array[result.lesions.array == finding.id]
    shares = curve_type_shares(inside)
    return tuple((phase.value, WORD[phase], round(100 * share)) for phase, share in shares.items())


def _phase_rows(result: ExamResult) -> list[tuple[str, str, str]]:
    dynamic = result.exam.dynamic
    if dynamic is None or dynamic.n_phases < 2:
        return []
    windows = exam_windows(result)
    rows = []
    for index, time in enumerate(dynamic.times_s):
        kind = "before contrast" if time <= 0 else f"after contrast {index - dynamic.n_pre + 1}"
        kind += ", shown as early" if index == windows.early else ""
        rows.append((str(index + 1), f"{time:.0f} s", kind))
    return rows


def _series_row(record: SeriesRecord) -> tuple[str, ...]:
    spacing = "" if record.spacing_mm is None else " x ".join(f"{d:.2f}" for d in record.spacing_mm)
    shape = "" if record.shape is None else " x ".join(str(n) for n in record.shape)
    role = record.role.value.replace("_", " ")
    return (record.description or _DASH, role, "yes" if record.used else "no", shape, spacing,
            record.reason)  # fmt: skip
