"""Experiments on public tables of real patients, each beside a naive baseline.

    python benchmarks/real_tables.py WORK            # WORK/NAME/ holds each run, report included

I-SPY 1: recurrence-free survival. ACRIN 6698: response and receptors from radiomics by visit.
BreastDCEDL: response from receptors, age and volume on the test part that its authors set.
Models, settings and features were fixed before any result was seen.
"""

import argparse
import os
from pathlib import Path
from typing import Any

import pandas as pd

from mamri.pipeline.experiment_configuration import experiment_from
from mamri.pipeline.run_experiment import run_experiment

SHARED = Path(os.environ.get("MAMRI_SHARED_DATA", "../shared/data")) / "tables"
_TABLE_MODELS = ("logistic", "lasso", "svm", "random_forest", "gradient_boosting")


def ispy1(work: Path) -> dict[str, Any]:
    """Recurrence-free survival from the longest diameter, its early change and receptors."""
    table = pd.read_csv(SHARED / "ispy1_clinical_outcome.csv", dtype={"SUBJECTID": str})
    base = table["MRI LD Baseline"]
    table["ld_baseline_mm"] = base
    table["ld_change_early_percent"] = 100 * (table["MRI LD 1-3dAC"] - base) / base
    table["ld_change_middle_percent"] = 100 * (table["MRI LD InterReg"] - base) / base
    path = work / "ispy1.csv"
    table.to_csv(path, index=False)
    receptors = ["HR_HER2_STATUS", "age"]
    diameter = ["ld_baseline_mm", "ld_change_early_percent", "ld_change_middle_percent"]
    return {
        "name": "I-SPY 1 recurrence-free survival",
        "cohort": {"table": str(path.resolve()), "columns": {"patient": "SUBJECTID"}},
        "target": {
            "name": "survival", "kind": "survival", "column": "RFS", "event": "rfs_ind",
            "unit": "days",
        },
        "models": [
            {"kind": "prior", "features": {"columns": ["age"]}},
            {"kind": "cox", "name": "receptors", "features": {"columns": receptors}},
            {"kind": "cox", "name": "diameter", "features": {"columns": ["ld_baseline_mm"]}},
            {"kind": "cox", "name": "diameter and change", "features": {"columns": diameter}},
            {"kind": "cox", "name": "all, Cox", "features": {"columns": receptors + diameter}},
            {"kind": "survival_forest", "name": "all, forest",
             "features": {"columns": receptors + diameter}},
        ],
        "validation": {"repeats": 5},
    }  # fmt: skip


def acrin6698(target: str, work: Path) -> dict[str, Any]:
    """Outcome from radiomics of ADC maps: baseline, and its change to the next two visits."""
    radiomics = {"columns": ["original_*"], "visits": ["0"]}
    early = {"columns": ["original_*"], "changes": [{"first": "0", "second": "1"}]}
    middle = {"columns": ["original_*"], "changes": [{"first": "0", "second": "2"}]}
    volume = {"columns": ["original_shape_VoxelVolume"], "visits": ["0"]}
    models: list[dict[str, Any]] = [
        {"kind": "prior", "features": volume},
        {"kind": "logistic", "name": "volume alone", "features": volume},
        *({"kind": kind, "features": radiomics} for kind in _TABLE_MODELS),
    ]
    if target == "pCR":  # receptors do not change with treatment
        models += [
            {"kind": "logistic", "name": "receptors",
             "features": {"columns": ["HR", "HER2"], "visits": ["0"]}},
            {"kind": "svm", "name": "change 0 to 1", "features": early},
            {"kind": "svm", "name": "change 0 to 2", "features": middle},
            {"kind": "svm", "name": "baseline and changes",
             "features": {**radiomics, "changes": early["changes"] + middle["changes"]}},
            {"kind": "hybrid", "name": "receptors and changes",
             "members": ["receptors", "baseline and changes"]},
        ]  # fmt: skip
    return {
        "name": f"ACRIN 6698 {target}",
        "cohort": {
            "table": str((SHARED / "acrin6698_radiomics_by_visit.csv").resolve()),
            "columns": {"patient": "patient_id"},
        },
        "target": {"name": target, "kind": "binary", "column": target, "positive": ["1"]},
        "models": models,
    }


def breastdcedl(work: Path) -> dict[str, Any]:
    """Response from receptors, age and volume, on the test part of the data set's authors."""
    return {
        "name": "BreastDCEDL response",
        "cohort": {
            "table": str((SHARED / "breastdcedl_metadata.csv").resolve()),
            "columns": {"patient": "pid", "site": "dataset"},
        },
        "target": {"name": "response", "kind": "binary", "column": "pCR", "positive": ["1"]},
        "features": {"columns": ["HR", "HER2", "age", "tum_vol"]},
        "models": [
            "prior",
            {"kind": "logistic", "name": "volume", "features": {"columns": ["tum_vol"]}},
            {"kind": "logistic", "name": "receptors", "features": {"columns": ["HR", "HER2"]}},
            *_TABLE_MODELS,
        ],
        # 0 trains, 2 is its validation part and trains here, too, 1 tests.
        "validation": {"kind": "given", "column": "test", "test": ["1"]},
    }


def main() -> None:
    """Run all and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    experiments = {
        "ispy1-survival": lambda: ispy1(given.work),
        "acrin6698-pcr": lambda: acrin6698("pCR", given.work),
        "acrin6698-hr": lambda: acrin6698("HR", given.work),
        "acrin6698-her2": lambda: acrin6698("HER2", given.work),
        "breastdcedl-pcr": lambda: breastdcedl(given.work),
    }
    for name, make in experiments.items():
        if given.only not in name:
            continue
        run = run_experiment(
            experiment_from(make()), given.work, given.work / name,
            processes=os.cpu_count() or 1,
            tell=lambda line: print(" ", line, flush=True),
        )  # fmt: skip
        figures = run.document["figures"]
        print(f"\n## {name}: {figures['cases']} cases, {run.document['cohort']['counts']}")
        for model, found in figures["models"].items():
            main_figure = found[figures["main_figure"]]
            low, high = main_figure["lower"], main_figure["upper"]
            interval = "" if low is None else f"{low:.3f} to {high:.3f}"
            print(f"| {model} | {main_figure['value']:.3f} | {interval} |")
        for row in figures["comparisons"]:
            if row["p_holm"] < 0.05:
                print("  ", row["first"], "-", row["second"], row["difference"], row["p_holm"])


if __name__ == "__main__":
    main()
