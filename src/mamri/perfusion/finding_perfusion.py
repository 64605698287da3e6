"""Pharmacokinetics of one finding: the fit of its mean curve with whole errors, or why none."""

from dataclasses import replace

import numpy as np

from mamri.perfusion.exam_signals import ExamSignals, mean_curve
from mamri.perfusion.exponential_basis import ArterialInput
from mamri.perfusion.fit_curves import fit
from mamri.perfusion.model_choice import ModelChoice
from mamri.perfusion.perfusion_fit import FitStatus, PerfusionFit
from mamri.perfusion.perfusion_settings import PerfusionSettings
from mamri.perfusion.uncertainty import combined_errors
from mamri.records import FindingPerfusion, Status


def finding_perfusion(
    part: ExamSignals,
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
        mean = mean_curve(curves)
        return fit(mean, part.times_s, aif, choice.model, vp=vp, settings=settings.fit)

    mean = mean_fit(part.curves(), choice.vp)
    own = [mean_fit(part.curves(baseline_sds=share), choice.vp)]
    if choice.vp is not None and settings.choice.assumed_vp_sd > 0:
        own.append(mean_fit(part.curves(), choice.vp + settings.choice.assumed_vp_sd))
    # T1 downwards, where Ktrans answers more strongly: an interval is as wide as its wider side.
    t1 = [mean_fit(part.curves(t1_factor=1 - settings.t1_sd), choice.vp)]
    scatter = _with_baseline_fitted(mean, part.n_pre)
    errors = combined_errors(scatter, [without_fast_voxels(one, fastest) for one in own + t1])
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


def fastest_rate(times_s: np.ndarray, arrival_s: float, settings: PerfusionSettings) -> float:
    """Rate per minute from which the first image after the arrival is too late to see it."""
    after = times_s[times_s > arrival_s]
    wait_min = (float(after[0]) - arrival_s) / 60.0 if after.size else float("inf")
    return settings.max_time_constants / wait_min


def without_fast_voxels(found: PerfusionFit, fastest: float) -> PerfusionFit:
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
