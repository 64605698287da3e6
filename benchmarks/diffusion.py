"""Voxels a second and error of the diffusion fits, on one thread.

    python benchmarks/diffusion.py [--runs 5] [--voxels 1000000] [--json]

Signals: ADC at b 0, 100, 600, 800 with signal to noise 50; IVIM at 11 b-values up to 800 with noise
of 1 % of S0; kurtosis at 7 b-values up to 2000 with 0.5 %. Methods run in turns after one call to
compile; speeds are by the median of the processor time, which a busy machine lengthens less than
the time on the wall. Where dipy can be imported its IVIM ('trr') fits some of the same voxels in
the same run.
"""

import argparse
import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable

import numba
import numpy as np

from mamri.diffusion import (
    AdcSettings,
    FitWeights,
    KurtosisSettings,
    adc_maps,
    kurtosis_maps,
    segmented_ivim,
    variable_projection_ivim,
)

ADC_B = np.array([0.0, 100, 600, 800])
IVIM_B = np.array([0.0, 10, 20, 30, 50, 80, 100, 200, 400, 600, 800])
KURTOSIS_B = np.array([0.0, 250, 500, 750, 1000, 1500, 2000])

Fit = Callable[[], tuple[np.ndarray, ...]]


def draw(random: np.random.Generator, n: int, *ranges: tuple[float, float]) -> list[np.ndarray]:
    """Random parameters, each uniform in its range."""
    return [random.uniform(low, high, n) for low, high in ranges]


def rows(n: int) -> dict[str, tuple[int, list[np.ndarray], Fit]]:
    """Name, voxels, truth and fit of every method."""
    random = np.random.default_rng(11)
    (adc,) = truth_adc = draw(random, n, (0.6, 2.2))
    noise = random.normal(0, 0.02, (2, ADC_B.size, n))
    s_adc = np.hypot(np.exp(-ADC_B[:, None] * adc * 1e-3) + noise[0], noise[1])
    n_ivim = max(n // 10, 1000)
    d, f, p = truth_ivim = draw(random, n_ivim, (0.7, 1.8), (0.05, 0.25), (8, 40))
    b = IVIM_B[:, None] * 1e-3
    s_ivim = (1 - f) * np.exp(-b * d) + f * np.exp(-b * p)
    s_ivim += random.normal(0, 0.01, s_ivim.shape)
    d, k = truth_kurtosis = draw(random, n, (0.8, 1.6), (0.5, 0.9))
    x = KURTOSIS_B[:, None] * d * 1e-3
    s_kurtosis = np.exp(-x + x * x * k / 6) + random.normal(0, 0.005, x.shape)
    s_adc, s_ivim, s_kurtosis = ((1000 * s).astype(np.float32) for s in (s_adc, s_ivim, s_kurtosis))

    def adc_fit(weights: FitWeights) -> Fit:
        return lambda: (adc_maps(s_adc, ADC_B, AdcSettings(weights=weights)).adc,)

    def ivim_fit(method: Callable) -> Fit:
        def fit() -> tuple[np.ndarray, ...]:
            maps = method(s_ivim, IVIM_B)
            return maps.diffusion, maps.perfusion_fraction, maps.pseudo_diffusion

        return fit

    def kurtosis_fit(weights: FitWeights) -> Fit:
        def fit() -> tuple[np.ndarray, ...]:
            maps = kurtosis_maps(s_kurtosis, KURTOSIS_B, KurtosisSettings(weights=weights))
            return maps.diffusion, maps.kurtosis

        return fit

    found = {
        "ADC log-linear": (n, truth_adc, adc_fit(FitWeights.UNIFORM)),
        "ADC weighted": (n, truth_adc, adc_fit(FitWeights.SIGNAL_SQUARED)),
        "IVIM segmented": (n_ivim, truth_ivim, ivim_fit(segmented_ivim)),
        "IVIM variable projection": (n_ivim, truth_ivim, ivim_fit(variable_projection_ivim)),
        "kurtosis linear": (n, truth_kurtosis, kurtosis_fit(FitWeights.UNIFORM)),
        "kurtosis weighted": (n, truth_kurtosis, kurtosis_fit(FitWeights.SIGNAL_SQUARED)),
    }
    if importlib.util.find_spec("dipy"):
        few = 300
        truth = [values[:few] for values in truth_ivim]
        found["IVIM dipy trr"] = (few, truth, dipy_fit(s_ivim[:, :few]))
    return found


def dipy_fit(signals: np.ndarray) -> Fit:
    """The peer on the same signals."""
    from dipy.core.gradients import gradient_table
    from dipy.reconst.ivim import IvimModel

    directions = np.tile([1.0, 0.0, 0.0], (IVIM_B.size, 1))
    directions[0] = 0
    gradients = gradient_table(IVIM_B, bvecs=directions, b0_threshold=0)
    model = IvimModel(gradients, fit_method="trr")

    def fit() -> tuple[np.ndarray, ...]:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of voxels that it fits in two steps only
            found = model.fit(signals.T)
        return 1e3 * found.D, found.perfusion_fraction, 1e3 * found.D_star

    return fit


def main() -> None:
    """Time all methods in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--voxels", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    numba.set_num_threads(1)
    methods = rows(options.voxels)
    errors, times = {}, {name: [] for name in methods}
    for name, (_, truth, fit) in methods.items():
        pairs = zip(fit(), truth, strict=True)
        errors[name] = [100 * float(np.nanmedian(np.abs(a / t - 1))) for a, t in pairs]
    for _ in range(options.runs):
        for name, (_, _, fit) in methods.items():
            start = time.process_time()
            fit()
            times[name].append(time.process_time() - start)
    speeds = {name: methods[name][0] / statistics.median(times[name]) for name in methods}
    if options.json:
        table = {
            name: {"voxels_per_s": speeds[name], "median_error_percent": errors[name]}
            for name in methods
        }
        json.dump(table, sys.stdout, indent=2)
        return
    print("| method | voxels/s | median error % |\n|---|---|---|")
    for name, speed in speeds.items():
        print(f"| {name} | {speed:,.0f} | {' / '.join(f'{e:.1f}' for e in errors[name])} |")
    if "IVIM dipy trr" in speeds:
        ratio = speeds["IVIM variable projection"] / speeds["IVIM dipy trr"]
        print(f"\nVariable projection fits {ratio:,.0f} times as many voxels a second as dipy.")


if __name__ == "__main__":
    main()
