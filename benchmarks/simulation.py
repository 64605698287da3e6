"""Time and memory of simulation: a new anatomy at 1.5 mm, whole exams, training pairs.

    python benchmarks/simulation.py [--runs 3] [--presets axial-fs benchmark demo]

Each exam is made in a process of its own, after one that is not counted (it compiles). Medians of
wall time and peak memory are printed. Training pairs need torch (extra ``train``); they are made on
one thread.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time

from mamri.simulation import LesionMix, simulate_exam
from mamri.simulation.protocols import PROTOCOLS, aimed_at
from mamri.simulation.training_anatomy import make_training_anatomy
from mamri.simulation.woman import draw_woman


def _exam(preset: str, seed: int) -> None:
    """Simulate one exam and print seconds and MiB; runs in a process of its own."""
    woman = draw_woman(seed)
    start = time.perf_counter()
    exam = simulate_exam(woman, aimed_at(PROTOCOLS[preset], woman))
    seconds = time.perf_counter() - start
    assert exam.exam.dynamic is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(seconds, peak)


def _pairs(n: int) -> float:
    """Median seconds of a training pair of 96 cubed at 1.5 mm on one thread."""
    import tempfile
    from pathlib import Path

    import torch

    from mamri.pipeline.training_anatomies import AnatomyFolder, write_anatomies
    from mamri.training import RandomisationSettings, training_stream

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_anatomies(Path(folder), first_seed=1, n=2, mix=LesionMix(with_lesion=1.0))
        cache = list(AnatomyFolder(Path(folder)))
    stream = training_stream(cache, RandomisationSettings(), seed=1)
    times = []
    for _ in range(n):
        start = time.perf_counter()
        next(stream)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--presets", nargs="*", default=["axial-fs", "benchmark", "demo"])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        _exam(options.one, options.runs)
        return
    make_training_anatomy(0)
    times = []
    for seed in range(1, 1 + options.runs):
        start = time.perf_counter()
        make_training_anatomy(seed)
        times.append(time.perf_counter() - start)
    print(f"new anatomy at 1.5 mm: median {statistics.median(times):.1f} s")
    for preset in options.presets:
        rows = []
        for seed in range(options.runs + 1):
            command = [sys.executable, __file__, "--one", preset, "--runs", str(seed)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            rows.append([float(v) for v in out.split()])
        seconds, peaks = zip(*rows[1:], strict=True)
        print(
            f"exam {preset}: median {statistics.median(seconds):.0f} s "
            f"({min(seconds):.0f} to {max(seconds):.0f}), peak {max(peaks):.0f} MiB"
        )
    try:
        print(f"training pair of 96 cubed, one thread: median {1000 * _pairs(40):.0f} ms")
    except ImportError:
        print("training pairs: torch is not installed")


if __name__ == "__main__":
    main()
