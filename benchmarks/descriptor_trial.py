"""Descriptors of simulated lesions whose looks are known.

    python benchmarks/descriptor_trial.py make WORK --first-seed 600000 --women 48   # once
    python benchmarks/descriptor_trial.py judge WORK                    # confusion tables

Each breast has two lesions, drawn by the published frequencies. The whole analysis up to the
findings is run: breasts, motion, lesion model. Everything is a simulation result.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from lesion_trial import outline_scores
from scipy import ndimage

from mamri.findings import describe_findings, measure_findings
from mamri.findings.lexicon import load_lexicon
from mamri.geometry import spacing_mm, to_anatomical, to_lps
from mamri.geometry.resample import Interpolation, resample_like
from mamri.kinetics import kinetic_maps
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.enhancing_regions import find_enhancing_regions
from mamri.pipeline.find_anatomy import find_anatomy
from mamri.pipeline.step_clock import StepClock
from mamri.records import (
    UNDETERMINED,
    Anatomy,
    DynamicSeries,
    Finding,
    LabelMap,
    Laterality,
    Volume,
)
from mamri.registration import correct_motion
from mamri.simulation import PROTOCOLS, LesionMix, draw_woman, simulate_exam
from mamri.simulation.draw_lesions import draw_lesions
from mamri.simulation.lesion_plan import LesionPlan
from mamri.simulation.protocols import aimed_at
from mamri.simulation.woman import Woman

PRESETS = (
    "axial-fs", "sagittal", "axial-plain", "axial-fs", "dixon", "sagittal-corrected", "ultrafast",
    "coronal",
)  # fmt: skip
ONE_LESION = LesionMix(with_lesion=1.0, malignant=0.55, further_benign=0.0)


def draw_woman_with_two_a_side(
    seed: int, side: Laterality | None, mix: LesionMix = ONE_LESION
) -> Woman:
    """A woman with two lesions in each breast, in opposite quadrants; `side` has them alone."""
    woman = draw_woman(seed, mix)
    rng = np.random.default_rng(seed)
    plans: list[LesionPlan] = []
    for own in Laterality if side is None else (side,):
        first, second = (draw_lesions(rng, mix)[0] for _ in range(2))
        lateral, up = (
            -float(np.copysign(max(abs(value), 0.3), value)) for value in (first.lateral, first.up)
        )
        second = replace(second, lateral=lateral, up=up)
        plans += [replace(plan, side=own, group=len(plans) + 1) for plan in (first, second)]
    return replace(woman, lesions=tuple(plans))


def make(work: Path, first_seed: int, women: int, part: int, parts: int) -> None:
    """Simulate exams and find what enhances in them."""
    work.mkdir(parents=True, exist_ok=True)
    for number in range(part, women, parts):
        name = PRESETS[number % len(PRESETS)]
        path = work / f"{name}-{first_seed + number}.npz"
        if not path.exists():
            _make_one(path, first_seed + number, name)


def _make_one(path: Path, seed: int, name: str) -> None:
    protocol = replace(PROTOCOLS[name], diffusion=None, plain_t1=None, ultrafast=None)
    side = (None, Laterality.RIGHT, Laterality.LEFT)[1 + seed % 2]
    if protocol.dynamic.grid.side is None:
        side = None
    woman = draw_woman_with_two_a_side(seed, side)
    simulated = simulate_exam(woman, aimed_at(protocol, woman))
    exam = to_anatomical(simulated.exam)
    series = exam.dynamic
    assert series is not None
    settings, clock = AnalysisSettings(), StepClock()
    anatomy, _, _ = find_anatomy(series.phase(0), settings, clock)
    series, _, _ = correct_motion(series, anatomy.breast > 0, settings.motion)
    maps, _, _ = kinetic_maps(series, settings.kinetics, mask=anatomy.breast > 0)
    found = find_enhancing_regions(series, maps, anatomy, settings, clock)
    truth = simulated.truth
    lesions = resample_like(
        Volume(np.asarray(truth.lesions), truth.affine), series.phase(0),
        interpolation=Interpolation.NEAREST,
    ).array.astype(np.uint8)  # fmt: skip
    # All that is described lies in and around the breasts; the chest is left out.
    wanted = (anatomy.breast > 0) | (lesions > 0) | (found.lesions.array > 0)
    margin = [int(np.ceil(30 / width)) for width in spacing_mm(series.affine)]
    box = tuple(
        slice(max(0, part.start - m), part.stop + m)
        for part, m in zip(ndimage.find_objects(wanted.astype(np.uint8))[0], margin, strict=True)
    )
    affine = series.affine.copy()
    affine[:3, 3] = to_lps(affine, np.array([part.start for part in box]))
    t2 = {} if exam.t2 is None else {"t2": exam.t2.array, "t2_affine": exam.t2.affine}
    partial = path.with_name(f".{path.name}.part.npz")
    np.savez(
        partial,
        series=np.rint(series.array[(slice(None), *box)]).astype(np.int16),
        times_s=series.times_s,
        affine=affine,
        breast=anatomy.breast[box],
        skin=anatomy.skin[box],
        body=anatomy.body[box],
        fibroglandular=anatomy.fibroglandular[box],
        vessels=found.vessels[box],
        nipples=np.array([[int(s), *p] for s, p in anatomy.nipples_mm_lps.items()]),
        found=found.lesions.array[box].astype(np.uint8),
        lesions=lesions[box],
        about=np.array(json.dumps([_about(t) for t in truth.lesion_list])),
        phases=np.array(found.phases),
        **t2,  # type: ignore[arg-type]
    )
    partial.replace(path)
    print(path.name, len(truth.lesion_list), "lesions", int(found.lesions.array.max()), "findings",
          flush=True)  # fmt: skip


def _about(lesion: Any) -> dict[str, Any]:
    plan = lesion.plan
    words = {
        name: None if value is None else value.value
        for name, value in {
            "type": plan.type, "shape": plan.shape, "margin": plan.margin,
            "internal": plan.internal, "distribution": plan.distribution, "curve": lesion.curve,
        }.items()
    }  # fmt: skip
    return words | {
        "label": lesion.label, "side": lesion.side.name, "malignant": plan.malignant,
        "oedema": plan.oedema, "diameter_mm": plan.diameter_mm, "group": plan.group,
        "diameters_mm": lesion.diameters_mm, "volume_ml": lesion.volume_ml,
        "delayed_change_percent": lesion.delayed_change_percent, "t2_ms": plan.tissue.t2_ms,
    }  # fmt: skip


Row = dict[str, Any]
# Descriptor, the word of the truth for each code of a lexicon, and whom it is asked of.
_TABLES: dict[str, tuple[str, ...]] = {
    "type": ("focus", "mass", "non_mass"),
    "margin": ("circumscribed", "irregular", "spiculated"),
    "rim": ("rim", "other"),
    "curve": ("persistent", "plateau", "washout"),
    "root sign": ("spiculated", "other"),
    "circumscribed": ("circumscribed", "other"),
    "shape": ("oval", "round", "irregular"),
    "internal": ("homogeneous", "heterogeneous", "rim", "dark_septa"),
    "clumped": ("clumped", "other"),
    "distribution": ("focal", "linear", "segmental", "regional", "diffuse"),
    "oedema": ("absent", "perifocal"),
}  # fmt: skip
LEAST_DICE = 0.4  # of a finding with the lesion that it is compared with


def judge(work: Path, keep: Path | None) -> list[Row]:
    """Describe every lesion twice: within its true outline and within the one that was found."""
    rows: list[Row] = []
    for path in sorted(work.glob("[!.]*.npz")):
        with np.load(path, allow_pickle=False) as stored:
            case = {name: stored[name] for name in stored.files}
        rows += judge_case(path.stem, case)
        print(path.stem, len(rows), flush=True)
    if keep:
        keep.write_text(json.dumps(rows), encoding="utf-8")
    return rows


def judge_case(name: str, case: dict[str, Any]) -> list[Row]:
    """Rows of one exam."""
    series = DynamicSeries(case["series"], case["affine"], case["times_s"])
    nipples = {
        Laterality(int(side)): (float(x), float(y), float(z)) for side, x, y, z in case["nipples"]
    }
    anatomy = Anatomy(
        case["breast"], case["fibroglandular"], case["skin"], case["body"], case["affine"],
        nipples, "benchmark",
    )  # fmt: skip
    t2 = Volume(case["t2"], case["t2_affine"]) if "t2" in case else None
    about = {a["label"]: a for a in json.loads(str(case["about"]))}
    rows = []
    for outline in ("true", "found"):
        array = case["lesions" if outline == "true" else "found"].astype(np.uint16)
        labels = LabelMap(array, case["affine"])
        maps, _, _ = kinetic_maps(series, mask=array > 0)
        findings = measure_findings(labels, series, maps, anatomy)
        vessels = case["vessels"] & (array == 0)
        findings = describe_findings(
            findings, labels, series, int(case["phases"][0]), anatomy, vessels=vessels, t2=t2
        )
        for finding in findings:
            mask = array == finding.id
            shared = np.bincount(case["lesions"][mask], minlength=256)
            shared[0] = 0
            label = int(shared.argmax())
            size = int(np.sum(case["lesions"] == label))
            dice = 2 * shared[label] / (np.count_nonzero(mask) + size)
            if label not in about:
                continue
            if dice >= LEAST_DICE:
                rows.append(_row(name, outline, about[label], finding))
            is_hit = shared[label] >= 0.1 * size or 2 * shared[label] >= np.count_nonzero(mask)
            if outline == "found" and is_hit:
                fit = outline_scores(mask, case["lesions"] == label, spacing_mm(case["affine"]))
                rows.append({"case": name, "outline": "fit", "truth": about[label], "fit": fit})
    return rows


def _row(name: str, outline: str, truth: Row, finding: Finding) -> Row:
    said = finding.description
    terms = load_lexicon().terms
    codes = {
        descriptor: {word: code for code, word in terms[descriptor].items()}.get(
            getattr(said, descriptor), UNDETERMINED
        )
        for descriptor in terms
    }
    measures = {f"{m.descriptor}: {m.name}": m.value for m in said.measures}
    curve = finding.kinetics.delayed
    return {
        "case": name, "outline": outline, "truth": truth, "measures": measures,
        "diameters_mm": finding.diameters_mm, "reasons": dict(said.reasons),
        "said": codes | {"curve": None if curve is None else curve.value},
    }  # fmt: skip


def _pair(table: str, row: Row) -> tuple[str, str] | None:
    """True and said answer of a row for one table; None where it is not asked."""
    truth, said = row["truth"], row["said"]
    longest = truth["diameters_mm"][0]
    is_mass = truth["type"] == "mass" and longest >= 5

    def two(value: str | None, one: str) -> str:
        return one if value == one else UNDETERMINED if value == UNDETERMINED else "other"

    if table == "type":
        return ("focus" if longest < 5 else truth["type"]), said["type"]
    if table == "curve":
        return (truth["curve"], said["curve"] or UNDETERMINED) if truth["curve"] else None
    if table == "oedema":
        return ("perifocal" if truth["oedema"] else "absent"), said["oedema"]
    if table == "distribution":
        is_asked = truth["type"] == "non_mass" and said["type"] == "non_mass"
        return (truth["distribution"], said["distribution"]) if is_asked else None
    if table == "internal":
        is_asked = longest >= 5 and truth["type"] == said["type"] == "mass"
        return (truth["internal"], said["internal_enhancement"]) if is_asked else None
    if table == "clumped":
        is_asked = truth["type"] == said["type"] == "non_mass"
        pieces = truth["internal"] in ("clumped", "clustered_ring")
        told = "clumped" if said["internal_enhancement"] == "clumped" else "other"
        return ("clumped" if pieces else "other", told) if is_asked else None
    if not is_mass:
        return None
    # What is not called a mass has no margin: undetermined.
    if table == "rim":
        return two(truth["internal"], "rim"), two(said["internal_enhancement"], "rim")
    if table == "root sign":
        return two(truth["margin"], "spiculated"), two(said["margin"], "spiculated")
    if table == "circumscribed":
        return two(truth["margin"], "circumscribed"), two(said["margin"], "circumscribed")
    return truth[table], said[table]


def report(rows: list[Row]) -> None:
    """Print confusion tables: a row a true answer, the last column undetermined."""
    for outline in ("true", "found"):
        own = [row for row in rows if row["outline"] == outline]
        print(f"== {outline} outlines: {len(own)} lesions")
        for table, answers in _TABLES.items():
            pairs = [pair for row in own if (pair := _pair(table, row)) is not None]
            told = _balanced(pairs, answers, decided=True)
            whole = _balanced(pairs, answers, decided=False)
            n_open = sum(said == UNDETERMINED for _, said in pairs)
            print(f"{table}: {len(pairs)} lesions, balanced accuracy {told:.2f} of the decided, "
                  f"{whole:.2f} with undetermined as wrong; {n_open} undetermined")  # fmt: skip
            for true in answers:
                counts = [pairs.count((true, said)) for said in (*answers, UNDETERMINED)]
                if sum(counts):
                    print(f"    {true:>15} " + " ".join(f"{n:5d}" for n in counts))


def report_outlines(rows: list[Row]) -> None:
    """Print how well the outlines that hit a lesion fit it, by type and size; medians."""
    fits = [row for row in rows if row["outline"] == "fit"]
    groups = [
        (f"{low} to {high} mm", [r for r in fits if low <= r["truth"]["diameters_mm"][0] < high])
        for low, high in ((0, 10), (10, 20), (20, 40), (40, 999))
    ]
    groups += [(kind, [r for r in fits if r["truth"]["type"] == kind]) for kind in _TABLES["type"]]
    print("== outlines of findings that hit a lesion, medians")
    for name, own in groups:
        if own:
            told = ", ".join(
                f"{key} {np.median([row['fit'][key] for row in own]):.2f}"
                for key in ("dice", "hd95_mm", "nsd_1mm", "nsd_2mm")
            )
            print(f"{name:>12}: {len(own)} lesions, {told}")


def _balanced(pairs: list[tuple[str, str]], answers: tuple[str, ...], *, decided: bool) -> float:
    """Mean over the true answers of the share that was said."""
    shares = []
    for true in answers:
        own = [said for t, said in pairs if t == true and (said != UNDETERMINED or not decided)]
        if own:
            shares.append(own.count(true) / len(own))
    return float(np.mean(shares)) if shares else float("nan")


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("make", "judge"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--first-seed", type=int, default=600_000)
    parser.add_argument("--women", type=int, default=48)
    parser.add_argument("--part", type=int, default=0, help="make every PARTS-th woman from here")
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--json", type=Path, help="keep every number that was measured")
    options = parser.parse_args()
    if options.step == "judge":
        rows = judge(options.work, options.json)
        report(rows)
        report_outlines(rows)
        return
    make(options.work, options.first_seed, options.women, options.part, options.parts)


if __name__ == "__main__":
    main()
