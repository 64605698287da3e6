"""Anatomy on held-out simulated women of every preset: the model against the classical baseline.

    python benchmarks/anatomy_trial.py WORK_FOLDER [--women 4] [--first-seed 700001] [--model PATH]

Writes one row a woman, preset and method into WORK_FOLDER/anatomy.csv, prints a table in Markdown
with bootstrap intervals, and keeps pictures. Interrupted, it goes on where it stopped. Results on
simulated women are simulation results.

Fibroglandular tissue is judged outside lesions, which no image before contrast tells from it.
"""

import argparse
import csv
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from mamri.geometry import anatomical_orientation
from mamri.io.find_model import find_model
from mamri.networks.inference_engine import EngineSettings
from mamri.normalization import correct_bias_field
from mamri.pipeline.anatomy_networks import load_anatomy_networks
from mamri.records import Anatomy, Volume
from mamri.segmentation import segment_anatomy
from mamri.segmentation.learned_anatomy import segment_with_networks
from mamri.simulation import PROTOCOLS, draw_woman, simulate_exam
from mamri.simulation.protocols import aimed_at

FIELDS = (
    "preset", "seed", "method", "breast", "right", "left", "fibroglandular", "volume_ratio",
    "density_truth", "density", "sides_swapped", "seconds",
)  # fmt: skip
PRESETS = [name for name in PROTOCOLS if name not in ("demo", "benchmark")]
_COLOURS = np.array([[0, 0, 0], [255, 90, 90], [90, 160, 255], [90, 255, 90]], float)
Method = Callable[[Volume], Anatomy]


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice coefficient; 1 where both are empty."""
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return 2 * np.count_nonzero(a & b) / total if total else 1.0


def case_of(work: Path, preset: str, seed: int) -> tuple[Volume, dict[str, np.ndarray]]:
    """The case as `before_contrast` makes it, kept on disk for the next run."""
    path = work / "cases" / f"{preset}-{seed}.npz"
    if not path.exists():
        image, truth = before_contrast(preset, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part.npz")
        np.savez_compressed(partial, image=image.array, affine=image.affine, **truth)
        partial.replace(path)
    with np.load(path) as stored:
        truth = {name: stored[name] for name in ("breast", "fibroglandular", "lesions")}
        return Volume(stored["image"].astype(np.float32), stored["affine"]), truth


def before_contrast(preset: str, seed: int) -> tuple[Volume, dict[str, np.ndarray]]:
    """The image before contrast of a woman, in anatomical order, and her truth masks."""
    woman = draw_woman(seed)
    protocol = aimed_at(PROTOCOLS[preset], woman)
    scan = replace(protocol.dynamic, times_s=protocol.dynamic.times_s[:1])
    single = replace(protocol, dynamic=scan, t2=None, diffusion=None, plain_t1=None, ultrafast=None)
    simulated = simulate_exam(woman, single)
    truth = simulated.truth
    order = anatomical_orientation(truth.affine)
    assert simulated.exam.dynamic is not None
    image = Volume(
        np.ascontiguousarray(order.apply(simulated.exam.dynamic.phase(0).array)),
        order.apply_affine(truth.affine, truth.breast.shape),
    )
    names = ("breast", "fibroglandular", "lesions")
    return image, {name: order.apply(getattr(truth, name)) for name in names}


def row_of(
    preset: str, seed: int, method: str, truth: dict[str, np.ndarray], found: Anatomy, took: float
) -> dict[str, object]:
    """Figures of one case."""
    breast, mine = truth["breast"], found.breast
    outside = truth["lesions"] == 0
    gland = truth["fibroglandular"] & outside
    crossed = np.count_nonzero((breast > 0) & (mine > 0) & (breast != mine))
    both = max(1, np.count_nonzero((breast > 0) & (mine > 0)))
    return {
        "preset": preset,
        "seed": seed,
        "method": method,
        "breast": dice(breast > 0, mine > 0),
        "right": dice(breast == 1, mine == 1),
        "left": dice(breast == 2, mine == 2),
        "fibroglandular": dice(gland, found.fibroglandular & outside),
        "volume_ratio": np.count_nonzero(mine) / max(1, np.count_nonzero(breast)),
        "density_truth": 100 * np.count_nonzero(gland) / max(1, np.count_nonzero(breast)),
        "density": 100 * np.count_nonzero(found.fibroglandular) / max(1, np.count_nonzero(mine)),
        "sides_swapped": int(crossed > 0.5 * both),
        "seconds": took,
    }


def methods(model: str | None, threads: int | None) -> dict[str, Method]:
    """The baseline, as `mamri analyze` ran it, and the model."""

    def classical(image: Volume) -> Anatomy:
        field, _ = correct_bias_field(image)
        return segment_anatomy(field.corrected)[0]

    networks = load_anatomy_networks(
        find_model(Path(model) if model else "anatomy"), EngineSettings(threads=threads)
    )
    return {
        "classical": classical,
        "model": lambda image: segment_with_networks(image, networks)[0],
    }


def picture(image: Volume, truth: dict[str, np.ndarray], found: Anatomy) -> Image.Image:
    """Three slices: image, truth and answer one above the other."""
    along = 2 if image.shape[2] < 100 else 0
    filled = np.flatnonzero(
        (truth["breast"] > 0).any(axis=tuple(a for a in range(3) if a != along))
    )
    top = np.percentile(image.array[::3, ::3, ::3], 99.5)
    columns = []
    for part in (0.3, 0.5, 0.7):
        number = int(filled[0] + part * (filled[-1] - filled[0]))
        grey = np.clip(np.take(image.array, number, along) / top, 0, 1)[..., None] * np.full(
            3, 255.0
        )
        stack = [grey]
        for breast, gland in (
            (truth["breast"], truth["fibroglandular"]),
            (found.breast, found.fibroglandular),
        ):
            label = np.take(breast, number, along).astype(int)
            label[np.take(gland, number, along)] = 3
            mixed = 0.6 * grey + 0.4 * _COLOURS[label]
            stack.append(np.where(label[..., None] > 0, mixed, grey))
        columns.append(np.concatenate(stack))
    return Image.fromarray(np.concatenate(columns, 1).astype(np.uint8))


def interval(rows: list[dict[str, str]], name: str) -> str:
    """Mean of a column and its 95 % bootstrap interval over women, whose exams are alike."""
    women = [
        np.array([float(row[name]) for row in rows if row["seed"] == seed])
        for seed in dict.fromkeys(row["seed"] for row in rows)
    ]
    sums, sizes = (np.array([f(own) for own in women]) for f in (np.sum, np.size))
    drawn = np.random.default_rng(0).integers(0, len(women), (2000, len(women)))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{sums.sum() / sizes.sum():.3f} ({low:.3f} to {high:.3f})"


def table(rows: list[dict[str, str]]) -> str:
    """Markdown table by preset and method."""
    lines = [
        "| preset | method | breast Dice | FGT Dice | worst breast | sides swapped |",
        "|" + "---|" * 6,
    ]
    for preset in [*PRESETS, "all"]:
        for method in dict.fromkeys(row["method"] for row in rows):
            mine = [r for r in rows if r["method"] == method and preset in (r["preset"], "all")]
            if not mine:
                continue
            breast = [float(r["breast"]) for r in mine]
            swapped = sum(int(r["sides_swapped"]) for r in mine)
            lines.append(
                f"| {preset} | {method} | {interval(mine, 'breast')} | "
                f"{interval(mine, 'fibroglandular')} | "
                f"{min(breast):.3f} | {swapped} of {len(mine)} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Run the trial."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--women", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=700_001)
    parser.add_argument("--presets", default=",".join(PRESETS))
    parser.add_argument("--model")
    parser.add_argument("--only", choices=("classical", "model"))
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    path = options.work / "anatomy.csv"
    rows = list(csv.DictReader(path.open())) if path.exists() else []
    done = {(r["preset"], int(r["seed"]), r["method"]) for r in rows}
    chosen = {
        k: v
        for k, v in methods(options.model, options.threads).items()
        if options.only in (None, k)
    }
    for number in range(options.women):
        for preset in options.presets.split(","):
            seed = options.first_seed + number
            wanted = [m for m in chosen if (preset, seed, m) not in done]
            if not wanted:
                continue
            image, truth = case_of(options.work, preset, seed)
            for method in wanted:
                start = time.perf_counter()
                found = chosen[method](image)
                row = row_of(preset, seed, method, truth, found, time.perf_counter() - start)
                rows.append(
                    {k: f"{v:.4f}" if isinstance(v, float) else str(v) for k, v in row.items()}
                )
                if method == "model":
                    picture(image, truth, found).save(options.work / f"{preset}-{seed}.png")
                print(*(f"{k} {v}" for k, v in rows[-1].items()), flush=True)
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, FIELDS)
                writer.writeheader()
                writer.writerows(rows)
    print(table(rows))


if __name__ == "__main__":
    main()
