"""Make the shipped lesion model: simulate women, train the network, calibrate, package.

    python scripts/make_lesion_model.py WORK --machine "2 cores, no GPU"

Goes on where it was stopped. What is there already in WORK (anatomies, run, held-out exams) is
kept. The configuration is docs/models/lesion/lesion.toml; log and curves go beside it. Confidence
is calibrated on the first four women of each preset of benchmarks/lesion_trial.py.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from make_anatomy_model import SPACING_MM, VALIDATION_SEED, curves

from mamri.io.find_model import PACKAGED_MODELS
from mamri.pipeline.package_lesion_model import package_lesion_model
from mamri.pipeline.train_segmentation import train_segmentation
from mamri.pipeline.training_anatomies import MANY_LESIONS, write_anatomies
from mamri.pipeline.training_configuration import read_training
from mamri.simulation import LesionMix

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "models" / "lesion"
# First seed and number of women, as they come and with several lesions each.
PLAIN, RICH = ((1, 74), (1002, 56)), ((2001, 103),)
_NO_CALIBRATION = {
    "intercept": 0.0,
    "coefficients": [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    "operating_points": {"0.5": 0.5},
}


def interleave(plain: list[Path], rich: list[Path], folder: Path) -> None:
    """Link both kinds of anatomies into one folder, taking turns, so that pools hold both."""
    folder.mkdir(exist_ok=True)
    taken = [0, 0]
    for number in range(1, len(plain) + len(rich) + 1):
        is_rich = taken[1] * len(plain) < taken[0] * len(rich)
        is_rich = taken[1] < len(rich) and (is_rich or taken[0] == len(plain))
        source = rich[taken[1]] if is_rich else plain[taken[0]]
        taken[is_rich] += 1
        link = folder / f"anatomy-{number:06d}.npz"
        if not link.exists():
            os.link(source, link)


def trial(*arguments: str) -> str:
    """Run benchmarks/lesion_trial.py and give what it prints."""
    command = [sys.executable, str(ROOT / "benchmarks" / "lesion_trial.py"), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def calibrate(work: Path, run: Path, machine: str) -> dict[str, object]:
    """Calibration of a run's network on held-out women."""
    interim, found = work / "interim-model", work / "calibration-candidates.json"
    shutil.rmtree(interim, ignore_errors=True)
    found.unlink(missing_ok=True)
    package_lesion_model(run, interim, version="0", machine=machine, calibration=_NO_CALIBRATION)
    exams = work / "held-out-exams"
    trial("make", str(exams), "--women", "8")
    said = trial(
        "calibrate", str(exams), "--model", f"{interim}/", "--part", "first",
        "--json", str(found),
    )  # fmt: skip
    return dict(json.loads(said[said.index("{") :]))


def main() -> None:
    """Make the model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--machine", required=True)
    parser.add_argument("--version", default="0.1")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    work = options.work
    made: dict[str, list[Path]] = {"plain": [], "rich": []}
    for kind, mix, seeds in (("plain", LesionMix(), PLAIN), ("rich", MANY_LESIONS, RICH)):
        for first, n in seeds:
            made[kind] += write_anatomies(
                work / kind, first_seed=first, n=n, mix=mix, spacing_mm=SPACING_MM,
                begin_step=print,
            )  # fmt: skip
    interleave(made["plain"], made["rich"], work / "anatomies")
    held = work / "validation-anatomies"
    write_anatomies(held, first_seed=VALIDATION_SEED, n=6, spacing_mm=SPACING_MM, begin_step=print)
    configuration, run = work / "lesion.toml", work / "lesion"
    shutil.copy(DOCS / configuration.name, configuration)
    train_segmentation(read_training(configuration), run, device=options.device, tell=print)
    shutil.copy(run / "log.csv", DOCS / "lesion-log.csv")
    curves(DOCS / "lesion-log.csv", DOCS / "lesion-curves.svg")
    calibration = calibrate(work, run, options.machine)
    target = PACKAGED_MODELS / "lesion"
    shutil.rmtree(target, ignore_errors=True)
    package_lesion_model(
        run, target, version=options.version, machine=options.machine, calibration=calibration
    )


if __name__ == "__main__":
    main()
