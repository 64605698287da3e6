"""Ktrans and ADC of findings against the truth of simulated exams, through `mamri analyze`.

    python benchmarks/quantification_trial.py WORK_FOLDER [--presets axial-fs dixon] [--seeds 31 32]

Simulates each exam as DICOM, analyses it, and matches findings with true lesions by overlap. Prints
a table in Markdown: mean true Ktrans and ADC over the lesion, what was found, and the difference of
Ktrans in standard errors. Interrupted, it goes on where it stopped. Simulation results.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np


def mamri(*words: object) -> None:
    """Run the command line."""
    command = [str(Path(sys.executable).with_name("mamri")), *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def made(work: Path, preset: str, seed: int) -> tuple[Path, Path]:
    """Folders of exam and analysis."""
    exam, out = work / f"{preset}-{seed}", work / f"{preset}-{seed}-analysed"
    if not (exam / "truth.json").exists():
        mamri("simulate", "-o", exam, "--preset", preset, "--seed", seed, "--overwrite")
    if not (out / "result.json").exists():
        mamri("analyze", exam / "dicom", "-o", out, "--overwrite")
    return exam, out


def _image(path: Path) -> np.ndarray:
    return np.asarray(nib.load(path).get_fdata(dtype=np.float32))  # type: ignore[attr-defined]


def rows(work: Path, preset: str, seed: int) -> Iterator[list[str]]:
    """One row a finding that overlaps a lesion."""
    exam, out = made(work, preset, seed)
    truth = {
        n: _image(exam / "truth" / f"{n}.nii.gz") for n in ("lesions", "ktrans_per_min", "adc")
    }
    found = _image(out / "masks" / "lesions.nii.gz")
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    for finding in result["findings"]:
        own = found == finding["id"]
        lesion = own & (truth["lesions"] > 0)
        if np.count_nonzero(lesion) < 0.3 * np.count_nonzero(own):
            continue
        label = np.bincount(truth["lesions"][lesion].astype(int)).argmax()
        inside = truth["lesions"] == label
        perfusion, diffusion = finding["perfusion"], finding["diffusion"] or {}
        ktrans = float(truth["ktrans_per_min"][inside].mean())
        value, error = (
            perfusion["ktrans_per_min"],
            (perfusion["standard_errors"] or {}).get("ktrans_per_min"),
        )
        adc = float(truth["adc"][inside].mean())
        yield [
            preset,
            str(seed),
            f"{finding['volume_ml']:.2f}",
            f"{ktrans:.3f}",
            "none: " + perfusion["extra"]["reason"] if value is None else f"{value:.3f}",
            "unknown" if error is None else f"{error:.3f}",
            "" if value is None or error is None else f"{(value - ktrans) / error:+.1f}",
            f"{adc:.2f}",
            f"{diffusion['adc_mean']:.2f}" if diffusion.get("adc_mean") else "none",
            f"{diffusion['adc_darkest']:.2f}" if diffusion.get("adc_darkest") else "none",
        ]


def main() -> None:
    """Run all exams."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--presets", nargs="+", default=["axial-fs", "dixon", "ultrafast"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[31, 32])
    options = parser.parse_args()
    heads = [
        "preset",
        "seed",
        "ml",
        "Ktrans",
        "found",
        "error",
        "difference/error",
        "ADC",
        "found",
        "darkest",
    ]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for preset in options.presets:
        for seed in options.seeds:
            for row in rows(options.work, preset, seed):
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
