"""The report: one HTML file that holds everything and asks the network for nothing."""

from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from mamri.geometry import spacing_mm
from mamri.records import (
    ALL_SIMULATED,
    CheckStatus,
    DelayedPhase,
    ExamResult,
    Finding,
)
from mamri.records.version import __version__
from mamri.report import wording
from mamri.report.anatomy_pictures import anatomy_pictures
from mamri.report.curve_colours import RGB, WORD, curve_type_shares
from mamri.report.curve_figure import HEIGHT, WIDTH, CurveFigure, curve_figure
from mamri.report.exam_windows import ExamWindows, exam_windows
from mamri.report.finding_pictures import PlaneRow, finding_pictures
from mamri.report.map_pictures import map_pictures
from mamri.report.methods_text import bibtex, methods_text
from mamri.report.picture import Picture
from mamri.report.projection_pictures import projection_pictures

# Findings beyond this are listed without pictures, so that the file stays below 6 MB; they come
# in order of conspicuity. Assumption: a reader wants no more pages.
MOST_ILLUSTRATED = 12


@dataclass(frozen=True, slots=True)
class Share:
    """Share of one curve type in a finding."""

    word: str
    percent: float
    colour: str


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Everything the page shows of one finding."""

    finding: Finding
    rows: tuple[PlaneRow, ...]
    curve: CurveFigure | None
    shares: tuple[Share, ...]
    maps: tuple[Picture, ...]


def render_report(result: ExamResult, *, created: str) -> str:
    """Write the report of an analysis as one self-contained HTML document.

    Parameters
    ----------
    result : ExamResult
    created : str
        Moment of the analysis, ISO 8601, printed as given.

    Returns
    -------
    str
        HTML. Pictures are embedded; nothing is loaded from elsewhere; every text of the input
        (such as series descriptions) is escaped.
    """
    windows = exam_windows(result)
    methods = methods_text(result.provenance)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            result=result,
            created=created,
            version=__version__,
            windows=windows,
            facts=_exam_facts(result),
            phases=_phases(result, windows),
            anatomy=anatomy_pictures(result, windows),
            projections=projection_pictures(result),
            pages=[
                _page(result, finding, windows) for finding in result.findings[:MOST_ILLUSTRATED]
            ],
            most_illustrated=MOST_ILLUSTRATED,
            failed=[c for c in result.checks if c.status is CheckStatus.FAILED],
            unknown=[c for c in result.checks if c.status is CheckStatus.UNKNOWN],
            is_demonstration=any(
                ALL_SIMULATED in a.evidence for f in result.findings for a in f.assessments
            ),
            has_predictions=any(wording.predictions(f) for f in result.findings),
            methods=methods,
            bibtex=bibtex(methods.references),
            curve_size=(WIDTH, HEIGHT),
            legend=[(WORD[phase], _css(phase)) for phase in DelayedPhase],
            curve_colours={phase: _css(phase) for phase in DelayedPhase},
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mamri.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["w"] = wording
    return environment


def _page(result: ExamResult, finding: Finding, windows: ExamWindows) -> FindingPage:
    types = result.maps.get("curve_type")
    shares = {}
    if types is not None:
        shares = curve_type_shares(types.array[result.lesions.array == finding.id])
    return FindingPage(
        finding=finding,
        rows=finding_pictures(result, finding, windows),
        curve=curve_figure(finding.kinetics),
        shares=tuple(
            Share(WORD[phase], 100.0 * share, _css(phase)) for phase, share in shares.items()
        ),
        maps=map_pictures(result, finding, windows),
    )


def _css(phase: DelayedPhase) -> str:
    return "rgb({} {} {})".format(*RGB[phase])


def _exam_facts(result: ExamResult) -> list[tuple[str, str]]:
    """Name and value of the facts in the head of the page, unknown ones left out."""
    exam, acquisition = result.exam, result.exam.acquisition
    uid = exam.study_instance_uid
    scanner = " ".join(part for part in (acquisition.manufacturer, acquisition.model) if part)
    field = acquisition.field_strength_t
    fat = {True: "yes", False: "no", None: "not recorded"}[exam.fat_suppressed]
    if acquisition.fat_suppressed is None and exam.fat_suppressed is not None:
        fat += ", by the image"
    facts = [
        ("Study", f"…{uid[-16:]}" if uid and len(uid) > 16 else uid or "no DICOM study"),
        ("Acquisition", f"{result.plane.value}, {wording.coverage(result.coverage)}"),
        ("Phases", _phase_fact(result)),
        ("Voxels (R–L × A–P × F–H)", _voxel_fact(result)),
        ("Scanner", scanner),
        ("Field strength", "" if field is None else f"{field:g} T"),
        ("Fat suppression", fat),
        ("Contrast agent", acquisition.contrast_agent or ""),
        ("Bright-fluid series", "" if exam.t2 is None else "present"),
    ]
    return [(name, value) for name, value in facts if value]


def _phase_fact(result: ExamResult) -> str:
    dynamic = result.exam.dynamic
    if dynamic is None:
        return "none"
    post = dynamic.times_s[dynamic.n_pre :]
    text = f"{dynamic.n_pre} before, {len(post)} after contrast"
    if len(post) == 0:
        return text
    last = wording.quantity(float(post[-1]), "s")
    return f"{text}, at {last}" if len(post) == 1 else f"{text}, {post[0]:.0f} to {last}"


def _voxel_fact(result: ExamResult) -> str:
    dynamic = result.exam.dynamic
    if dynamic is None:
        return ""
    dz, dy, dx = spacing_mm(dynamic.affine)
    return f"{dx:.2f} × {dy:.2f} × {dz:.2f} mm"


def _phases(result: ExamResult, windows: ExamWindows) -> list[tuple[int, str, str]]:
    """Number, time and use of each phase."""
    dynamic = result.exam.dynamic
    if dynamic is None:
        return []
    rows = []
    for i, time in enumerate(dynamic.times_s):
        use = "baseline" if i in windows.pre else ""
        if i == windows.early:
            use = "early"
        elif i == windows.late:
            use = "late"
        # The time of a single phase is nominal: there is no injection to count from.
        when = "not timed" if result.exam.timing is None else wording.quantity(float(time), "s")
        rows.append((i + 1, when, use))
    return rows
