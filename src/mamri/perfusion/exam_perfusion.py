"""Pharmacokinetic maps of an exam, with the model that its protocol can bear, or a reason why none.

What a clinical exam does not hold is assumed and said: T1 before contrast, the arterial input, its
arrival, often the agent. Values compare within one protocol; across protocols they carry all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mamri.perfusion.arterial_input import PopulationInput, population_input
from mamri.perfusion.exponential_basis import ArterialInput
from mamri.perfusion.fit_curves import FitSettings, fit
from mamri.perfusion.model_choice import ChoiceSettings, ModelChoice, choose_model
from mamri.perfusion.perfusion_fit import FitStatus, PerfusionFit
from mamri.perfusion.relaxivity import agent_in_text, field_index, relaxivity
from mamri.perfusion.signal_to_concentration import (
    SpoiledGradientEcho,
    baseline_points,
)
from mamri.perfusion.t1_mapping import T1Tissue, literature_t1
from mamri.perfusion.uncertainty import combined_errors, concentration_from_shifted_baseline
from mamri.records import (
    Acquisition,
    Caveat,
    DynamicSeries,
    FindingPerfusion,
    GeometryError,
    LabelMap,
    Provenance,
    Status,
    Volume,
)

REFERENCES = {
    "tofts": (
        "Tofts PS, Brix G, Buckley DL, et al. Estimating kinetic parameters from dynamic "
        "contrast-enhanced T1-weighted MRI of a diffusable tracer: standardized quantities and "
        "symbols. J Magn Reson Imaging 1999;10:223-232."
    ),
    PopulationInput.PARKER: (
        "Parker GJM, Roberts C, Macdonald A, et al. Experimentally-derived functional form for a "
        "population-averaged high-temporal-resolution arterial input function for dynamic "
        "contrast-enhanced MRI. Magn Reson Med 2006;56:993-1000. doi:10.1002/mrm.21066"
    ),
    PopulationInput.GEORGIOU: (
        "Georgiou L, Wilson DJ, Sharma N, Perren TJ, Buckley DL. A functional form for a "
        "representative individual arterial input function measured from a population using high "
        "temporal resolution DCE MRI. Magn Reson Med 2019;81:1955-1963. doi:10.1002/mrm.27524"
    ),
    PopulationInput.WEINMANN: (
        "Weinmann HJ, Laniado M, Mutzel W. Pharmacokinetics of GdDTPA/dimeglumine after "
        "intravenous injection into healthy volunteers. Physiol Chem Phys Med NMR 1984;16:167-172."
    ),
}
# A longer repetition time is not that of a three-dimensional gradient echo, ms (assumption).
_LONGEST_TR_MS = 50.0
_STEP_S = 1.0  # of the population input
_MAPS = {"ktrans": "ktrans_per_min", "kep": "kep_per_min", "ve": "ve", "vp": "vp"}


@dataclass(frozen=True, slots=True)
class PerfusionSettings:
    """How an exam's pharmacokinetics are computed.

    Parameters
    ----------
    input : PopulationInput
        Arterial input, in plasma.
    dose_mmol_per_kg : float, mmol/kg
    arrival_s : float, s
        From the injection to the arrival in the breast, where the images are too far apart to show
        it. Assumption: 18.
    arrival_range_s : (low, high) of float, s
        Arrivals that are tried where they are not. Assumption.
    arrival_step_s : float, s
    arrival_sampling_s : float, s
        Images at most so far apart around the arrival show it. Assumption: 12.
    t1_ms : float or None, ms
        T1 before contrast of all that is fitted; None for fibroglandular tissue from the
        literature, see `literature_t1`.
    t1_sd : float
        Standard deviation of T1 between women over its mean, which goes into the standard errors.
        Assumption: 0.15, the upper end of what `literature_t1` tells.
    r1 : float, per mM and s
        Relaxivity where the agent is not recorded or not in the table. Assumption: 4.5, that of
        most agents within a fifth or so.
    min_enhancement_percent : float, %
        Voxels of the region are fitted from this highest enhancement on. Assumption.
    max_time_constants : float
        A tissue that comes to balance with the blood so many times over before the first image
        after the arrival shows no rate, only its volume: there and beyond nothing is given.
        Assumption: 3, 95 % of the way.
    max_relative_error : float
        Ktrans of a finding is not given where its standard error, T1 apart, is larger than so many
        times itself. Assumption: 1.
    min_region_voxels : int
        Fewer than this are not enough to measure the noise.
    fit : FitSettings
    choice : ChoiceSettings
    """

    input: PopulationInput = PopulationInput.PARKER
    dose_mmol_per_kg: float = 0.1
    arrival_s: float = 18.0
    arrival_range_s: tuple[float, float] = (0.0, 45.0)
    arrival_step_s: float = 1.0
    arrival_sampling_s: float = 12.0
    t1_ms: float | None = None
    t1_sd: float = 0.15
    r1: float = 4.5
    min_enhancement_percent: float = 30.0
    max_time_constants: float = 3.0
    max_relative_error: float = 1.0
    min_region_voxels: int = 50
    fit: FitSettings = field(default_factory=FitSettings)
    choice: ChoiceSettings = field(default_factory=ChoiceSettings)


@dataclass(frozen=True, slots=True, eq=False)
class ExamPerfusion:
    """Pharmacokinetics of an exam.

    Parameters
    ----------
    maps : mapping of str to Volume
        ``ktrans`` and ``kep`` (per minute), ``ve``, and ``vp`` where it was fitted (volume
        fractions), float32; NaN where nothing was fitted. Empty where nothing could be.
    findings : mapping of finding id to FindingPerfusion
    choice : ModelChoice or None
        None where the exam could not be turned into concentrations.
    caveats : tuple of Caveat
    provenance : Provenance
    """

    maps: Mapping[str, Volume]
    findings: Mapping[int, FindingPerfusion]
    choice: ModelChoice | None
    caveats: tuple[Caveat, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class _Assumed:
    """What stands in the equations beside the images; texts say where it comes from."""

    sequence: SpoiledGradientEcho
    t1_ms: float
    t1_text: str
    r1: float
    r1_text: str


def exam_perfusion(
    series: DynamicSeries,
    acquisition: Acquisition,
    region: np.ndarray,
    labels: LabelMap,
    settings: PerfusionSettings | None = None,
) -> ExamPerfusion:
    """Fit the tissue model that an exam can bear to the enhancing voxels of a region.

    Parameters
    ----------
    series : DynamicSeries
        Times from the injection.
    acquisition : Acquisition
        Repetition time, flip angle, field strength and agent are read.
    region : (S, R, C) bool
        Where to look for enhancing voxels: the breasts.
    labels : LabelMap
        Value = finding id; all voxels of findings are fitted.
    settings : PerfusionSettings, optional

    Returns
    -------
    ExamPerfusion
        Without maps, and with the reason, where times, repetition time, flip angle or field
        strength are missing, or too few images identify nothing.

    Raises
    ------
    GeometryError
        If region or labels are on another grid.
    """
    settings = settings or PerfusionSettings()
    shape = series.array.shape[1:]
    if region.shape != shape or labels.array.shape != shape:
        raise GeometryError(
            f"region and labels must be on the grid of the series, {shape}, got {region.shape} and "
            f"{labels.array.shape}; resample them first with geometry.resample_like()"
        )
    ids = [int(n) for n in np.unique(labels.array) if n]
    assumed = _assumptions(series, acquisition, settings)
    if isinstance(assumed, str):
        return _without(assumed, ids, None)
    asked = (region & _enhances(series, settings.min_enhancement_percent)) | (labels.array > 0)
    if np.count_nonzero(asked) < settings.min_region_voxels:
        return _without("too few voxels enhance", ids, None)
    signals = _signals(series, asked, assumed)
    if not signals.noise > 0:
        return _without("the images hold no noise to judge a fit by", ids, None)
    curves, times = signals.curves(), signals.times_s
    arrival, arrival_text = _arrival(times, curves, settings)
    aif = _input(times, arrival, settings)
    noise = _noise(curves[series.n_pre if series.n_pre > 1 else 0 :])
    choice = choose_model(times, aif, noise_sd=noise, settings=settings.choice)
    if choice.model is None:
        return _without(choice.reason, ids, choice)
    fitted = fit(curves, times, aif, choice.model, vp=choice.vp, settings=settings.fit)
    fastest = _fastest_rate(times, arrival, settings)
    fitted = _within(fitted, fastest)
    own = labels.array[asked]
    findings = {}
    for n in ids:
        part = replace(signals, values=signals.values[:, own == n])
        voxels = fitted.parameters["ktrans_per_min"][own == n]
        findings[n] = _finding(part, aif, voxels, choice, fastest, settings)
    text = (
        f"T1 before contrast {assumed.t1_ms:.0f} ms ({assumed.t1_text}), the population input of "
        f"{settings.input.capitalize()} for {settings.dose_mmol_per_kg:g} mmol/kg "
        f"{arrival_text}, and a relaxivity of {assumed.r1:g} per mM and s ({assumed.r1_text})"
    )
    return ExamPerfusion(
        _maps(fitted, asked, series, choice),
        findings,
        choice,
        _caveats(text, choice, acquisition),
        _provenance(text, noise, arrival, choice, settings),
    )


def _assumptions(
    series: DynamicSeries, acquisition: Acquisition, settings: PerfusionSettings
) -> _Assumed | str:
    """What the equations need, or why they cannot be used."""
    if series.n_pre == 0 or series.n_phases - series.n_pre < 3:
        return "a phase before and three after contrast are needed"
    lacking = [
        word
        for word, value in (
            ("repetition time", acquisition.tr_ms),
            ("flip angle", acquisition.flip_angle_deg),
            ("field strength", acquisition.field_strength_t),
        )
        if value is None
    ]
    if lacking:
        return f"the exam does not say its {' or '.join(lacking)}"
    tr, angle = acquisition.tr_ms, acquisition.flip_angle_deg
    tesla = acquisition.field_strength_t
    assert tr is not None and angle is not None and tesla is not None  # noqa: PT018  just checked
    if not 0 < tr <= _LONGEST_TR_MS or not 0 < angle < 90:
        return (
            f"a repetition time of {tr:g} ms and a flip angle of {angle:g} degrees are not those "
            "of a spoiled gradient echo"
        )
    if field_index(tesla) is None:
        return f"T1 and relaxivity are not known at {tesla:g} T"
    t1, t1_text = settings.t1_ms, "as set"
    if t1 is None:
        known = literature_t1(T1Tissue.FIBROGLANDULAR, tesla)
        t1, t1_text = known.t1_ms, f"fibroglandular tissue at {known.field_strength_t:g} T"
    agent = agent_in_text(acquisition.contrast_agent or "")
    r1, r1_text = settings.r1, "assumed, as the agent is not known"
    if agent is not None:
        r1, r1_text = relaxivity(agent, tesla).r1, agent.value
    return _Assumed(SpoiledGradientEcho(tr, angle), t1, t1_text, r1, r1_text)


def _enhances(series: DynamicSeries, least_percent: float) -> np.ndarray:
    """Voxels whose highest signal after contrast exceeds the baseline by so much, (S, R, C)."""
    before = series.array[: series.n_pre].mean(axis=0, dtype=np.float32)
    after = series.array[series.n_pre :].max(axis=0).astype(np.float32)
    return np.asarray((before > 0) & (after > (1 + least_percent / 100) * before))


@dataclass(frozen=True, slots=True, eq=False)
class _Signals:
    """Signals (T, N) of voxels, and how they become the curves that are fitted.

    One image before contrast is its own baseline: its concentration is zero by construction, it
    tells a fit nothing and is left out. ``noise`` is that of one image, a.u.
    """

    values: np.ndarray
    all_times_s: np.ndarray
    n_pre: int
    noise: float
    assumed: _Assumed

    @property
    def times_s(self) -> np.ndarray:
        """Times of the curves."""
        return self.all_times_s[1:] if self.n_pre == 1 else self.all_times_s

    def curves(self, *, t1_factor: float = 1.0, baseline_sds: float = 0.0) -> np.ndarray:
        """Curves float32, mM, with a T1 and a baseline changed by so much."""
        baseline = baseline_points(self.all_times_s)
        before = self.values[list(baseline)].mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            shift = baseline_sds * self.noise / (before * np.sqrt(len(baseline)))
        curves = concentration_from_shifted_baseline(
            self.values,
            self.assumed.sequence,
            shift,
            t1_ms=t1_factor * self.assumed.t1_ms,
            r1=self.assumed.r1,
            baseline=baseline,
        )
        return curves[1:] if self.n_pre == 1 else curves


def _signals(series: DynamicSeries, asked: np.ndarray, assumed: _Assumed) -> _Signals:
    values = np.stack([phase[asked] for phase in series.array]).astype(np.float32)
    noise = _noise(values[series.n_pre :])
    return _Signals(values, series.times_s, series.n_pre, noise, assumed)


def _noise(after: np.ndarray) -> float:
    """Noise of one image, from differences over the last images after contrast, (T, N).

    Slow wash-in and wash-out cancel in third differences (second ones where there are only three
    images); what is left is noise and motion.
    """
    weights = np.array([1.0, -3.0, 3.0, -1.0] if len(after) > 3 else [1.0, -2.0, 1.0])
    left = weights @ after[-weights.size :]
    left = left[np.isfinite(left)]
    if not left.size:
        return float("nan")
    spread = 1.4826 * np.median(np.abs(left - np.median(left)))
    return float(spread / np.sqrt(np.square(weights).sum()))


def _input(times_s: np.ndarray, arrival_s: float, settings: PerfusionSettings) -> ArterialInput:
    fine = np.arange(0.0, float(times_s[-1]) + 2 * _STEP_S, _STEP_S)
    plasma = population_input(
        fine, settings.input, delay_s=arrival_s, dose_mmol_per_kg=settings.dose_mmol_per_kg
    )
    return ArterialInput(fine, plasma)


def _arrival(
    times_s: np.ndarray, curves: np.ndarray, settings: PerfusionSettings
) -> tuple[float, str]:
    """Arrival of the agent and its source: fitted where the images are near enough in time."""
    assumed = f"assumed to arrive {settings.arrival_s:g} s after the injection"
    low, high = settings.arrival_range_s
    around = times_s[(times_s >= low - settings.arrival_sampling_s) & (times_s <= high)]
    if around.size < 4 or np.diff(around).max() > settings.arrival_sampling_s:
        return settings.arrival_s, assumed
    peak = np.max(curves, axis=0, initial=0.0, where=np.isfinite(curves))
    mean = _mean_curve(curves[:, peak >= np.quantile(peak, 0.9)])
    scan = replace(settings.fit, delay_range_s=(low, high), delay_step_s=settings.arrival_step_s)
    found = fit(mean, times_s, _input(times_s, 0.0, settings), delay_s=None, settings=scan)
    arrival = float(found.parameters["delay_s"])
    if not np.isfinite(arrival):
        return settings.arrival_s, assumed
    return arrival, f"arriving {arrival:.0f} s after the injection, as the brightest voxels show"


def _mean_curve(curves: np.ndarray) -> np.ndarray:
    """Mean of the curves (T, N) that are known at all times; NaN where none is."""
    known = curves[:, np.isfinite(curves).all(axis=0)]
    if not known.shape[1]:
        return np.full(len(curves), np.nan)
    return known.mean(axis=1, dtype=np.float64)


def _finding(
    part: _Signals,
    aif: ArterialInput,
    voxels: np.ndarray,
    choice: ModelChoice,
    fastest: float,
    settings: PerfusionSettings,
) -> FindingPerfusion:
    """Fit of the mean curve of a finding, and how Ktrans of its voxels spreads about it."""
    assert choice.model is not None  # checked by the caller
    # The noise of a mean falls with the number of its voxels.
    share = 1 / np.sqrt(part.values.shape[1])

    def mean_fit(curves: np.ndarray, vp: float | None) -> PerfusionFit:
        assert choice.model is not None
        mean = _mean_curve(curves)
        return fit(mean, part.times_s, aif, choice.model, vp=vp, settings=settings.fit)

    mean = mean_fit(part.curves(), choice.vp)
    own = [mean_fit(part.curves(baseline_sds=share), choice.vp)]
    if choice.vp is not None and settings.choice.assumed_vp_sd > 0:
        own.append(mean_fit(part.curves(), choice.vp + settings.choice.assumed_vp_sd))
    # T1 downwards, where Ktrans answers more strongly: an interval is as wide as its wider side.
    t1 = [mean_fit(part.curves(t1_factor=1 - settings.t1_sd), choice.vp)]
    scatter = _with_baseline_fitted(mean, part.n_pre)
    errors = combined_errors(scatter, [_within(fit, fastest) for fit in own + t1])
    # T1 is the same for all curves: it does not decide whether this one tells its parameters.
    told = float(combined_errors(scatter, own)["ktrans_per_min"])
    known = voxels[np.isfinite(voxels)]
    value = {name: float(values) for name, values in mean.parameters.items()}
    ktrans = value["ktrans_per_min"]
    reason = _WORDS.get(FitStatus(int(mean.status)), "")
    is_known = bool(np.isfinite(ktrans))
    if not is_known:
        reason = reason or "its curve could not be fitted"
    elif value["kep_per_min"] > fastest:
        is_known, reason = False, "its curve follows the blood faster than these images show"
    elif told > settings.max_relative_error * ktrans:
        is_known, reason = False, "its curve does not tell Ktrans, whose error exceeds it"
    if not is_known:
        value, errors = dict.fromkeys(value, float("nan")), {}
    return FindingPerfusion(
        status=Status.OK if is_known else Status.UNDEFINED,
        reason=reason,
        model=choice.model.value,
        assumed_vp=choice.vp,
        ktrans_per_min=value["ktrans_per_min"],
        kep_per_min=value["kep_per_min"],
        ve=value["ve"],
        vp=value.get("vp", float("nan")),
        standard_errors={name: float(e) for name, e in errors.items()},
        ktrans_median_per_min=float(np.median(known)) if known.size else float("nan"),
        ktrans_p90_per_min=float(np.percentile(known, 90)) if known.size else float("nan"),
        fitted_percent=100.0 * known.size / voxels.size,
    )


def _fastest_rate(times_s: np.ndarray, arrival_s: float, settings: PerfusionSettings) -> float:
    """Rate per minute from which the first image after the arrival is too late to see it."""
    after = times_s[times_s > arrival_s]
    wait_min = (float(after[0]) - arrival_s) / 60.0 if after.size else float("inf")
    return settings.max_time_constants / wait_min


def _within(found: PerfusionFit, fastest: float) -> PerfusionFit:
    """A fit without the voxels whose rate is faster than the images show."""
    with np.errstate(invalid="ignore"):
        is_fast = found.parameters["kep_per_min"] > fastest
    values = {k: np.where(is_fast, np.nan, v) for k, v in found.parameters.items()}
    return replace(found, parameters=values)


def _with_baseline_fitted(found: PerfusionFit, n_pre: int) -> PerfusionFit:
    """Standard errors that count the mean of several baseline images as one more parameter."""
    left = found.n_times - found.n_parameters
    if n_pre == 1:
        return found
    factor = np.sqrt(left / (left - 1)) if left > 1 else np.nan
    errors = {name: factor * error for name, error in found.standard_errors.items()}
    return replace(found, standard_errors=errors)


_WORDS = {
    FitStatus.NO_UPTAKE: "its curve shows no uptake",
    FitStatus.RATE_AT_END: "its rate lies beyond what was searched",
    FitStatus.VOLUME_ABOVE_ONE: "its curve would need a volume fraction above one",
    FitStatus.NOT_FINITE: "its signals give no concentration",
}


def _maps(
    fitted: PerfusionFit, asked: np.ndarray, series: DynamicSeries, choice: ModelChoice
) -> dict[str, Volume]:
    maps = {}
    for name, parameter in _MAPS.items():
        if parameter not in fitted.parameters or (name == "vp" and choice.vp is not None):
            continue
        array = np.full(asked.shape, np.nan, np.float32)
        array[asked] = fitted.parameters[parameter]
        maps[name] = Volume(array, series.affine)
    return maps


def _without(reason: str, ids: list[int], choice: ModelChoice | None) -> ExamPerfusion:
    reason = reason.rstrip(".")
    nothing = FindingPerfusion(Status.NOT_COMPUTED, reason)
    method = f"Pharmacokinetic maps were not computed: {reason}."
    return ExamPerfusion(
        {}, dict.fromkeys(ids, nothing), choice, (), Provenance("perfusion", method)
    )


def _caveats(text: str, choice: ModelChoice, acquisition: Acquisition) -> tuple[Caveat, ...]:
    message = (
        f"Ktrans, kep and ve rest on {text}: compare them within one protocol, not with limits "
        "from others."
    )
    if acquisition.fat_suppressed:
        message += " Pulses that suppress fat disturb the steady state that they suppose."
    caveats = [Caveat("perfusion_assumptions", message)]
    if choice.vp is not None:
        caveats.append(Caveat("perfusion_few_images", choice.reason))
    return tuple(caveats)


def _provenance(
    text: str, noise: float, arrival: float, choice: ModelChoice, settings: PerfusionSettings
) -> Provenance:
    assert choice.model is not None  # checked by the caller
    held = "" if choice.vp is None else f" with the plasma volume held at {choice.vp:g}"
    method = (
        f"Signals were turned into concentrations with {text}; the "
        f"{choice.model.value.replace('_', ' ')} model{held} was fitted to every enhancing voxel "
        "and to the mean curve of each finding by variable projection; standard errors hold the "
        "scatter about the curve, the noise of the baseline and the spread of what was assumed of "
        "T1 and plasma, not the doubt about input and relaxivity."
    )
    used = {
        "model": choice.model.value,
        "assumed_vp": choice.vp,
        "input": settings.input.value,
        "dose_mmol_per_kg": settings.dose_mmol_per_kg,
        "arrival_s": arrival,
        "noise_mM": noise,
        "min_enhancement_percent": settings.min_enhancement_percent,
        "max_relative_error": settings.choice.max_relative_error,
    }
    return Provenance("perfusion", method, used, (REFERENCES["tofts"], REFERENCES[settings.input]))
