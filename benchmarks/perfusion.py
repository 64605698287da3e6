"""Speed and error of the extended Tofts fit on dense and on clinical sampling, one thread.

    NUMBA_NUM_THREADS=1 python benchmarks/perfusion.py [--voxels 100000] [--volume]

Sixty images 6 s apart, and six (0 to 405 s), with Parker's curve as plasma input, known every
second: without noise and with 0.02 mM. Ktrans 0.03 to 0.5 /min, ve 0.1 to 0.6, vp 0.005 to 0.1.
Prints voxels a second of processor time (median of three) and errors of Ktrans; simulated data.
With ``--volume`` it only fits 256 x 256 x 80 voxels at the six images, as float32 with 0.02 mM of
noise, and prints processor seconds and the peak memory of the process.
"""

import argparse
import resource
import statistics
import sys
import time

import numpy as np

from mamri.perfusion import (
    ArterialInput,
    FitStatus,
    choose_model,
    exponential_convolution,
    fit,
)
from mamri.perfusion.arterial_input import parker_blood

TIMES_S = {
    "60 images": np.arange(60) * 6.0,
    "6 images": np.array([0.0, 105, 180, 255, 330, 405]),
}
NOISE_MM = (0.0, 0.02)


def curves(times: np.ndarray, aif: ArterialInput, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Curves (T, n) of random tissues, and their Ktrans."""
    random = np.random.default_rng(0)
    ktrans, ve = random.uniform(0.03, 0.5, n), random.uniform(0.1, 0.6, n)
    vp = random.uniform(0.005, 0.1, n)
    rows = exponential_convolution(aif, times, ktrans / ve)
    return (ktrans[:, None] * rows + vp[:, None] * aif.at(times)).T.copy(), ktrans


def fit_volume(aif: ArterialInput) -> None:
    """Fit a whole volume once, and print what it took."""
    times = TIMES_S["6 images"]
    clean, _ = curves(times, aif, 256 * 256)
    volume = np.empty((len(times), 80, 256, 256), np.float32)
    random = np.random.default_rng(1)
    for n in range(80):
        volume[:, n] = (clean + random.normal(0, 0.02, clean.shape)).reshape(-1, 256, 256)
    fit(volume[:, 0, 0], times, aif)  # compiles
    before = peak_mib()
    start = time.process_time()
    fit(volume, times, aif)
    took = time.process_time() - start
    print("| voxels | processor s | voxels/s | peak MiB | of them before the fit |")
    print("|" + "---|" * 5)
    n_voxels = volume[0].size
    print(
        f"| {n_voxels} | {took:.2f} | {n_voxels / took / 1e6:.2f} M | {peak_mib():.0f} | "
        f"{before:.0f} |"
    )


def peak_mib() -> float:
    """Most memory that this process has held, MiB."""
    unit = 1024**2 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voxels", type=int, default=100_000)
    parser.add_argument("--volume", action="store_true", help="only fit one whole volume")
    options = parser.parse_args()
    seconds = np.arange(0.0, 601.0)
    aif = ArterialInput(seconds, parker_blood(seconds))
    if options.volume:
        fit_volume(aif)
        return
    print("| sampling | noise mM | voxels/s | median error % | 95th percentile % | fitted |")
    print("|" + "---|" * 6)
    for name, times in TIMES_S.items():
        clean, ktrans = curves(times, aif, options.voxels)
        for noise in NOISE_MM:
            data = clean + np.random.default_rng(1).normal(0, noise, clean.shape)
            fit(data[:, :10], times, aif)  # compiles
            took = []
            for _ in range(3):
                start = time.process_time()
                found = fit(data, times, aif)
                took.append(time.process_time() - start)
            error = 100 * np.abs(found.parameters["ktrans_per_min"] / ktrans - 1)
            share = np.mean(found.status == FitStatus.FITTED)
            print(
                f"| {name} | {noise} | {options.voxels / statistics.median(took) / 1e6:.2f} M | "
                f"{np.nanmedian(error):.4f} | {np.nanpercentile(error, 95):.3f} | {share:.3f} |"
            )
    for name, times in TIMES_S.items():
        print(f"{name}: {choose_model(times, aif, noise_sd=0.02).reason}")


if __name__ == "__main__":
    main()
