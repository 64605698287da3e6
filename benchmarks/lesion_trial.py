"""Detection and outlines of lesions on simulated women that no model was trained on.

    python benchmarks/lesion_trial.py make WORK --women 8     # exams, breasts, motion: once
    python benchmarks/lesion_trial.py judge WORK              # FROC, Dice, HD95, NSD by preset

Women are those of seeds from 810000 on, eight presets with women of their own; of each preset one
woman in four has no lesion. Of the dynamic series three phases are simulated: before contrast, the
one nearest to 90 s after it, and the last. Everything is a simulation result.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage, optimize

from mamri.findings import DetectionSettings, detect_findings, search_phases
from mamri.findings.complete_outlines import complete_outlines
from mamri.findings.learned_detection import (
    LearnedDetectionSettings,
    LesionNetwork,
    find_regions,
    label_regions,
)
from mamri.findings.lesion_confidence import FEATURES, LesionCalibration
from mamri.geometry import spacing_mm, to_anatomical
from mamri.geometry.resample import Interpolation, resample_like
from mamri.io.find_model import find_model
from mamri.io.record_json import record_from_json
from mamri.kinetics import kinetic_maps, subtraction
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.find_anatomy import find_anatomy
from mamri.pipeline.lesion_network import load_lesion_network
from mamri.pipeline.step_clock import StepClock
from mamri.records import Anatomy, DynamicSeries, Laterality, Volume
from mamri.registration import correct_motion
from mamri.segmentation import segment_vessels
from mamri.segmentation.lesion_stage import find_lesion_map
from mamri.simulation import PROTOCOLS, LesionMix, draw_woman, simulate_exam
from mamri.simulation.protocols import aimed_at
from mamri.simulation.sequences import Protocol

PRESETS = (
    "axial-fs", "axial-plain", "sagittal", "sagittal-corrected", "dixon", "ultrafast",
    "abbreviated", "coronal",
)  # fmt: skip
FIRST_SEED = 810_000
WITH_LESIONS = LesionMix(with_lesion=1.0, malignant=0.6, further_benign=1.0)
NORMAL = LesionMix(with_lesion=0.0, malignant=0.0, further_benign=0.0)


def short(protocol: Protocol) -> Protocol:
    """The protocol without what detection does not look at."""
    times = np.array(protocol.dynamic.times_s)
    after = times[times > 0]
    chosen = sorted({float(times[0]), float(after[np.argmin(abs(after - 90))]), float(after[-1])})
    dynamic = replace(protocol.dynamic, times_s=tuple(chosen))
    return replace(
        protocol, dynamic=dynamic, t2=None, diffusion=None, plain_t1=None, ultrafast=None
    )


def make(work: Path, women: int, presets: list[str]) -> None:
    """Simulate, find the breasts, correct motion, and keep what detection needs."""
    work.mkdir(parents=True, exist_ok=True)
    for number in range(women):
        for order, name in enumerate(PRESETS):
            seed = FIRST_SEED + 1000 * order + number
            path = work / f"{name}-{seed}.npz"
            if path.exists() or (presets and name not in presets):
                continue
            mix = NORMAL if number % 4 == 3 else WITH_LESIONS
            _make_one(path, seed, mix, name)


def _make_one(path: Path, seed: int, mix: LesionMix, name: str) -> None:
    woman = draw_woman(seed, mix)
    simulated = simulate_exam(woman, short(aimed_at(PROTOCOLS[name], woman)))
    exam = to_anatomical(simulated.exam)
    series = exam.dynamic
    anatomy, _, _ = find_anatomy(series.phase(0), AnalysisSettings(), StepClock())
    series, _, _ = correct_motion(series, anatomy.breast > 0, AnalysisSettings().motion)
    truth = simulated.truth
    # The truth lies on the stored grid; order is all that differs.
    lesions, breast = (
        resample_like(
            Volume(np.asarray(mask), truth.affine), series.phase(0),
            interpolation=Interpolation.NEAREST,
        ).array.astype(np.uint8)
        for mask in (truth.lesions, truth.breast)
    )  # fmt: skip
    about = [
        {
            "label": t.label, "side": t.side.name, "type": t.plan.type.value,
            "malignant": t.plan.malignant, "diameters_mm": t.diameters_mm,
            "volume_ml": t.volume_ml, "curve": t.curve and t.curve.value,
            "margin": t.plan.margin and t.plan.margin.value,
        }
        for t in truth.lesion_list
    ]  # fmt: skip
    partial = path.with_name(f".{path.name}.part.npz")
    np.savez_compressed(
        partial,
        series=np.asarray(series.array, np.float32),
        times_s=series.times_s,
        affine=series.affine,
        found_breast=anatomy.breast,
        skin=anatomy.skin,
        body=anatomy.body,
        fibroglandular=anatomy.fibroglandular,
        nipples=np.array([[int(s), *p] for s, p in anatomy.nipples_mm_lps.items()]),
        lesions=lesions,
        true_breast=breast,
        about=np.array(json.dumps(about)),
        category=np.array(simulated.woman.density_category),
    )
    partial.replace(path)
    print(path.name, len(about), "lesions", flush=True)


# Confidence, features and mask on the full grid.
Candidate = tuple[float, np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class Case:
    """An exam as `make` left it."""

    name: str
    preset: str
    phases: tuple[np.ndarray, np.ndarray, np.ndarray]
    series: DynamicSeries
    anatomy: Anatomy
    lesions: np.ndarray
    about: list[dict[str, Any]]
    n_breasts: int


def load_case(path: Path) -> Case:
    """Read what `make` left of one exam."""
    with np.load(path, allow_pickle=False) as stored:
        found = {name: stored[name] for name in stored.files}
    series = DynamicSeries(found["series"], found["affine"], found["times_s"])
    nipples = {Laterality(int(row[0])): tuple(map(float, row[1:])) for row in found["nipples"]}
    anatomy = Anatomy(
        found["found_breast"], found["fibroglandular"], found["skin"], found["body"],
        found["affine"], nipples, "benchmark",
    )  # fmt: skip
    about = json.loads(str(found["about"]))
    array = series.array
    return Case(
        name=path.stem,
        preset=path.stem.rsplit("-", 1)[0],
        phases=(array[0], array[1], array[-1]),
        series=series,
        anatomy=anatomy,
        lesions=found["lesions"],
        about=[a for a in about if np.any(found["lesions"] == a["label"])],
        n_breasts=len(set(np.unique(found["true_breast"])) - {0}),
    )


def candidates_of(case: Case, network: LesionNetwork) -> list[Candidate]:
    """Confidence, features and full-grid mask of every region of an exam."""
    settings = LearnedDetectionSettings()
    anatomy = case.anatomy
    seen = find_lesion_map(
        case.phases, anatomy.affine, anatomy.breast > 0, network.engine, overlap=settings.overlap
    )
    regions = find_regions(seen, anatomy, settings)
    features = [np.array(region.features) for region in regions]
    rated = sorted(
        ((float(network.calibration.confidence(f)), n) for n, f in enumerate(features)),
        reverse=True,
    )
    labels = label_regions([regions[n].candidate for _, n in rated], seen, anatomy, settings)
    enhancing = np.zeros_like(labels)
    for number, (_, _, mask) in enumerate(classical_candidates(case), start=1):
        enhancing[mask] = number
    labels = complete_outlines(labels, enhancing)
    rows = []
    for number, (confidence, n) in enumerate(rated, start=1):
        rows.append((confidence, features[n], labels == number))
    return [row for row in rows if row[2].any()]


def classical_candidates(case: Case) -> list[Candidate]:
    """The same of detection without learning; its rank stands for confidence."""
    maps, _, _ = kinetic_maps(case.series, mask=case.anatomy.breast > 0)
    phase = search_phases(case.series, maps, DetectionSettings())[0]
    rise = subtraction(case.series, phase).array
    vessels = segment_vessels(rise, case.anatomy.breast, case.anatomy.affine)
    found, _, _ = detect_findings(case.series, maps, case.anatomy, vessels)
    labels = np.asarray(found.array)
    return [
        (1 / (1 + n), np.zeros(len(FEATURES)), labels == n) for n in range(1, int(labels.max()) + 1)
    ]


def judge_case(case: Case, candidates: list[Candidate]) -> dict[str, Any]:
    """Which candidates hit which lesions, and how well their outlines fit."""
    spacing = spacing_mm(case.anatomy.affine)
    sizes = {a["label"]: int(np.sum(case.lesions == a["label"])) for a in case.about}
    rows = []
    for confidence, features, mask in candidates:
        inside = np.bincount(case.lesions[mask], minlength=256)
        hits = [
            label for label, size in sizes.items()
            if inside[label] >= 0.1 * size or inside[label] >= 0.5 * mask.sum()
        ]  # fmt: skip
        is_true = inside[1:].sum() >= 0.1 * mask.sum() and bool(hits)
        row = {
            "confidence": confidence,
            "features": features.tolist(),
            "hits": hits if is_true else [],
        }
        if is_true:
            best = max(hits, key=lambda label: inside[label])
            together = np.isin(case.lesions, hits)
            row |= {"best": best, **outline_scores(mask, together, spacing)}
        rows.append(row)
    return {
        "name": case.name, "preset": case.preset, "n_breasts": case.n_breasts,
        "lesions": case.about, "candidates": rows,
    }  # fmt: skip


def outline_scores(
    found: np.ndarray, truth: np.ndarray, spacing: tuple[float, float, float]
) -> dict[str, float]:
    """Dice, 95th percentile Hausdorff distance in mm, and surface Dice at 1 and 2 mm."""
    both = found | truth
    filled = np.argwhere(both)
    low, high = filled.min(0), filled.max(0) + 1
    box = tuple(slice(max(0, a - 3), b + 3) for a, b in zip(low, high, strict=True))
    found, truth = found[box], truth[box]
    distances = []
    for one, other in ((found, truth), (truth, found)):
        border = one & ~ndimage.binary_erosion(one)
        other_border = other & ~ndimage.binary_erosion(other)
        away = ndimage.distance_transform_edt(~other_border, sampling=spacing)
        distances.append(away[border])
    joined = np.concatenate(distances)
    return {
        "dice": float(2 * (found & truth).sum() / (found.sum() + truth.sum())),
        "hd95_mm": float(max(np.percentile(d, 95) for d in distances)),
        "nsd_1mm": float(np.mean(joined <= 1.0)),
        "nsd_2mm": float(np.mean(joined <= 2.0)),
    }


def froc(cases: list[dict[str, Any]], keep: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Sensitivity for lesions that `keep` takes, by false positives per breast."""
    breasts = sum(case["n_breasts"] for case in cases)
    lesions = [(i, a["label"]) for i, case in enumerate(cases) for a in case["lesions"] if keep(a)]
    best = dict.fromkeys(lesions, -1.0)
    false = []
    for i, case in enumerate(cases):
        for row in case["candidates"]:
            if not row["hits"]:
                false.append(row["confidence"])
            for label in row["hits"]:
                if (i, label) in best:
                    best[i, label] = max(best[i, label], row["confidence"])
    false.sort(reverse=True)
    found = np.array(list(best.values()))
    result: dict[str, Any] = {"lesions": len(lesions), "breasts": breasts}
    for rate in (0.125, 0.25, 0.5, 1.0, 2.0):
        allowed = int(rate * breasts)
        least = false[allowed] if allowed < len(false) else -1.0
        result[f"{rate:g}"] = _share(found > max(least, -0.5))
        result[f"at_{rate:g}"] = least
    result["all"] = _share(found > -0.5)
    result["false_all"] = len(false) / max(breasts, 1)
    return result


def _share(hit: np.ndarray) -> float:
    return float(np.mean(hit)) if hit.size else float("nan")


def report(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Tables by preset, size and type."""

    def large(a: dict[str, Any]) -> bool:
        return float(a["diameters_mm"][0]) >= 10

    groups: dict[str, Any] = {
        "all": froc(cases, lambda _: True),
        "10 mm and more": froc(cases, large),
    }
    for low, high in ((0, 5), (5, 10), (10, 20), (20, 999)):
        groups[f"{low} to {high} mm"] = froc(
            cases,
            lambda a, low=low, high=high: low <= a["diameters_mm"][0] < high,  # type: ignore[misc]
        )
    for kind in ("focus", "mass", "non_mass"):
        groups[kind] = froc(cases, lambda a, kind=kind: a["type"] == kind)  # type: ignore[misc]
    for preset in PRESETS:
        own = [case for case in cases if case["preset"] == preset]
        if own:
            groups[preset] = froc(own, large)
    return groups


def print_report(cases: list[dict[str, Any]], least: float) -> None:
    """Print the tables; outlines are those of findings at a confidence of `least` and more."""
    rates = ("0.125", "0.25", "0.5", "1", "2")
    print(
        f"{'group':>20} lesions breasts  " + "  ".join(f"@{r:>5}" for r in rates) + "    all  false"
    )
    for name, row in report(cases).items():
        values = "  ".join(f"{row[r]:6.3f}" for r in rates)
        print(f"{name:>20} {row['lesions']:7d} {row['breasts']:7d}  {values} {row['all']:6.3f} "
              f"{row['false_all']:6.2f}")  # fmt: skip
    normal = [case for case in cases if not case["lesions"]]
    n = sum(row["confidence"] >= least for case in normal for row in case["candidates"])
    breasts = sum(case["n_breasts"] for case in normal)
    print(f"women without lesions: {n} findings of confidence {least:.2f} in {breasts} breasts")
    for preset in (*PRESETS, "all"):
        rows = [
            row for case in cases if preset in (case["preset"], "all")
            for row in case["candidates"] if row["hits"] and row["confidence"] >= least
        ]  # fmt: skip
        if rows:
            told = ", ".join(
                f"{key} {np.median([row[key] for row in rows]):.2f}"
                for key in ("dice", "hd95_mm", "nsd_1mm", "nsd_2mm")
            )
            print(f"{preset:>20} {len(rows):4d} outlines, medians: {told}")


def rate_again(cases: list[dict[str, Any]], calibration: LesionCalibration) -> None:
    """Give every candidate the confidence of a calibration."""
    for case in cases:
        for row in case["candidates"]:
            row["confidence"] = float(calibration.confidence(np.array(row["features"])))


def fit_calibration(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Logistic function of the features, with a little shrinkage, and its operating points."""
    rows = [(row["features"], bool(row["hits"])) for case in cases for row in case["candidates"]]
    x = np.array([features for features, _ in rows])
    y = np.array([hit for _, hit in rows], float)

    def loss(w: np.ndarray) -> float:
        z = w[0] + x @ w[1:]
        return float(np.sum(np.logaddexp(0, z) - y * z) + 0.5 * np.sum(w[1:] ** 2))

    intercept, *coefficients = optimize.minimize(loss, np.zeros(1 + x.shape[1])).x.tolist()
    calibration = LesionCalibration(intercept, tuple(coefficients), {})
    rate_again(cases, calibration)
    whole = froc(cases, lambda _: True)
    points = {
        f"{rate:g}": float(np.clip(np.ceil(whole[f"at_{rate:g}"] * 1000) / 1000, 0, 1))
        for rate in (0.125, 0.25, 0.5, 1.0, 2.0)
    }
    return {
        "intercept": calibration.intercept,
        "coefficients": list(calibration.coefficients),
        "operating_points": points,
    }


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("make", "judge", "calibrate"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--women", type=int, default=8)
    parser.add_argument("--preset", action="append", default=[])
    parser.add_argument("--model", default="lesion", help="name or folder of a lesion model")
    parser.add_argument("--classical", action="store_true", help="judge detection without learning")
    parser.add_argument("--part", choices=("all", "first", "second"), default="all")
    parser.add_argument("--json", type=Path, help="keep what was found, and read it when there")
    parser.add_argument("--calibration", type=Path, help="calibration in place of the model's")
    options = parser.parse_args()
    if options.step == "make":
        make(options.work, options.women, options.preset)
        return
    network = None if options.classical else load_lesion_network(find_model(options.model))
    calibration = None if network is None else network.calibration
    if options.calibration:
        found = json.loads(options.calibration.read_text(encoding="utf-8"))
        calibration = record_from_json(LesionCalibration, found, "calibration")
    if options.json and options.json.exists():
        cases = json.loads(options.json.read_text(encoding="utf-8"))
    else:
        cases = []
        for path in sorted(options.work.glob("[!.]*.npz")):
            if options.preset and path.stem.rsplit("-", 1)[0] not in options.preset:
                continue
            case = load_case(path)
            found = classical_candidates(case) if network is None else candidates_of(case, network)
            cases.append(judge_case(case, found))
            print(path.stem, len(case.about), "lesions,", len(found), "candidates", flush=True)
        if options.json:
            options.json.write_text(json.dumps(cases, default=float), encoding="utf-8")
    if options.part != "all":  # the first four women of each preset calibrate, the others judge
        cases = [c for c in cases if (int(c["name"][-3:]) < 4) == (options.part == "first")]
    if options.step == "calibrate":
        print(json.dumps(fit_calibration(cases), indent=2))
        return
    least = 0.0
    if calibration is not None:
        rate_again(cases, calibration)
        least = calibration.least_confidence(0.5)
    print_report(cases, least)


if __name__ == "__main__":
    main()
