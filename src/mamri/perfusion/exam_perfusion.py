"""Pharmacokinetic maps of an exam, with the model that its protocol can bear, or a reason why none.

What a clinical exam does not hold is assumed and said: T1 before contrast, the arterial input, its
arrival, often the agent. Values compare within one protocol; across protocols they carry all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mamri.perfusion.arterial_input import PopulationInput, population_input
from mamri.perfusion.exam_signals import (
    assumed_physics,
    enhancing_voxels,
    exam_signals,
    image_noise,
    mean_curve,
)
from mamri.perfusion.exponential_basis import ArterialInput
from mamri.perfusion.finding_perfusion import (
    fastest_rate,
    finding_perfusion,
    without_fast_voxels,
)
from mamri.perfusion.fit_curves import fit
from mamri.perfusion.model_choice import ModelChoice, choose_model
from mamri.perfusion.perfusion_fit import PerfusionFit
from mamri.perfusion.perfusion_settings import PerfusionSettings
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
_STEP_S = 1.0  # of the population input
_MAPS = {"ktrans": "ktrans_per_min", "kep": "kep_per_min", "ve": "ve", "vp": "vp"}


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
    assumed = assumed_physics(series, acquisition, settings)
    if isinstance(assumed, str):
        return _without(assumed, ids, None)
    enhancing = enhancing_voxels(series, settings.min_enhancement_percent)
    asked = (region & enhancing) | (labels.array > 0)
    if np.count_nonzero(asked) < settings.min_region_voxels:
        return _without("too few voxels enhance", ids, None)
    signals = exam_signals(series, asked, assumed)
    if not signals.noise > 0:
        return _without("the images hold no noise to judge a fit by", ids, None)
    curves, times = signals.curves(), signals.times_s
    arrival, arrival_text = _arrival(times, curves, settings)
    aif = _input(times, arrival, settings)
    noise = image_noise(curves[series.n_pre if series.n_pre > 1 else 0 :])
    choice = choose_model(times, aif, noise_sd=noise, settings=settings.choice)
    if choice.model is None:
        return _without(choice.reason, ids, choice)
    fitted = fit(curves, times, aif, choice.model, vp=choice.vp, settings=settings.fit)
    fastest = fastest_rate(times, arrival, settings)
    fitted = without_fast_voxels(fitted, fastest)
    own = labels.array[asked]
    findings = {}
    for n in ids:
        part = replace(signals, values=signals.values[:, own == n])
        voxels = fitted.parameters["ktrans_per_min"][own == n]
        findings[n] = finding_perfusion(part, aif, voxels, choice, fastest, settings)
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
    mean = mean_curve(curves[:, peak >= np.quantile(peak, 0.9)])
    scan = replace(settings.fit, delay_range_s=(low, high), delay_step_s=settings.arrival_step_s)
    found = fit(mean, times_s, _input(times_s, 0.0, settings), delay_s=None, settings=scan)
    arrival = float(found.parameters["delay_s"])
    if not np.isfinite(arrival):
        return settings.arrival_s, assumed
    return arrival, f"arriving {arrival:.0f} s after the injection, as the brightest voxels show"


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
