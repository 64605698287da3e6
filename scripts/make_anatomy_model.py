"""Make the shipped anatomy model: simulate women, train both networks, package, draw the curves.

    python scripts/make_anatomy_model.py WORK --machine "2 cores, no GPU" [--women 130]

Goes on where it was stopped. What is there already in WORK (anatomies, runs) is kept. The
configurations are docs/models/anatomy/field.toml and detail.toml; logs and curves go beside them.
"""

import argparse
import csv
import shutil
from pathlib import Path

import torch

from mamri.io.find_model import PACKAGED_MODELS
from mamri.io.model_card import ModelMeasurement
from mamri.pipeline.package_anatomy_model import package_anatomy_model
from mamri.pipeline.train_segmentation import train_segmentation
from mamri.pipeline.training_anatomies import write_anatomies
from mamri.pipeline.training_configuration import read_training

DOCS = Path(__file__).resolve().parents[1] / "docs" / "models" / "anatomy"
SPACING_MM = 1.2
# First seeds of the women that are trained on, and of those that validate.
TRAINING_SEEDS, VALIDATION_SEED = (1, 1001), 5001
_COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#444444")


def curves(log: Path, picture: Path) -> None:
    """Loss and validation Dice over steps, as SVG."""
    rows = list(csv.DictReader(log.open(encoding="utf-8")))
    names = [name for name in rows[0] if name not in ("step", "loss", "learning_rate", "seconds")]
    last = max(int(row["step"]) for row in rows)
    top = max(float(row["loss"]) for row in rows)
    lines = []
    for name, colour in zip(("loss", *names), ("#000000", *_COLOURS), strict=False):
        scale = top if name == "loss" else 1.0
        points = " ".join(
            f"{40 + 560 * int(row['step']) / last:.1f},{220 - 200 * float(row[name]) / scale:.1f}"
            for row in rows
            if row[name]
        )
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        height = 25 + 16 * len(lines)
        text = f"loss (top {top:.2f})" if name == "loss" else name
        lines.append(f'<text x="610" y="{height // 2 + 10}" fill="{colour}">{text}</text>')
    axis = (
        '<path d="M40 20V220H600" fill="none" stroke="#888"/>'
        f'<text x="560" y="236">{last} steps</text><text x="8" y="26">1</text>'
        '<text x="8" y="224">0</text>'
    )
    picture.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="760" height="245" font-family="sans-serif" '
        f'font-size="12">{axis}{"".join(lines)}</svg>\n',
        encoding="utf-8",
    )


def measurements(trial: Path) -> tuple[ModelMeasurement, ...]:
    """Mean Dice coefficients of the model in a table of benchmarks/anatomy_trial.py."""
    rows = [row for row in csv.DictReader(trial.open()) if row["method"] == "model"]
    women = len({row["seed"] for row in rows})
    data = f"simulated women, held out: {women} women, {len(rows)} images before contrast"
    return tuple(
        ModelMeasurement(
            f"dice {name}", round(sum(float(row[name]) for row in rows) / len(rows), 3), data,
            cases=len(rows),
        )
        for name in ("breast", "fibroglandular")
    )  # fmt: skip


def main() -> None:
    """Make the model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--machine", required=True)
    parser.add_argument("--women", type=int, default=130, help="for each of the two first seeds")
    parser.add_argument("--version", default="0.3")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--trial", type=Path, help="anatomy.csv of the trial, for the card")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    write = {"spacing_mm": SPACING_MM, "begin_step": print}
    for seed in TRAINING_SEEDS:
        write_anatomies(options.work / "anatomies", first_seed=seed, n=options.women, **write)
    held = options.work / "validation-anatomies"
    write_anatomies(held, first_seed=VALIDATION_SEED, n=6, **write)
    runs = {}
    for name in ("field", "detail"):
        runs[name] = options.work / name
        configuration = options.work / f"{name}.toml"
        shutil.copy(DOCS / configuration.name, configuration)
        train_segmentation(
            read_training(configuration), runs[name], device=options.device, tell=print
        )
        shutil.copy(runs[name] / "log.csv", DOCS / f"{name}-log.csv")
        curves(DOCS / f"{name}-log.csv", DOCS / f"{name}-curves.svg")
    target = PACKAGED_MODELS / "anatomy"
    shutil.rmtree(target, ignore_errors=True)
    package_anatomy_model(
        runs,
        target,
        version=options.version,
        machine=options.machine,
        performance=measurements(options.trial) if options.trial else (),
    )


if __name__ == "__main__":
    main()
