"""Extended Tofts fit against installable peers: the same curves, the same run, one thread.

    python benchmarks/perfusion_peers.py --peer sepal=PEERS/sepal/bin/python
        --peer dcmri=PEERS/dcmri/bin/python --peer scipy=PEERS/scipy/bin/python
        [--curves 100] [--voxels 100000] [--json]

Sixty images 6 s apart with the input known at the images, and six (0 to 405 s) with the input
known every second; Parker's curve in plasma; without noise and with 0.02 mM. Ktrans 0.03 to 0.5
/min, ve 0.1 to 0.6, vp 0.005 to 0.1. A peer is ``pip install NAME`` in an environment of its own.
Each starts in the middle of these ranges; at six images also from three starts, of which the best
fit counts. Errors are of Ktrans on the same curves, 100 % where there is no answer. Speeds are by
processor time after a warm-up; mamri's is of ``--voxels`` curves with noise of their own, the
median of three. Simulated data.
"""

import argparse
import dataclasses
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

SIX = "6 images"
TIMES_S = {"60 images": np.arange(60) * 6.0, SIX: np.array([0.0, 105, 180, 255, 330, 405])}
INPUT_S = {"60 images": np.arange(60) * 6.0, SIX: np.arange(406.0)}
NOISE_MM = (0.0, 0.02)
# Ktrans /min, ve and vp: kep in the middle of the tissues, far below and far above.
STARTS = ((0.2, 0.3, 0.05), (0.05, 0.5, 0.02), (0.4, 0.15, 0.02))
_WARM_UP = 3  # curves
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """Curves (V, T) mM at times (T,) s, and plasma (M,) mM at evenly spaced times (M,) s."""

    times_s: np.ndarray
    input_s: np.ndarray
    plasma: np.ndarray
    curves: np.ndarray


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One engine on one sampling."""

    sampling: str
    noise_mm: float
    engine: str
    voxels_per_s: float
    median_error_percent: float
    p95_error_percent: float


# From a case and a start to Ktrans /min and sums of squared residuals, (V,) each.
Fit = Callable[[Case, tuple[float, float, float]], tuple[np.ndarray, np.ndarray]]


def sepal_fit(case: Case, start: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Sepal's ConcToPKP over an image.

    It takes times to be evenly spaced: gaps are filled with images of weight 0, 15 s apart.
    """
    from sepal.aifs import PatientSpecific
    from sepal.dce_fit import ConcToPKP
    from sepal.pk_models import ExtendedTofts

    gap = np.gcd.reduce(np.diff(case.times_s).astype(int))
    times = np.arange(case.times_s[0], case.times_s[-1] + gap, gap)
    is_image = np.isin(times, case.times_s)
    curves = np.zeros((len(case.curves), len(times)))
    curves[:, is_image] = case.curves
    model = ExtendedTofts(  # convolves every second
        times, PatientSpecific(case.input_s, case.plasma), upsample_factor=int(gap)
    )
    ktrans, ve, vp = start
    fitter = ConcToPKP(model, [{"ps": ktrans, "ve": ve, "vp": vp}], is_image.astype(float))
    _, ps, _, fitted = fitter.proc_image(curves, dir=None)
    return ps, np.sum((fitted[:, is_image] - case.curves) ** 2, axis=1)


def dcmri_fit(case: Case, start: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Dcmri's Tissue with its high-flow kinetics, which is extended Tofts.

    It fits signals alone: here those of a saturated gradient echo of very short repetition time,
    which are linear in concentration within 0.1 %, with the baseline known.
    """
    import dcmri

    haematocrit, r10, r1, tr, flip = 0.45, 0.7, 5000.0, 1e-4, 90.0
    ktrans, ve, vp = start
    found = []
    for curve in case.curves:
        signal = dcmri.signal_ss(1 / tr, r10 + r1 * curve / 1000, tr, flip)
        tissue = dcmri.Tissue(
            "HF",
            ca=case.plasma * (1 - haematocrit) / 1000,
            t=case.input_s,
            H=haematocrit,
            R10=r10,
            r1=r1,
            FA=flip,
            TR=tr,
            S0=1 / tr,
            PS=ktrans / 60,
            vi=ve,
            vb=vp / (1 - haematocrit),
        )
        tissue.train(case.times_s, signal, init_s0=False)
        found.append((60 * tissue.PS, np.sum((tissue.predict(case.times_s) - signal) ** 2)))
    answer = np.array(found)
    return answer[:, 0], answer[:, 1]


def scipy_fit(bounds: tuple[list[float], list[float]] | None) -> Fit:
    """SciPy's curve_fit with the exact convolution of an input linear between its samples."""

    def fit(case: Case, start: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
        from scipy.optimize import curve_fit
        from scipy.signal import lfilter

        step = (case.input_s[1] - case.input_s[0]) / 60
        at = np.searchsorted(case.input_s, case.times_s)
        plasma, before, after = case.plasma[at], case.plasma[:-1].copy(), case.plasma[1:].copy()

        def curve_of(_: np.ndarray, ktrans: float, ve: float, vp: float) -> np.ndarray:
            x = ktrans / ve * step
            whole = -np.expm1(-x) / x
            later = (1 - whole) / x
            added = step * ((whole - later) * before + later * after)
            row = lfilter([1.0], [1.0, -np.exp(-x)], added)
            return ktrans * np.append(0.0, row)[at] + vp * plasma

        found = np.full((2, len(case.curves)), np.nan)
        keywords = {} if bounds is None else {"bounds": bounds}
        for n, curve in enumerate(case.curves):
            try:
                p, _ = curve_fit(curve_of, case.times_s, curve, start, **keywords)
            except RuntimeError:  # no convergence
                continue
            found[:, n] = p[0], np.sum((curve_of(curve, *p) - curve) ** 2)
        return found[0], found[1]

    return fit


PEERS: dict[str, dict[str, Fit]] = {
    "sepal": {"ConcToPKP": sepal_fit},
    "dcmri": {"Tissue": dcmri_fit},
    "scipy": {
        "lm without bounds": scipy_fit(None),
        "trf with bounds": scipy_fit(([1e-6, 1e-3, 0.0], [5.0, 1.0, 1.0])),
    },
}


def best_of_starts(fit: Fit, case: Case, n_starts: int) -> np.ndarray:
    """Ktrans of the start that ends with the least squares, curve by curve."""
    tried = [fit(case, start) for start in STARTS[:n_starts]]
    squares = np.array([np.where(np.isfinite(s), s, np.inf) for _, s in tried])
    return np.choose(squares.argmin(0), [ktrans for ktrans, _ in tried])


def work(peer: str, file: Path) -> None:
    """What runs in the environment of a peer: fits the case in a file and prints answers."""
    warnings.simplefilter("ignore")  # of curves that have no covariance
    with np.load(file) as stored:
        case = Case(**stored)
    answers = {}
    for name, fit in PEERS[peer].items():
        fit(dataclasses.replace(case, curves=case.curves[:_WARM_UP]), STARTS[0])
        for n_starts in (1, len(STARTS)) if len(case.times_s) == len(TIMES_S[SIX]) else (1,):
            begun = time.process_time()
            ktrans = best_of_starts(fit, case, n_starts)
            took = time.process_time() - begun
            ending = "" if n_starts == 1 else f", {n_starts} starts"
            answers[f"{name}{ending}"] = (ktrans.tolist(), len(case.curves) / took)
    json.dump({"version": importlib.metadata.version(peer), "answers": answers}, sys.stdout)


def peer_rows(
    peer: str, python: str, file: Path, head: tuple[str, float], truth: np.ndarray
) -> list[Row]:
    """Run a peer in its environment."""
    command = [python, __file__, "--worker", peer, str(file)]
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return [
        Row(*head, f"{peer} {said['version']} {name}", speed, *errors(np.array(ktrans), truth))
        for name, (ktrans, speed) in said["answers"].items()
    ]


def mamri_row(
    case: Case, clean: np.ndarray, n_voxels: int, head: tuple[str, float], truth: np.ndarray
) -> Row:
    """Errors on the same curves, speed on many more."""
    import mamri
    from mamri.perfusion import ArterialInput, fit

    aif = ArterialInput(case.input_s, case.plasma)
    found = fit(case.curves.T, case.times_s, aif)
    many = clean[:, np.arange(n_voxels) % clean.shape[1]]
    many = many + np.random.default_rng(2).normal(0, head[1], many.shape)
    took = []
    for _ in range(3):
        begun = time.process_time()
        fit(many, case.times_s, aif)
        took.append(time.process_time() - begun)
    ktrans = found.parameters["ktrans_per_min"]
    speed = n_voxels / statistics.median(took)
    return Row(*head, f"mamri {mamri.__version__} fit", speed, *errors(ktrans, truth))


def errors(ktrans: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Median and 95th percentile of the relative error, %."""
    relative = np.nan_to_num(100 * np.abs(ktrans.astype(float) / truth - 1), nan=100.0)
    return float(np.median(relative)), float(np.percentile(relative, 95))


def compare(peers: dict[str, str], n_curves: int, n_voxels: int) -> list[Row]:
    """Every engine on every sampling and noise."""
    from perfusion import curves

    from mamri.perfusion import ArterialInput, population_input

    rows = []
    for sampling, times in TIMES_S.items():
        plasma = population_input(INPUT_S[sampling])
        clean, truth = curves(times, ArterialInput(INPUT_S[sampling], plasma), n_curves)
        for noise in NOISE_MM:
            head = (sampling, noise)
            data = clean + np.random.default_rng(1).normal(0, noise, clean.shape)
            case = Case(times, INPUT_S[sampling], plasma, data.T)
            rows.append(mamri_row(case, clean, n_voxels, head, truth))
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "case.npz"
                np.savez(file, **{f.name: getattr(case, f.name) for f in dataclasses.fields(Case)})
                for peer, python in peers.items():
                    rows += peer_rows(peer, python, file, head, truth)
    return rows


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--curves", type=int, default=100)
    parser.add_argument("--voxels", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker[0], Path(options.worker[1]))
        return
    peers = dict(pair.split("=", 1) for pair in options.peer)
    if unknown := set(peers) - set(PEERS):
        parser.error(f"peers are {', '.join(PEERS)}, got {', '.join(sorted(unknown))}")
    rows = compare(peers, options.curves, options.voxels)
    if options.json:
        json.dump([dataclasses.asdict(row) for row in rows], sys.stdout, indent=2)
        return
    print("| sampling | noise mM | engine | voxels/s | median error % | 95th percentile % |")
    print("|" + "---|" * 6)
    for row in rows:
        print(
            f"| {row.sampling} | {row.noise_mm} | {row.engine} | {row.voxels_per_s:,.0f} | "
            f"{row.median_error_percent:.3f} | {row.p95_error_percent:.3f} |"
        )


if __name__ == "__main__":
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # before anything that starts threads
    main()
