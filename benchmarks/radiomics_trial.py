"""Radiomics: values of IBSI-1, what differs from pyradiomics, time and memory, and stability.

    python benchmarks/radiomics_trial.py ibsi           # passes per table
    python benchmarks/radiomics_trial.py pyradiomics    # each value of breast1, and why
    NUMBA_NUM_THREADS=1 python benchmarks/radiomics_trial.py time CASES  # one core
    python benchmarks/radiomics_trial.py stability CASES [--lesions 40] [--csv OUT.csv]

Phantoms and baselines are read from the shared data (`MAMRI_SHARED_DATA`). CASES is the folder that
`lesion_trial.py make` writes: simulated women, whose figures are results of a simulation. Perfusion
and diffusion are not simulated there; for the time, the kinetic maps stand in for their five maps.
Stability: each repeat draws outline and noise anew (`perturb_region`, default settings) for the
phase nearest to 90 s after the injection; a feature is stable where the lower end of the 95 %
interval of its ICC(2,1) reaches the threshold.
"""

import argparse
import csv
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from mamri.geometry import spacing_mm
from mamri.kinetics import kinetic_maps
from mamri.pipeline.finding_radiomics import measure_radiomics
from mamri.radiomics import (
    TEXTURE_FAMILIES,
    ExtractionSettings,
    FeatureFamily,
    PerturbationSettings,
    RadiomicsSettings,
    StabilitySettings,
    extract_features,
    feature_stability,
    perturb_region,
)
from mamri.records import (
    Anatomy,
    DynamicSeries,
    Finding,
    FindingKinetics,
    LabelMap,
    Laterality,
    Status,
    Volume,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from radiomics.pyradiomics_baselines import compare, read_baselines
from radiomics.reference_values import CONFIGURATIONS, computed, misses, read_table

SHARED = Path(
    os.environ.get("MAMRI_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
).resolve()
FEWEST_VOXELS = 200
# Brought into the range of the map they stand for.
STAND_INS = {
    "ktrans": ("wash_in_slope", 0.002),
    "kep": ("peak_enhancement", 0.005),
    "ve": ("percent_enhancement", 0.002),
    "vp": ("percent_enhancement", 0.001),
    "adc": ("peak_enhancement", 0.01),
}


def ibsi() -> None:
    """Count the values of each table that are reached, and list those that are not."""
    for name, configuration in CONFIGURATIONS.items():
        table = read_table(SHARED / "ibsi", configuration.table)
        begin = time.perf_counter()
        ours = computed(SHARED / "ibsi", configuration)
        missed = misses(ours, table)
        seconds = time.perf_counter() - begin
        print(f"{name}: {len(table) - len(missed)} of {len(table)} values, {seconds:.2f} s")
        for tag, (value, reference, tolerance) in missed.items():
            print(f"  {tag}: {value}, reference {reference} within {tolerance}")


def pyradiomics() -> None:
    """Print every baseline beside our value and the reason of the difference."""
    baselines, image, mask, spacing = read_baselines(SHARED / "pyradiomics")
    rows = compare(baselines, image, mask, spacing)
    print("| pyradiomics | its value | ours | difference | why |\n|---|---|---|---|---|")
    for row in rows:
        ours = "-" if row.ours is None else f"{row.ours:.6g}"
        apart = "-" if row.ours is None else f"{row.relative_difference:+.1e}"
        print(f"| {row.name} | {row.baseline:.6g} | {ours} | {apart} | {row.reason} |")
    kinds = Counter(row.reason or "equal" for row in rows)
    print(*(f"{count} {kind}" for kind, count in kinds.items()), sep="\n")


def measure_time(cases: Path) -> None:
    """Time the three largest findings of the first case that has them, all images present."""
    series, anatomy, lesions = _three_lesions(cases)
    maps, _, _ = kinetic_maps(series, mask=anatomy.breast > 0)
    volumes = {name.removesuffix("_s"): volume for name, volume in maps.volumes().items()}
    volumes |= {
        name: Volume(volumes[other].array * factor, series.affine)
        for name, (other, factor) in STAND_INS.items()
    }
    findings = tuple(_finding(lesions, number, anatomy) for number in (1, 2, 3))
    settings = RadiomicsSettings()
    label_map = LabelMap(lesions, series.affine)
    before = _peak_mb()
    for run in ("first", "second", "third"):
        begin = time.perf_counter()
        found, _, _ = measure_radiomics(
            series, maps.late_phase, volumes, anatomy, label_map, findings, settings
        )
        seconds = time.perf_counter() - begin
        print(f"{run} run: {seconds:.2f} s for {len(found)} findings")
    for finding in found:
        values = finding.radiomics.columns().values() if finding.radiomics else ()
        known = sum(value is not None for value in values)
        n = np.count_nonzero(lesions == finding.id)
        print(f"finding {finding.id}: {n} voxels, {known} of {len(values)} features")
    print(f"grid {series.array.shape}, voxels {np.round(spacing_mm(series.affine), 2)} mm")
    print(f"peak memory {_peak_mb():.0f} MB, {before:.0f} MB before")


def stability(cases: Path, n_lesions: int, repeats: int, out: Path | None) -> None:
    """Judge the features of the early phase under perturbed outlines and noise."""
    lesions = _lesions(cases, n_lesions)
    families = (FeatureFamily.SHAPE, FeatureFamily.STATISTICS, *TEXTURE_FAMILIES)
    tables = []
    for repeat in range(repeats):
        table = []
        for number, (image, mask, step) in enumerate(lesions):
            changed, outline = perturb_region(
                image, mask, step, PerturbationSettings(), seed=1000 * repeat + number
            )
            if not outline.any():
                table.append({})
                continue
            found = extract_features(changed, outline, step, ExtractionSettings(), families)
            table.append(dict(found.values))
        tables.append(table)
    judged = feature_stability(tables)
    decided = {name: one for name, one in judged.items() if one.status is Status.OK}
    print(f"{len(lesions)} lesions, {repeats} repeats, {len(decided)} of {len(judged)} decided")
    for threshold in (0.75, 0.9):
        again = feature_stability(tables, StabilitySettings(threshold=threshold))
        by_family = Counter(name.split("_")[0] for name, one in again.items() if one.is_stable)
        every = Counter(name.split("_")[0] for name in judged)
        print(f"stable at {threshold}:", ", ".join(f"{f} {by_family[f]}/{every[f]}" for f in every))
    if out is not None:
        with out.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("feature", "icc", "lower", "upper", "n_lesions", "stable"))
            for name, one in judged.items():
                icc = one.icc
                writer.writerow(
                    (name, icc.value, icc.lower, icc.upper, one.n_lesions, one.is_stable)
                )


def _lesions(
    cases: Path, most: int
) -> list[tuple[np.ndarray, np.ndarray, tuple[float, float, float]]]:
    """Early phase, mask and spacing of lesions, cut to their surroundings."""
    found = []
    for path in sorted(cases.glob("*.npz")):
        series, _, lesions = _read(path)
        step = spacing_mm(series.affine)
        for number in np.unique(lesions[lesions > 0]):
            mask = lesions == number
            if np.count_nonzero(mask) < FEWEST_VOXELS:
                continue
            near = tuple(
                slice(max(k.min() - int(12 / s), 0), k.max() + int(12 / s) + 1)
                for k, s in zip(np.nonzero(mask), step, strict=True)
            )
            image = np.array(series.array[series.n_pre][near], np.float64)
            found.append((image, mask[near], step))
    return found[:most]


def _three_lesions(cases: Path) -> tuple[DynamicSeries, Anatomy, np.ndarray]:
    for path in sorted(cases.glob("axial-fs-*.npz")):
        series, anatomy, lesions = _read(path)
        sizes = np.bincount(lesions.ravel())[1:]
        if np.count_nonzero(sizes >= FEWEST_VOXELS) >= 3:
            order = np.argsort(sizes)[::-1][:3] + 1
            picked = np.zeros(lesions.shape, np.uint16)
            for number, label in enumerate(order, start=1):
                picked[lesions == label] = number
            print(f"case {path.name}")
            return series, anatomy, picked
    raise SystemExit(f"no case of {cases} has three lesions of {FEWEST_VOXELS} voxels")


def _read(path: Path) -> tuple[DynamicSeries, Anatomy, np.ndarray]:
    with np.load(path) as case:
        series = DynamicSeries(case["series"], case["affine"], case["times_s"])
        anatomy = Anatomy(
            breast=case["found_breast"],
            fibroglandular=case["fibroglandular"],
            skin=case["skin"],
            body=case["body"],
            affine=case["affine"],
            nipples_mm_lps={},
            method="read",
        )
        return series, anatomy, case["lesions"]


def _finding(lesions: np.ndarray, number: int, anatomy: Anatomy) -> Finding:
    side = np.bincount(anatomy.breast[lesions == number], minlength=3)[1:].argmax() + 1
    nothing = np.zeros(0)
    return Finding(
        id=number,
        side=Laterality(int(side)),
        quadrant="central",
        clock_face="central",
        centroid_mm_lps=(0.0, 0.0, 0.0),
        bounding_box_mm_lps=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        volume_ml=0.0,
        diameters_mm=(0.0, 0.0, 0.0),
        confidence=None,
        distance_mm={},
        kinetics=FindingKinetics(
            nothing, nothing, nothing, None, None, nothing, None, 0.0, 0.0, 0.0, 0.0
        ),
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("ibsi", "pyradiomics", "time", "stability"))
    parser.add_argument("cases", nargs="?", type=Path)
    parser.add_argument("--lesions", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--csv", type=Path)
    chosen = parser.parse_args()
    if chosen.what == "ibsi":
        ibsi()
    elif chosen.what == "pyradiomics":
        pyradiomics()
    elif chosen.cases is None:
        parser.error("the folder of cases is needed, see lesion_trial.py make")
    elif chosen.what == "time":
        measure_time(chosen.cases)
    else:
        stability(chosen.cases, chosen.lesions, chosen.repeats, chosen.csv)


if __name__ == "__main__":
    main()
