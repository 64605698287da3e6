"""Time of the training stream on one core, step by step, and the error of two ways of sampling.

    python benchmarks/training_stream.py [--pairs 60] [--size 96] [--device cpu]

The anatomy is the phantom of tests/training, 120 x 200 x 260 voxels of 1.5 mm. Medians are printed:
machines are noisy.
"""

import argparse
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from mamri.training import (
    CachedAnatomy,
    LabelCoding,
    RandomisationSettings,
    SpatialSettings,
    cached_anatomy,
    consistency_stream,
    to_device,
    training_stream,
)
from mamri.training.contrast import draw_contrast
from mamri.training.draws import seeded_draws
from mamri.training.level import normalised
from mamri.training.random_crop import random_crop, sample_grid, sample_image
from mamri.training.render import render
from mamri.training.scan import acquire, draw_scan

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from training.chest import phantom


class _Clock:
    """Seconds of named steps."""

    def __init__(self, device: torch.device) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.device = device

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = self._now()
        yield
        self.seconds[name].append(self._now() - start)

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


def _time_steps(
    anatomy: CachedAnatomy, settings: RandomisationSettings, n: int, device: torch.device
) -> None:
    clock = _Clock(device)
    for k in range(-3, n):
        draws = seeded_draws(0, k + 3, 0, device)
        with clock.step("crop and labels"):
            crop = random_crop(anatomy, settings.spatial, draws)
        with clock.step("contrast"):
            contrast = draw_contrast(anatomy, settings.contrast, draws)
            scan = draw_scan(settings.scan, settings.spatial, draws)
        with clock.step("mixing and texture"):
            image = render(anatomy, crop.box, contrast, draws)
        with clock.step("sampling"):
            image = sample_image(image, crop)
        with clock.step("acquisition"):
            image = acquire(image, scan, settings.scan, draws, crop.placement.anterior, 1.5)
        with clock.step("normalisation"):
            normalised(image, image)
    medians = {name: statistics.median(values[3:]) for name, values in clock.seconds.items()}
    total = sum(medians.values())
    for name, seconds in medians.items():
        print(f"  {name:20s} {1000 * seconds:7.1f} ms {100 * seconds / total:5.0f} %")


def _time_streams(
    anatomy: CachedAnatomy, settings: RandomisationSettings, n: int, device: torch.device
) -> None:
    dynamic = RandomisationSettings(spatial=settings.spatial, dynamic=True)
    streams = {
        "one image": training_stream([anatomy], settings, 0, device),
        "two looks": consistency_stream([anatomy], settings, 0, device),
        "four dynamic channels": training_stream([anatomy], dynamic, 0, device),
    }
    for name, stream in streams.items():
        clock = _Clock(device)
        for _ in range(n + 3):
            with clock.step(name):
                next(stream)
        seconds = sorted(clock.seconds[name][3:])
        print(
            f"{name}: median {1000 * statistics.median(seconds):.0f} ms, "
            f"90th percentile {1000 * seconds[int(0.9 * (n - 1))]:.0f} ms"
        )


def _strands(points: np.ndarray) -> np.ndarray:
    """Share of sheets 2.5 mm thick in voxels of 1.5 mm; points (..., 3) in mm."""
    k = 2 * np.pi / 24
    z, y, x = (points[..., i] * k for i in range(3))
    gyroid = np.sin(x) * np.cos(y) + np.sin(y) * np.cos(z) + np.sin(z) * np.cos(x)
    distance = 1.25 - np.abs(gyroid) / (1.5 * k)  # |gradient| is about 1.5 k at the sheet
    return np.asarray(np.clip(distance / 1.5 + 0.5, 0, 1))


def _sampling_error() -> None:
    """Error of thin sheets in turned crops: image sampled linearly, or codes at the nearest."""
    shape = (110, 110, 110)
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    share = _strands(1.5 * index)
    maps = {
        "tissues": np.stack([np.where(share >= 0.5, 3, 2), np.where(share >= 0.5, 2, 3)]),
        "share": np.round(255 * np.maximum(share, 1 - share)),
        "uptake": np.full(shape, 100), "grain": np.full(shape, 100), "target": share >= 0.5,
    }  # fmt: skip
    maps = {name: values.astype(np.uint8) for name, values in maps.items()}
    anatomy = cached_anatomy(maps, np.diag([1.5, 1.5, 1.5, 1]), LabelCoding())
    settings = SpatialSettings(
        shape=(48, 48, 48), elastic_sd_mm=0, mirror_probability=0, centre_jitter=0
    )
    image = torch.from_numpy(share.astype(np.float32))
    where = torch.from_numpy(index.transpose(3, 0, 1, 2).astype(np.float32))
    linear, nearest = [], []
    for k in range(20):
        crop = random_crop(anatomy, settings, seeded_draws(0, k, 0, torch.device("cpu")))
        at = sample_image(where[(slice(None), *crop.box)], crop)
        inside = sample_image(torch.ones(shape)[crop.box][None], crop)[0] == 1
        truth = torch.from_numpy(_strands(1.5 * at.permute(1, 2, 3, 0).numpy()))[inside]
        box = image[crop.box][None]
        linear.append(float((sample_image(box, crop)[0][inside] - truth).square().mean()))
        by_code = sample_grid(box, crop.grid, mode="nearest")[0][inside]
        nearest.append(float((by_code - truth).square().mean()))
    print(
        f"error of sheets 2.5 mm thick, root mean square: image sampled linearly "
        f"{np.sqrt(np.mean(linear)):.3f}, codes at the nearest voxel "
        f"{np.sqrt(np.mean(nearest)):.3f} of full contrast"
    )


def main() -> None:
    """Run everything and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(options.device)
    anatomy = to_device(phantom(), device)
    settings = RandomisationSettings(spatial=SpatialSettings(shape=(options.size,) * 3))
    _time_streams(anatomy, settings, options.pairs, device)
    print("one image, steps:")
    _time_steps(anatomy, settings, options.pairs, device)
    _sampling_error()


if __name__ == "__main__":
    main()
