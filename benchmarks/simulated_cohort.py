"""A simulated cohort of three sites: exams, their analysis, a cohort table with the truth.

    python benchmarks/simulated_cohort.py WORK --women 34       # a site; once, goes on where it was

Each woman has two lesions in each breast, drawn by the published associations of class, looks,
kinetics, diffusion and biology (`mamri.simulation`). The outlines are the true ones: what is
trained on them is judged apart from detection. Everything is a simulation result.
"""

import argparse
import csv
from dataclasses import replace
from pathlib import Path

from descriptor_trial import draw_woman_with_two_a_side

from mamri.findings import CropSettings
from mamri.io.features_csv import features_csv
from mamri.io.lesion_crops import write_crop
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.analyze_exam import analyze_exam
from mamri.radiomics import RadiomicsSettings
from mamri.records import LabelMap
from mamri.simulation import PROTOCOLS, LesionMix, Protocol, TruthLesion, simulate_exam
from mamri.simulation.protocols import aimed_at

MIX = LesionMix(with_lesion=1.0, malignant=0.5, further_benign=0.0)


def site_protocols() -> dict[str, Protocol]:
    """Three hospitals: two vendors, two field strengths, with and without fat suppression.

    Voxels are a little larger than those of the presets, as in clinics with less time, which
    halves what a woman takes to simulate and to analyse.
    """
    return {
        "A": _coarser("axial-plain", (84, 320, 320), (1.9, 1.08, 1.08)),
        "B": _coarser("dixon", (100, 352, 352), (1.7, 1.0, 1.0)),
        "C": _coarser("axial-fs", (88, 320, 320), (2.0, 1.1, 1.1)),
    }


def _coarser(
    preset: str, shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]
) -> Protocol:
    protocol = PROTOCOLS[preset]
    dynamic, t2 = protocol.dynamic, protocol.t2
    assert t2 is not None, preset
    return replace(
        protocol,
        dynamic=replace(dynamic, grid=replace(dynamic.grid, shape=shape, spacing_mm=spacing_mm)),
        t2=replace(t2, grid=replace(t2.grid, shape=(42, 256, 256), spacing_mm=(4.0, 1.375, 1.375))),
        plain_t1=None,
        ultrafast=None,
    )


def make(work: Path, first_seed: int, women: int, part: int, parts: int) -> None:
    """Simulate and analyse women of the three sites in turn."""
    for number in range(part, 3 * women, parts):
        site = "ABC"[number % 3]
        folder = work / f"{site}-{first_seed + number}"
        if not (folder / "lesions.csv").exists():
            _make_one(folder, site, first_seed + number)


def _make_one(folder: Path, site: str, seed: int) -> None:
    woman = draw_woman_with_two_a_side(seed, None, MIX)
    simulated = simulate_exam(woman, aimed_at(site_protocols()[site], woman))
    truth = simulated.truth
    settings = AnalysisSettings(radiomics=RadiomicsSettings(), crops=CropSettings())
    result = analyze_exam(simulated.exam, settings, lesions=LabelMap(truth.lesions, truth.affine))
    folder.mkdir(parents=True, exist_ok=True)
    for crop in result.crops:
        write_crop(folder, crop)
    (folder / "features.csv").write_text(features_csv(result), encoding="utf-8", newline="")
    age = round(woman.age_years, 1)
    rows = [
        {
            "patient": f"sim-{seed}", "exam": folder.name, "visit": 1, "site": site,
            "scanner": simulated.exam.acquisition.model or site, "age": age,
            "side": finding.side.word, "result": folder.name, "finding": finding.id,
            **_outcomes(lesion),
        }
        for finding in result.findings
        for lesion in [_nearest(truth.lesion_list, finding.centroid_mm_lps)]
    ]  # fmt: skip
    partial = folder / ".lesions.part.csv"
    with partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(folder / "lesions.csv")
    print(folder.name, len(rows), {k: round(v, 1) for k, v in result.timings_s.items()}, flush=True)


def _nearest(
    lesions: tuple[TruthLesion, ...], centre_mm: tuple[float, float, float]
) -> TruthLesion:
    return min(
        lesions,
        key=lambda one: sum(
            (a - b) ** 2 for a, b in zip(one.centroid_mm_lps, centre_mm, strict=True)
        ),
    )


def _outcomes(lesion: TruthLesion) -> dict[str, object]:
    plan = lesion.plan
    biology = plan.biology
    subtype = biology.subtype if biology else None
    return {
        "malignant": int(plan.malignant),
        "subtype": subtype.value if subtype else "",
        "ki67_percent": round(biology.ki67_percent, 1) if biology else "",
        "node_positive": int(biology.node_positive) if biology else "",
        "in_situ": int(biology.in_situ) if biology else "",
        "true_type": plan.type.value,
        "true_diameter_mm": round(plan.diameter_mm, 1),
    }


def join(work: Path) -> Path:
    """Write ``cohort.csv`` of all exams that are there."""
    rows: list[dict[str, str]] = []
    for path in sorted(work.glob("*/lesions.csv")):
        with path.open(newline="", encoding="utf-8") as stream:
            rows += csv.DictReader(stream)
    table = work / "cohort.csv"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return table


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--first-seed", type=int, default=900000)
    parser.add_argument("--women", type=int, default=34, help="of each site")
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--parts", type=int, default=1)
    given = parser.parse_args()
    make(given.work, given.first_seed, given.women, given.part, given.parts)
    print(join(given.work))


if __name__ == "__main__":
    main()
