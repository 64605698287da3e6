"""U-Net against residual U-Net, each trained with and without randomisation, on held-out women.

    python benchmarks/network_comparison.py WORK_FOLDER --anatomies FOLDER --validation FOLDER
        [--steps 1500] [--women 4] [--first-seed 700011]

Each of the four is the field network of the anatomy model, which finds the breasts in the whole
field of view at 4.8 mm, trained from nothing for the same number of steps on the same women. With
randomisation is as the shipped model is trained; without it every image is a T1-weighted gradient
echo with bright fat, with noise but no random brightness, bias or artefacts, as from one protocol.
Interrupted, it goes on where it stopped. The table has Dice coefficients of both breasts together
on the working grid, with 95 % bootstrap intervals over women. Results are simulation results.
"""

import argparse
import csv
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from anatomy_trial import PRESETS, case_of, dice, interval

from mamri.networks.choose_engine import engine_of
from mamri.networks.inference_engine import Engine
from mamri.networks.network_plan import NetworkPlan
from mamri.networks.stored_network import StoredNetwork
from mamri.pipeline.train_segmentation import train_segmentation
from mamri.pipeline.training_configuration import read_training
from mamri.records import Volume
from mamri.segmentation.field_stage import find_breast_field
from mamri.segmentation.working_grid import average_to

KINDS = ("plain", "residual")
LEARNT_FROM = ("all", "one")
SUPPRESSED = ("axial-fs", "sagittal", "sagittal-corrected", "dixon", "ultrafast")
# Simulated gradient echoes with bright fat.
_BRIGHT_FAT = [0, 1, 2, 3]
_ONE_PROTOCOL = """
[randomisation.contrast]
physics_probability = 1.0
inversion_probability = 0.0
tissue_jitter = 0.0
fat_residual_probability = 0.0
[randomisation.scan]
bias_sd = 0.0
coil_probability = 0.0
masked_probability = 0.0
ghost_probability = 0.0
wrap_probability = 0.0
motion_probability = 0.0
spike_probability = 0.0
gamma_sd = 0.0
clip_probability = 0.0
level_jitter = 0.0
"""
_CONFIGURATION = """task = "anatomy-field"
[network]
kind = "{kind}"
features = [16, 32, 64, 96]
blocks = {blocks}
[data]
anatomies = "{anatomies}"
validation = "{validation}"
kept = 200
contrasts = {contrasts}
[loop]
steps = {steps}
validate_every = {steps}
save_every = 100
regions = [["right_breast", "left_breast"]]
"""
# Two convolutions a stage in both: a residual block has two.
_BLOCKS = {"plain": "[2, 2, 2, 2]", "residual": "[1, 1, 1, 1]"}


def trained(work: Path, kind: str, learnt_from: str, options: argparse.Namespace) -> Engine:
    """One of the four networks, trained if it is not yet."""
    name = f"{kind}-{learnt_from}"
    text = _CONFIGURATION.format(
        kind=kind,
        blocks=_BLOCKS[kind],
        anatomies=options.anatomies.resolve(),
        validation=options.validation.resolve(),
        steps=options.steps,
        contrasts=_BRIGHT_FAT if learnt_from == "one" else [],
    )
    path = work / f"{name}.toml"
    path.write_text(text + (_ONE_PROTOCOL if learnt_from == "one" else ""), encoding="utf-8")
    run = work / name
    train_segmentation(
        read_training(path), run, threads=options.threads, tell=lambda report: print(name, report)
    )
    plan = NetworkPlan.from_json(json.loads((run / "training.json").read_text())["plan"])
    return engine_of(StoredNetwork(plan, run / "best.safetensors"))


def breast_dice(image: Volume, truth: dict[str, np.ndarray], engine: Engine) -> float:
    """Agreement on both breasts on the working grid."""
    found = find_breast_field(image, engine)
    wanted = average_to(found.grid, (truth["breast"] > 0).astype(np.float32)) > 0.5
    return dice(wanted, found.breast > 0.5)


def table(rows: Iterable[dict[str, str]]) -> str:
    """Markdown table by network and fat suppression."""
    rows = list(rows)
    lines = [
        "| network | learnt from | fat bright | fat suppressed | all |",
        "|" + "---|" * 5,
    ]
    words = {"plain": "U-Net", "residual": "residual U-Net"}
    for kind in KINDS:
        for learnt_from in LEARNT_FROM:
            mine = [r for r in rows if (r["kind"], r["learnt_from"]) == (kind, learnt_from)]
            dark = [r for r in mine if r["preset"] in SUPPRESSED]
            bright = [r for r in mine if r["preset"] not in SUPPRESSED]
            cells = [interval(part, "breast") for part in (bright, dark, mine)]
            source = "random contrasts" if learnt_from == "all" else "one contrast"
            lines.append(f"| {words[kind]} | {source} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Train and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--anatomies", type=Path, required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--women", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=700_011)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    path = options.work / "comparison.csv"
    engines = {
        (kind, source): trained(options.work, kind, source, options)
        for source in LEARNT_FROM
        for kind in KINDS
    }
    rows = []
    for seed in range(options.first_seed, options.first_seed + options.women):
        for preset in PRESETS:
            image, truth = case_of(options.work, preset, seed)
            for (kind, source), engine in engines.items():
                value = breast_dice(image, truth, engine)
                rows.append(
                    {
                        "preset": preset,
                        "seed": str(seed),
                        "kind": kind,
                        "learnt_from": source,
                        "breast": f"{value:.4f}",
                    }
                )
                print(*rows[-1].values(), flush=True)
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
    print(table(rows))


if __name__ == "__main__":
    main()
