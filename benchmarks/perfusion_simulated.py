"""Bias of Ktrans and coverage of its standard errors in lesions of simulated women.

    NUMBA_NUM_THREADS=1 python benchmarks/perfusion_simulated.py --csv OUT.csv --figure OUT.svg

Results are of a simulation. What is taken from the simulator of mamri: random women with lesions
(`draw_woman`, `build_body`), the tissue mixture on the grid of the preset axial-fs around each
lesion, and the noise-free signal of its fat-suppressed spoiled gradient echo by voxel, from the
lesion's own Ktrans, ve, vp, T1 and arrival of the bolus. What is not: motion, ghosts, point spread,
coil sensitivity, errors of the flip angle and of fat suppression, rounding to 12 bits. Only voxels
that are all lesion count (a mixed voxel has no single true value), and no voxel whose ve and vp,
raised by its relative uptake, add to more than 1, which no tissue has.

Phases are evenly spaced over 7 min, with the injection 60 s after their beginning. Every phase has
Rician noise; the signal-to-noise ratio (SNR) is that of a single phase, of fibroglandular tissue
before contrast, in all phase counts alike. Signal is converted with the true T1, and with one T1 of
the literature for all. A single image before contrast is left out of the fit, as its concentration
is 0 by construction; several are kept. The fit is the one that `choose_model` picks for the images
fitted, the input of that woman and the noise before contrast; its input is the one of the
simulation, with its true arrival, or that of Georgiou, arriving at the same time.

A 95 % interval is Ktrans plus and minus ``sqrt((t s)^2 + (1.96 u)^2)``. Here ``s`` is the standard
error by the scatter about the curve and t the quantile of Student's t with n - p degrees of
freedom, or n - p - 1 where several images before contrast are fitted, as their mean takes one, and
``s`` rises with it. ``u`` is what `combined_errors` adds for sources whose size is taken as known:
the noise of the baseline (true noise of one image over the measured baseline and the root of its
images; of a lesion's mean also over the root of its voxels), `ChoiceSettings.assumed_vp_sd` where
vp is held, and with the T1 of the literature `PerfusionSettings.t1_sd` downwards. By
"scatter alone" u is 0.

Bias and coverage are of voxels with status FITTED. Under "lesion" the concentrations of a lesion's
voxels are averaged before the fit by the same model, and the truth is the mean of their Ktrans.

A second table takes coverage apart, step by step, see `STEPS`.
"""

import argparse
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import stats

from mamri.perfusion import (
    ArterialInput,
    ChoiceSettings,
    FitStatus,
    ModelChoice,
    PerfusionFit,
    PopulationInput,
    SpoiledGradientEcho,
    choose_model,
    combined_errors,
    concentration_from_shifted_baseline,
    concentration_to_signal,
    fit,
    literature_t1,
    population_input,
    signal_to_concentration,
)
from mamri.perfusion.exam_signals import image_noise
from mamri.perfusion.perfusion_settings import PerfusionSettings
from mamri.perfusion.signal_to_concentration import baseline_points
from mamri.simulation import (
    PROTOCOLS,
    LesionMix,
    Tissue,
    build_body,
    code_properties,
    draw_woman,
    parameter_maps,
    render_mixture,
)
from mamri.simulation._tissue_table import GADOBUTROL_RELAXIVITY
from mamri.simulation.digital_body import DigitalBody
from mamri.simulation.mixture import NEUTRAL
from mamri.simulation.scan import NOMINAL_FLIP
from mamri.simulation.signal_tables import concentrations, gradient_echo_tables
from mamri.simulation.voxel_signals import voxel_signals

PHASES, SNRS = (4, 6, 10, 20, 60), (20, 40, 80, 160)
STEPS = {
    "as assumed": "equal Gaussian noise on the concentrations, the true vp taken off first",
    "vp": "the same, with vp as `choose_model` says",
    "signal": "Gaussian noise on the signal, so more where there is more contrast agent",
    "baseline": "the same, also on the signal before contrast that all is divided by",
    "Rician": "as in the first table; so far all by scatter alone",
    "whole": "as in the first table",
    "estimated noise": "the same, with the noise of an image told from the lesion's own voxels",
    "1.96 times": "1.96 standard errors of `combined_errors` to either side in place of the "
    "interval, noise estimated",
}
STEP_SNR = 40  # near that of axial-fs, 36
DURATION_S, BEFORE_S, INPUT_STEP_S = 420.0, 60.0, 0.25  # the last as in the simulator
MAX_BOX_MM, MARGIN_MM = 44.0, 6.0  # of what is rendered around a lesion
MIN_VOXELS = 20
_TRUTH = ("ktrans_per_min", "vp", "t1_ms")
SCAN, FIELD_T = PROTOCOLS["axial-fs"].dynamic, PROTOCOLS["axial-fs"].field_strength_t
ECHO = SpoiledGradientEcho(SCAN.sequence.tr_ms, SCAN.sequence.flip_angle_deg)
R1 = GADOBUTROL_RELAXIVITY[0]
LITERATURE_T1_MS = literature_t1("cancer", FIELD_T).t1_ms
T1_SD, VP_SD = PerfusionSettings().t1_sd, ChoiceSettings().assumed_vp_sd


def phase_times(n: int) -> np.ndarray:
    """Centres (n,) s of n phases, from the injection."""
    return (np.arange(n) + 0.5) * DURATION_S / n - BEFORE_S


@dataclass(frozen=True, slots=True, eq=False)
class Lesion:
    """Voxels of a simulated lesion.

    Parameters
    ----------
    signals : mapping of phase count to (T, V) float, 1
        Without noise, against fibroglandular tissue before contrast.
    ktrans, vp, t1_ms : (V,) float, per minute, 1, ms
    arrival_s : float, s
        Of the bolus, from the injection.
    """

    signals: Mapping[int, np.ndarray]
    ktrans: np.ndarray
    vp: np.ndarray
    t1_ms: np.ndarray
    arrival_s: float

    def input(self, curve: PopulationInput = PopulationInput.PARKER) -> ArterialInput:
        """Plasma at the lesion; Parker's curve is that of the simulation."""
        times = self.arrival_s + np.arange(0.0, DURATION_S, INPUT_STEP_S)
        return ArterialInput(times, population_input(times, curve, delay_s=self.arrival_s))


def lesions(first_seed: int, n_women: int, max_voxels: int) -> Iterator[Lesion]:
    """Lesions of random women, each by some of its voxels."""
    for seed in range(first_seed, first_seed + n_women):
        digital = build_body(draw_woman(seed, LesionMix(with_lesion=1.0)))
        for number in range(len(digital.lesions)):
            found = _lesion(digital, number, max_voxels)
            if found is not None:
                yield found


def _lesion(digital: DigitalBody, number: int, max_voxels: int) -> Lesion | None:
    """Voxels of one lesion; None where it has too few."""
    placed = digital.lesions[number]
    codes = code_properties(tuple(one.plan for one in digital.lesions))
    own = int(Tissue.LESION) + 2 * number
    size = min(placed.plan.diameter_mm + 2 * MARGIN_MM, MAX_BOX_MM)
    shape = tuple(int(np.ceil(size / step)) for step in SCAN.grid.spacing_mm)
    affine = np.array(SCAN.grid.affine())
    affine[:3, 3] = placed.centre_mm - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    mixture = render_mixture(digital, affine, (shape[0], shape[1], shape[2]))
    maps = parameter_maps(mixture, codes, FIELD_T)
    where = (mixture.share == 255) & np.isin(mixture.tissue, (own, own + 1))
    where &= maps["ve"] + maps["vp"] <= 1
    inside = np.flatnonzero(where)
    if inside.size < MIN_VOXELS:
        return None
    rng = np.random.default_rng([digital.woman.seed, number])
    where = np.zeros(where.shape, bool)
    where.flat[rng.permutation(inside)[:max_voxels]] = True
    delay_s = digital.woman.bolus_delay_s
    signals = {}
    for n in PHASES:
        tables = [
            gradient_echo_tables(codes, amounts, SCAN.sequence, FIELD_T)
            for amounts in concentrations(codes, phase_times(n), delay_s)
        ]
        gland = tables[0][0][Tissue.FIBROGLANDULAR, NEUTRAL, NOMINAL_FLIP]
        signals[n] = np.stack([voxel_signals(mixture, where, one)[0] for one in tables]) / gland
    ktrans, vp, t1_ms = (maps[name][where].astype(float) for name in _TRUTH)
    return Lesion(signals, ktrans, vp, t1_ms, delay_s + codes[own].delay_s)


def noise_before_contrast(lesion: Lesion, snr: float) -> float:
    """Standard deviation of the concentration, mM, before contrast arrives."""
    small = 1e-3  # mM
    signal = concentration_to_signal(
        np.array([0.0, small]), ECHO, t1_ms=LITERATURE_T1_MS, r1=R1, baseline_signal=1.0
    )
    slope = (signal[1] - signal[0]) / small
    return float(1 / (snr * np.median(next(iter(lesion.signals.values()))[0]) * slope))


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Signals of some voxels as a scanner gives them.

    Parameters
    ----------
    values : (T, V) float, 1
    times_s : (T,) float, s
    noise : float, 1
        Of one image, as far as known.
    t1_ms : float or (V,) float, ms
        That signals are converted with.
    """

    values: np.ndarray
    times_s: np.ndarray
    noise: float
    t1_ms: np.ndarray | float

    def curves(self, *, t1_factor: float = 1.0, baseline_sds: float = 0.0) -> np.ndarray:
        """Concentrations to fit, with a T1 and a baseline changed by so much."""
        before = baseline_points(self.times_s)
        level = self.values[list(before)].mean(axis=0)
        return concentration_from_shifted_baseline(
            self.values,
            ECHO,
            baseline_sds * self.noise / (level * np.sqrt(len(before))),
            t1_ms=t1_factor * self.t1_ms,
            r1=R1,
            baseline=before,
        )[fitted_images(self.times_s)]


def fitted_images(times_s: np.ndarray) -> slice:
    """All but a single image before contrast."""
    return slice(1 if len(baseline_points(times_s)) == 1 else 0, None)


@dataclass(frozen=True, slots=True, eq=False)
class Fitting:
    """How the curves of a lesion are fitted.

    Parameters
    ----------
    times_s : (T,) float, s
        Of all images.
    aif : ArterialInput
    choice : ModelChoice
    truth : (V,) float, per minute
        Ktrans.
    is_baseline_noisy : bool
        Whether several images before contrast cost a degree of freedom.
    """

    times_s: np.ndarray
    aif: ArterialInput
    choice: ModelChoice
    truth: np.ndarray
    is_baseline_noisy: bool = True

    def of(self, curves: np.ndarray, vp_shift: float = 0.0) -> PerfusionFit:
        """Fit, with a held vp changed by so much."""
        assert self.choice.model is not None
        vp = None if self.choice.vp is None else self.choice.vp + vp_shift
        times = self.times_s[fitted_images(self.times_s)]
        return fit(curves, times, self.aif, self.choice.model, vp=vp)


def judged(
    fitting: Fitting,
    curves: np.ndarray,
    shifted: Sequence[np.ndarray] = (),
    *,
    by_student: bool = True,
) -> np.ndarray:
    """Relative error of Ktrans and what of its intervals, (4, V); NaN where the fit is not whole.

    Whether the one by scatter alone and the whole one hold the truth, and half the width of the
    whole one over Ktrans. A held vp is one source, and each of the shifted curves another. Without
    Student's t, the whole one is 1.96 standard errors of `combined_errors` to either side.
    """
    name = "ktrans_per_min"
    found, others = fitting.of(curves), [fitting.of(other) for other in shifted]
    if fitting.choice.vp and shifted:
        others.append(fitting.of(curves, VP_SD))
    ktrans = found.parameters[name].astype(float)
    own, all_errors = (
        found.standard_errors[name].astype(float),
        combined_errors(found, others)[name],
    )
    scatter = 1.96 * own
    if by_student:
        freedom = left = found.n_times - found.n_parameters
        if fitting.is_baseline_noisy and len(baseline_points(fitting.times_s)) > 1:
            left -= 1
        scatter = stats.t.ppf(0.975, left) * np.sqrt(freedom / left) * own
    whole = np.sqrt(scatter**2 + 1.96**2 * (all_errors**2 - own**2))
    holds = [np.abs(ktrans - fitting.truth) <= half for half in (scatter, whole)]
    rows = np.stack([ktrans / fitting.truth - 1, *holds, whole / ktrans])
    return np.where(found.status == FitStatus.FITTED, rows, np.nan)


def rician(lesion: Lesion, n: int, snr: int, rng: np.random.Generator) -> Images:
    """A lesion with noise, to be converted with its true T1."""
    clean = lesion.signals[n]
    noisy = np.hypot(*(part + rng.normal(0, 1 / snr, clean.shape) for part in (clean, 0.0)))
    return Images(noisy, phase_times(n), 1 / snr, lesion.t1_ms)


def judged_lesion(
    lesion: Lesion, n: int, snr: int, choice: ModelChoice, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What `judged` says of every way to fit a lesion's noisy signals."""
    known = rician(lesion, n, snr, rng)
    assumed = replace(known, t1_ms=LITERATURE_T1_MS)
    own = Fitting(known.times_s, lesion.input(), choice, lesion.ktrans)
    other = replace(own, aif=lesion.input(PopulationInput.GEORGIOU))
    curves, shifted = known.curves(), [known.curves(baseline_sds=1.0)]
    sources = [assumed.curves(baseline_sds=1.0), assumed.curves(t1_factor=1 - T1_SD)]
    # The noise of a mean falls with the number of its voxels.
    less = known.curves(baseline_sds=1 / np.sqrt(known.values.shape[1]))
    is_known = np.isfinite(curves).all(axis=0) & np.isfinite(less).all(axis=0)
    mean, mean_less = (part[:, is_known].mean(axis=1, keepdims=True) for part in (curves, less))
    whole = replace(own, truth=lesion.ktrans.mean(keepdims=True))
    return {
        "voxel": judged(own, curves, shifted),
        "literature_t1": judged(own, assumed.curves(), sources),
        "georgiou": judged(other, curves, shifted),
        "lesion": judged(whole, mean, [mean_less]),
    }


def judged_steps(
    lesion: Lesion, n: int, snr: int, choice: ModelChoice, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What `judged` says of the steps from noise as the fit assumes it to that of images."""
    times, clean, aif = phase_times(n), lesion.signals[n], lesion.input()
    noise = rng.normal(0, 1 / snr, clean.shape)
    before, kept = list(baseline_points(times)), fitted_images(times)

    def converted(signal: np.ndarray, baseline: np.ndarray) -> np.ndarray:
        """Concentration by a baseline of its own, (B, V)."""
        whole = np.concatenate([baseline, signal])
        points = range(len(baseline))
        curves = signal_to_concentration(whole, ECHO, t1_ms=lesion.t1_ms, r1=R1, baseline=points)
        return curves[len(baseline) :][kept]

    amount = noise_before_contrast(lesion, snr) * snr
    equal = converted(clean, clean[:1]) + amount * noise[kept]
    noisy = Fitting(times, aif, choice, lesion.ktrans)
    quiet = replace(noisy, is_baseline_noisy=False)
    known_vp = replace(quiet, choice=ModelChoice(choice.model, 0.0, {}, ""))
    images = rician(lesion, n, snr, rng)
    curves, shifted = images.curves(), images.curves(baseline_sds=1.0)
    estimated = replace(images, noise=image_noise(images.values[len(before) :]))
    by_estimate = [estimated.curves(baseline_sds=1.0)]
    return {
        "as assumed": judged(known_vp, equal - lesion.vp * aif.at(times)[kept, None]),
        "vp": judged(quiet, equal),
        "signal": judged(quiet, converted(clean + noise, clean[:1])),
        "baseline": judged(noisy, converted(clean + noise, (clean + noise)[before])),
        "Rician": judged(noisy, curves),
        "whole": judged(noisy, curves, [shifted]),
        "estimated noise": judged(noisy, curves, by_estimate),
        "1.96 times": judged(noisy, curves, by_estimate, by_student=False),
    }


@dataclass(frozen=True, slots=True)
class Summary:
    """What is told of many fits, in percent.

    Parameters
    ----------
    fitted : float
        Share with status FITTED.
    bias, error : float
        Median of the relative error, and of its size.
    alone, coverage : float
        Share of 95 % intervals that hold the truth: by scatter alone, and whole.
    width : float
        Median of half the width of the whole interval over Ktrans.
    """

    fitted: float
    bias: float
    error: float
    alone: float
    coverage: float
    width: float


NOTHING = Summary(*[float("nan")] * 6)


def summary(parts: Sequence[np.ndarray]) -> Summary:
    """Summary of arrays of `judged`."""
    rows = np.concatenate(parts, axis=1)
    is_fitted = np.isfinite(rows[0])
    if not is_fitted.any():
        return replace(NOTHING, fitted=0.0)
    relative, alone, whole, width = rows[:, is_fitted]
    values = (
        is_fitted.mean(),
        np.median(relative),
        np.median(np.abs(relative)),
        alone.mean(),
        whole.mean(),
        np.median(width),
    )
    return Summary(*(100 * float(value) for value in values))


@dataclass(frozen=True, slots=True)
class Cell:
    """One phase count and noise.

    Parameters
    ----------
    phases, snr : int
    noise_mm : float, mM
        Of one phase before contrast, median of the lesions.
    free, held, none : int
        Lesions whose vp was fitted, was held at the assumed value, and without any model.
    summaries : mapping of str to Summary
        Over the lesions with a model.
    """

    phases: int
    snr: int
    noise_mm: float
    free: int
    held: int
    none: int
    summaries: Mapping[str, Summary]


def measured(found: Sequence[Lesion], n: int, snr: int, *, steps: bool = False) -> Cell:
    """Fit all lesions at one phase count and noise."""
    judge = judged_steps if steps else judged_lesion
    noises = [noise_before_contrast(lesion, snr) for lesion in found]
    parts: dict[str, list[np.ndarray]] = {}
    models = []
    for number, (lesion, noise) in enumerate(zip(found, noises, strict=True)):
        times = phase_times(n)
        choice = choose_model(times[fitted_images(times)], lesion.input(), noise_sd=noise)
        models.append("none" if choice.model is None else "held" if choice.vp else "free")
        if choice.model is None:
            continue
        rng = np.random.default_rng([number, n, snr])
        for name, rows in judge(lesion, n, snr, choice, rng).items():
            parts.setdefault(name, []).append(rows)
    return Cell(
        phases=n,
        snr=snr,
        noise_mm=float(np.median(noises)),
        free=models.count("free"),
        held=models.count("held"),
        none=models.count("none"),
        summaries={name: summary(rows) for name, rows in parts.items()},
    )


def table(cells: Sequence[Cell]) -> str:
    """Markdown of the cells; percent but for the first four columns."""
    lines = [
        "| phases | SNR | noise mM | vp fitted / held / no model | fitted | bias | error "
        "| coverage: scatter alone | whole | half-width | literature T1: bias | scatter alone "
        "| whole | Georgiou: bias | lesion: bias | scatter alone | whole |",
        "|" + "---|" * 17,
    ]
    for cell in cells:
        voxel, t1, other, mean = (
            cell.summaries.get(name, NOTHING)
            for name in ("voxel", "literature_t1", "georgiou", "lesion")
        )
        lines.append(
            f"| {cell.phases} | {cell.snr} | {cell.noise_mm:.4f} | "
            f"{cell.free} / {cell.held} / {cell.none} | {voxel.fitted:.0f} | {voxel.bias:+.1f} | "
            f"{voxel.error:.1f} | {voxel.alone:.0f} | {voxel.coverage:.0f} | {voxel.width:.0f} | "
            f"{t1.bias:+.0f} | {t1.alone:.0f} | {t1.coverage:.0f} | "
            f"{other.bias:+.0f} | {mean.bias:+.1f} | {mean.alone:.0f} | {mean.coverage:.0f} |"
        )
    return "\n".join(lines)


def step_table(cells: Sequence[Cell]) -> str:
    """Markdown of coverage by step, percent."""
    lines = [f"| phases | {' | '.join(STEPS)} |", "|" + "---|" * (1 + len(STEPS))]
    for cell in cells:
        shares = (f"{cell.summaries.get(name, NOTHING).coverage:.0f}" for name in STEPS)
        lines.append(f"| {cell.phases} | {' | '.join(shares)} |")
    return "\n".join(lines)


def write_csv(path: Path, cells: Sequence[Cell]) -> None:
    """Every summary of every cell, one a row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("phases", "snr", "noise_mm", "vp_fitted", "vp_held", "no_model", "case",
             "fitted_percent", "bias_percent", "error_percent", "scatter_alone_percent",
             "coverage_percent", "half_width_percent")
        )  # fmt: skip
        for cell in cells:
            first = (cell.phases, cell.snr, f"{cell.noise_mm:.5f}", cell.free, cell.held, cell.none)
            for name, one in cell.summaries.items():
                values = (
                    one.fitted, one.bias, one.error, one.alone, one.coverage, one.width
                )  # fmt: skip
                writer.writerow((*first, name, *(f"{value:.2f}" for value in values)))


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot of the figure.

    Parameters
    ----------
    left : float
        Of the axis, pixels.
    title : str
    quantity : str
        Field of `Summary`.
    low, high, step : float, %
        Ends and ticks of the axis.
    band : (low, high) of float, %, or None
        Shaded.
    """

    left: float
    title: str
    quantity: str
    low: float
    high: float
    step: float
    band: tuple[float, float] | None = None

    def x(self, snr: float) -> float:
        """Place of a noise: even steps by its logarithm."""
        share = np.log(snr / SNRS[0]) / np.log(SNRS[-1] / SNRS[0])
        return float(self.left + _INSET + share * (_WIDE - 2 * _INSET))

    def y(self, percent: float) -> float:
        """Height of a value."""
        return _TOP + _HIGH * (self.high - percent) / (self.high - self.low)


_TOP, _HIGH, _WIDE, _INSET = 58.0, 250.0, 300.0, 22.0  # of a panel, pixels
# Colours of Okabe and Ito, told apart by colour-blind readers, and a mark for each.
_COLOURS = ("#d55e00", "#e69f00", "#009e73", "#0072b2", "#000000")
_MARKS = (
    "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0Z",
    "M-4.5-4.5H4.5V4.5H-4.5Z",
    "M0-5.5L5 4.5H-5Z",
    "M0-6L6 0L0 6L-6 0Z",
    "M0 5.5L5-4.5H-5Z",
)


def _text(x: float, y: float, words: str, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{words}</text>'


def _axes(panel: Panel, noise: Mapping[int, float]) -> list[str]:
    right, bottom = panel.left + _WIDE, _TOP + _HIGH
    parts = [_text(panel.left, _TOP - 14, panel.title, "start", ' font-weight="bold"')]
    if panel.band:
        low, high = panel.y(panel.band[0]), panel.y(panel.band[1])
        parts.append(
            f'<rect x="{panel.left}" y="{high:.1f}" width="{_WIDE}" height="{low - high:.1f}" '
            'fill="#56b4e9" fill-opacity="0.35"/>'
        )
        words = f"{panel.band[0]:.0f} to {panel.band[1]:.0f} %"
        parts.append(_text(right + 6, (low + high) / 2 + 4, words, "start", ' fill="#33789f"'))
    for value in np.arange(panel.low, panel.high + panel.step / 2, panel.step):
        y = panel.y(value)
        colour = "#888" if value == 0 else "#ddd"
        parts.append(f'<path d="M{panel.left} {y:.1f}H{right}" stroke="{colour}"/>')
        parts.append(_text(panel.left - 8, y + 4, f"{value:.0f}".replace("-", "−"), "end"))
    for snr in SNRS:
        parts.append(f'<path d="M{panel.x(snr):.1f} {bottom}v5" stroke="#888"/>')
        parts.append(_text(panel.x(snr), bottom + 19, f"{snr}"))
        parts.append(_text(panel.x(snr), bottom + 35, f"{noise[snr]:.4f}", more=' fill="#666"'))
    middle = panel.left + _WIDE / 2
    parts.append(_text(middle, bottom + 55, "signal-to-noise ratio of one phase, of gland"))
    parts.append(_text(middle, bottom + 71, "noise before contrast, mM", more=' fill="#666"'))
    return parts


def _line(panel: Panel, cells: Sequence[Cell], colour: str, mark: str) -> list[str]:
    """One phase count; marks are open where vp was held in most lesions.

    Beside the coverage, dashed, that by scatter alone.
    """
    known = [cell for cell in cells if "voxel" in cell.summaries]
    places = [
        (panel.x(cell.snr), panel.y(getattr(cell.summaries["voxel"], panel.quantity)))
        for cell in known
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>']
    if panel.quantity == "coverage":
        alone = " ".join(
            f"{x:.1f},{panel.y(cell.summaries['voxel'].alone):.1f}"
            for (x, _), cell in zip(places, known, strict=True)
        )
        parts.append(
            f'<polyline points="{alone}" fill="none" stroke="{colour}" stroke-dasharray="4 4"/>'
        )
    for (x, y), cell in zip(places, known, strict=True):
        parts.append(_mark(x, y, colour, mark, is_open=cell.held > cell.free))
    return parts


def _mark(x: float, y: float, colour: str, mark: str, *, is_open: bool = False) -> str:
    fill = "#fff" if is_open else colour
    return (
        f'<path d="{mark}" transform="translate({x:.1f} {y:.1f})" fill="{fill}" '
        f'stroke="{colour}" stroke-width="1.5"/>'
    )


def figure(cells: Sequence[Cell]) -> str:
    """SVG of bias and coverage against noise, one line a phase count."""
    panels = (
        Panel(62, "Bias of Ktrans, % (median of voxels)", "bias", -10, 2, 2),
        Panel(
            446, "95 % intervals that hold the true Ktrans, %", "coverage", 50, 100, 10, (90, 98)
        ),
    )
    noise = {cell.snr: cell.noise_mm for cell in cells}
    parts = [part for panel in panels for part in _axes(panel, noise)]
    parts.append(_text(62, 22, "phases in 7 min:", "start"))
    for k, (n, colour, mark) in enumerate(zip(PHASES, _COLOURS, _MARKS, strict=True)):
        parts += [_mark(194 + 48 * k, 18, colour, mark), _text(204 + 48 * k, 22, f"{n}", "start")]
        for panel in panels:
            parts += _line(panel, [cell for cell in cells if cell.phases == n], colour, mark)
    words = "open: vp held; dashed: scatter alone; simulation results"
    parts.append(_text(446, 22, words, "start", ' fill="#666"'))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 830 390" width="830" height="390" '
        'font-family="sans-serif" font-size="13"><title>Simulation results</title>'
        '<rect width="830" height="390" fill="#fff"/>' + "\n".join(parts) + "</svg>\n"
    )


def main() -> None:
    """Simulate, fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--women", type=int, default=40)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--voxels", type=int, default=200, help="of a lesion, at most")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    found = list(lesions(options.first_seed, options.women, options.voxels))
    print(
        f"{options.women} women, {len(found)} lesions, {sum(one.ktrans.size for one in found)} "
        "voxels; simulation results, percent\n"
    )
    cells = [measured(found, n, snr) for n in PHASES for snr in SNRS]
    print(table(cells))
    steps = [measured(found, n, STEP_SNR, steps=True) for n in PHASES]
    print(f"\nCoverage at SNR {STEP_SNR}, step by step:\n\n{step_table(steps)}\n")
    print("\n".join(f"- {name}: {meaning}." for name, meaning in STEPS.items()))
    if options.csv:
        write_csv(options.csv, [*cells, *steps])
    if options.figure:
        options.figure.write_text(figure(cells), encoding="utf-8")


if __name__ == "__main__":
    main()
