"""Experiments on the simulated cohort of three sites.

    python benchmarks/simulated_cohort.py WORK --women 34      # once, about an hour a core
    python benchmarks/cohort_trial.py WORK RUNS                # RUNS/NAME/ holds each run

Models, features and settings were fixed before any result of this cohort was seen. Everything is
a simulation result.
"""

import argparse
import csv
import os
from pathlib import Path
from typing import Any

import numpy as np

from mamri.pipeline.experiment_configuration import experiment_from
from mamri.pipeline.run_experiment import run_experiment

GROUPS = ["size", "kinetics", "perfusion", "diffusion", "description", "lesion_radiomics"]
SIZE = {"groups": ["size"]}
FEATURES = {"groups": GROUPS, "columns": ["age"]}
# Signals in the units of the scanner: features that a site changes, whatever its patients.
SIGNALS = {"columns": [f"radiomics__lesion__{image}__stat_*" for image in
                       ("pre", "first_post", "late")]}  # fmt: skip
# Signal has no unit: two vendors store the same tissue in numbers that differ several times over.
# Assumption: three, and eight times.
GAINS = {"A": 1.0, "B": 3.0, "C": 8.0}
# Power of the gain that a statistic of intensities is multiplied by; the others by none.
POWERS = {"variance": 2, "energy": 2, "skewness": 0, "excess_kurtosis": 0,
          "coefficient_of_variation": 0, "quartile_coefficient_of_dispersion": 0}  # fmt: skip
TABLES: list[Any] = [
    "prior",
    {"kind": "logistic", "name": "size", "features": SIZE},
    "logistic",
    "lasso",
    "svm",
    "random_forest",
    "gradient_boosting",
    "dwi_svm",
]
# Fewer folds than for tables: an outer fold of `cnn` and `transfer` takes a quarter of an hour on a
# busy core.
DEEP = {"folds": 4, "inner_folds": 2}
# Lesions kept of each site and class, so that site A has the cancers and site C few.
SHARES = {("A", "0"): 0.3, ("A", "1"): 1.0, ("B", "0"): 0.6, ("B", "1"): 0.6,
          ("C", "0"): 1.0, ("C", "1"): 0.3}  # fmt: skip


def experiments(work: Path) -> dict[str, dict[str, Any]]:
    """Every experiment by its name."""
    table = {"table": str((work / "cohort.csv").resolve())}
    biased = {"table": str(_biased(work / "cohort.csv").resolve())}
    malignant = {
        "cohort": table, "target": "malignant", "features": FEATURES, "simulation": True,
        "final_model": False,
    }  # fmt: skip
    by_site = {**malignant, "cohort": biased, "validation": {"kind": "sites"}}
    gains = _with_gains(work)
    small = ["prior", "logistic", "svm", "random_forest"]
    found: dict[str, dict[str, Any]] = {
        "tables": {**malignant, "models": TABLES, "learning_curve": [50, 100, 200],
                   "final_model": True},
        "deep": {
            **malignant,
            "models": [
                *TABLES[:3], "random_forest", "cnn", "transfer_frozen", "transfer",
                {"kind": "hybrid", "members": ["random_forest", "cnn"]},
                {"kind": "fusion", "members": ["random_forest", "cnn"]},
            ],
            "validation": DEEP,
        },
        # The same folds; `transfer`, the slowest, is left out.
        "deep-curve": {
            **malignant,
            "models": [
                *TABLES[:3], "random_forest", "cnn", "transfer_frozen",
                {"kind": "hybrid", "members": ["random_forest", "cnn"]},
            ],
            "validation": DEEP,
            "learning_curve": [50, 100, 200],
        },
        "permuted": {**malignant, "models": TABLES, "permute_labels": True},
    }  # fmt: skip
    for harmonisation in ("none", "z_score", "combat"):
        found[f"biased-{harmonisation}"] = {
            **by_site, "models": small, "harmonisation": harmonisation,
        }  # fmt: skip
        found[f"signals-{harmonisation}"] = {
            **malignant,
            "models": small,
            "features": SIGNALS,
            "harmonisation": harmonisation,
            "validation": {"kind": "sites"},
        }
        found[f"signals-biased-{harmonisation}"] = {
            **found[f"signals-{harmonisation}"], "cohort": biased,
        }  # fmt: skip
        for name, rows in (("gains", gains), ("gains-biased", _biased(gains))):
            found[f"{name}-{harmonisation}"] = {
                **found[f"signals-{harmonisation}"],
                "cohort": {"table": str(rows.resolve())},
                "features": {"columns": ["signal_*"]},
            }  # fmt: skip
        found[f"biased-permuted-{harmonisation}"] = {
            **malignant, "cohort": biased, "models": small, "harmonisation": harmonisation,
            "permute_labels": True,
        }  # fmt: skip
    for target in ("ki67", "ki67_percent", "subtype", "nodal"):
        models = ["prior", "ridge", "random_forest"] if target == "ki67_percent" else [
            "prior", {"kind": "logistic", "name": "size", "features": SIZE}, "logistic",
            "random_forest", "gradient_boosting",
        ]  # fmt: skip
        found[target] = {**malignant, "target": target, "models": models}
    found["demonstration"] = {
        **malignant,
        "features": {
            "groups": ["size", "kinetics", "description", "first_post_radiomics"],
            "max_features": 40,
        },
        "models": ["prior", {"kind": "logistic", "name": "demonstration-malignancy"}],
        "final_model": True,  # docs/models/demonstration-malignancy
    }
    return {name: {"name": f"Simulated cohort, {name}", **one} for name, one in found.items()}


def _with_gains(work: Path) -> Path:
    """The cohort with signals as three vendors would store them: columns ``signal_*``."""
    with (work / "cohort.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        with (work / row["result"] / "features.csv").open(newline="", encoding="utf-8") as stream:
            own = next(f for f in csv.DictReader(stream) if f["finding_id"] == row["finding"])
        for image in ("pre", "first_post", "late"):
            start = f"radiomics__lesion__{image}__stat_"
            for name in (name for name in own if name.startswith(start)):
                statistic = name.removeprefix(start)
                power = POWERS.get(statistic.rsplit("_", 1)[0], 1)
                row[f"signal_{image}_{statistic}"] = str(
                    float(own[name]) * GAINS[row["site"]] ** power
                )
    path = work / "gains.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [name for name in rows[0] if name != "result"],
                                extrasaction="ignore")  # fmt: skip
        writer.writeheader()
        writer.writerows(rows)
    return path


def _biased(table: Path) -> Path:
    """A part of a cohort in which the outcome goes with the site, drawn once."""
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    draw = np.random.default_rng(1).random(len(rows))
    kept = [
        row for row, u in zip(rows, draw, strict=True) if u < SHARES[row["site"], row["malignant"]]
    ]
    path = table.with_name(f"biased-{table.name}")
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)
    return path


def main() -> None:
    """Run what is asked for and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--only", default="", help="names that hold this")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    for name, plain in experiments(given.work).items():
        if given.only not in name:
            continue
        run = run_experiment(
            experiment_from(plain), given.work, given.runs / name, processes=given.processes,
            tell=lambda line: print(" ", line, flush=True),
        )  # fmt: skip
        figures, main_figure = run.document["figures"], run.document["figures"]["main_figure"]
        print(f"\n## {name}: {figures['cases']} cases, {run.document['cohort']['counts']}")
        more = [name for name in ("auc_pooled",) if figures["within_sites"]]
        for model, one in figures["models"].items():
            cells = [_said(one[name]) for name in (main_figure, *more)]
            print(f"| {model} | {' | '.join(cells)} | Brier {one.get('brier')} |", flush=True)
            for site, own in one.get("by_site", {}).items() if more else ():
                print(f"    {site}: {own['cases']} cases, {_said(own['auc'])}")
        for row in figures["comparisons"]:
            print("   ", row["first"], "less", row["second"], _said(row["difference"]),
                  "p", row["p"], "after Holm", row["p_holm"])  # fmt: skip
        for row in run.document.get("learning_curve", []):
            print("   ", row)
        print("   site effect:", run.document.get("site_effect"))


def _said(figure: dict[str, float | None] | None) -> str:
    if figure is None or figure["value"] is None:
        return "-"
    if figure["lower"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['lower']:.3f} to {figure['upper']:.3f})"


if __name__ == "__main__":
    main()
