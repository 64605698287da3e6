"""Seconds to score segmentations of 256 x 256 x 80 voxels with every measure, on one thread.

    OMP_NUM_THREADS=1 python benchmarks/segmentation_scoring.py [--n 10]

Two kinds of synthetic masks at 2 x 0.7 x 0.7 mm: a lesion, and both breasts with two lesions left
out of them. Each is found a little shifted and frayed. Timed are `score_segmentation` and, apart,
`match_lesions`. Prints a Markdown table; the last column is 1,000 volumes, measured if --n says so.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from mamri.evaluation.lesion_matching import match_lesions
from mamri.evaluation.segmentation_scores import score_segmentation

SHAPE = (80, 256, 256)
SPACING_MM = (2.0, 0.7, 0.7)
TOLERANCE_MM = 2.0


def ellipsoid(centre: np.ndarray, radii_mm: tuple[float, float, float]) -> np.ndarray:
    """Voxels whose centre lies within an ellipsoid along the axes."""
    axes = np.ogrid[tuple(slice(n) for n in SHAPE)]
    parts = [
        ((axis - c) * step / radius) ** 2
        for axis, c, step, radius in zip(axes, centre, SPACING_MM, radii_mm, strict=True)
    ]
    return parts[0] + parts[1] + parts[2] < 1


def lesion(rng: np.random.Generator) -> np.ndarray:
    """A lesion of 10 to 40 mm."""
    radii = rng.uniform(5, 20, 3)
    return ellipsoid(rng.uniform((20, 90, 40), (60, 140, 210)), tuple(radii))


def breasts(rng: np.random.Generator) -> np.ndarray:
    """Both breasts, before a chest wall, without two lesions."""
    mask = np.zeros(SHAPE, bool)
    for column in (70, 186):
        mask |= ellipsoid(np.array([40, 150, column]) + rng.uniform(-2, 2, 3), (65, 75, 36))
    mask[:, 150:] = False
    return mask & ~lesion(rng) & ~lesion(rng)


def found(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mask shifted by up to 3 voxels, with a tenth of a shell of voxels flipped."""
    shifted = np.roll(truth, rng.integers(-3, 4, 3) // (3, 1, 1), (0, 1, 2))
    near = shifted ^ np.roll(shifted, 2, 2)
    return shifted ^ (near & (rng.random(SHAPE, np.float32) < 0.1))


def seconds(work: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Time both kinds of masks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=10, help="volumes of each kind")
    n = parser.parse_args().n
    print("| masks | call | median s | max s | 1,000 volumes, min |\n|---|---|---|---|---|")
    for name, make in (("lesion", lesion), ("breasts", breasts)):
        times: dict[str, list[float]] = {"score_segmentation": [], "match_lesions": []}
        rng = np.random.default_rng(0)
        for _ in range(n):
            truth = make(rng)
            other = found(truth, rng)
            times["score_segmentation"].append(
                seconds(
                    lambda a=truth, b=other: score_segmentation(
                        a, b, SPACING_MM, tolerance_mm=TOLERANCE_MM
                    )
                )
            )
            times["match_lesions"].append(seconds(lambda a=truth, b=other: match_lesions(a, b)))
        for call, taken in times.items():
            total = sum(taken) if n == 1000 else 1000 * statistics.fmean(taken)
            print(
                f"| {name} | {call} | {statistics.median(taken):.3f} | {max(taken):.3f} | "
                f"{total / 60:.1f} |"
            )


if __name__ == "__main__":
    main()
