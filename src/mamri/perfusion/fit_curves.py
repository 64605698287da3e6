"""The door to the tissue models: curves in, parameters with standard errors out."""

from dataclasses import dataclass

import numpy as np

from mamri.perfusion.exponential_basis import ArterialInput, ExponentialBasis, exponential_basis
from mamri.perfusion.patlak import fit_patlak
from mamri.perfusion.perfusion_fit import FitStatus, PerfusionFit, TissueModel
from mamri.perfusion.tofts import fit_tofts
from mamri.perfusion.two_compartment import (
    fit_two_compartment_exchange,
    fit_two_compartment_uptake,
)
from mamri.perfusion.voxel_fit import VoxelFit
from mamri.records import GeometryError, InputError

# Curves of one slab as float32: few enough that what is made of them stays near the processor.
_SLAB_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Settings of `fit`.

    Parameters
    ----------
    rates_per_min, exchange_rates_per_min : (low, high) of float, per minute
        Range of ``kep`` that is searched, and of the rates of the two-compartment models.
        Assumptions: 0.001 to 50, far beyond what tissue has, and 0.01 to 300.
    n_rates : int
        Rows of the grid that is searched first, evenly spaced in logarithm.
    delay_range_s, delay_step_s : (low, high) of float, and float, s
        Delays that are tried where the delay is fitted: -10 to 10 by 0.25, as the OSIPI collection
        allows.
    """

    rates_per_min: tuple[float, float] = (0.001, 50.0)
    exchange_rates_per_min: tuple[float, float] = (0.01, 300.0)
    n_rates: int = 64
    delay_range_s: tuple[float, float] = (-10.0, 10.0)
    delay_step_s: float = 0.25

    def __post_init__(self) -> None:
        ranges = (self.rates_per_min, self.exchange_rates_per_min)
        if not all(0 < low < high for low, high in ranges) or self.n_rates < 8:
            raise InputError(
                "ranges of rates must be two rising rates above 0 and n_rates at least 8, got "
                f"{ranges} and {self.n_rates}; change them"
            )
        if self.delay_range_s[0] > self.delay_range_s[1] or not self.delay_step_s > 0:
            raise InputError(
                "delay_range_s must rise and delay_step_s be above 0, got "
                f"{self.delay_range_s} and {self.delay_step_s}; change them"
            )


def fit(
    concentration: np.ndarray,
    times_s: np.ndarray,
    aif: ArterialInput | np.ndarray,
    model: TissueModel | str = TissueModel.EXTENDED_TOFTS,
    *,
    mask: np.ndarray | None = None,
    vp: float | None = None,
    delay_s: float | None = 0.0,
    settings: FitSettings = FitSettings(),
) -> PerfusionFit:
    """Fit a tissue model to concentration curves.

    Parameters
    ----------
    concentration : (T,) or (T, ...) float, mM
        Of contrast agent in tissue, times first.
    times_s : (T,) float, s
        Rising; from the same zero as those of the input.
    aif : ArterialInput, or (T,) float, mM
        Contrast agent in arterial plasma; a bare array is at the times of the images.
    model : TissueModel or str
    mask : (...) bool, optional
        Voxels to fit; the others are NaN.
    vp : float, optional
        Known plasma volume fraction for ``extended_tofts``. Few late phases do not tell it from
        uptake: see `choose_model`.
    delay_s : float or None, s
        Later arrival of the input in the tissue; None fits it voxel by voxel by trying the delays
        of the settings.
    settings : FitSettings

    Returns
    -------
    PerfusionFit
        Arrays of shape (...).

    Raises
    ------
    GeometryError
        If shapes do not belong together.
    InputError
        If the model is unknown, times do not rise, or the input is none.

    Examples
    --------
    >>> t = np.arange(0.0, 300.0, 5.0)
    >>> plasma = np.where(t > 20, 5 * np.exp(-(t - 20) / 120), 0)
    >>> tissue = np.cumsum(plasma) * 5 / 60 * 0.1
    >>> round(float(fit(tissue, t, plasma, "patlak").parameters["ps_per_min"]), 2)
    0.1
    """
    model = _checked_model(model, vp)
    curves, times = np.asarray(concentration), np.asarray(times_s, np.float64)
    if curves.ndim < 1 or times.shape != curves.shape[:1]:
        raise GeometryError(
            f"concentration must have one value a time along its first axis, got {curves.shape} "
            f"for {times.shape} times; put time first"
        )
    shape = curves.shape[1:]
    if mask is not None and np.shape(mask) != shape:
        raise GeometryError(
            f"a mask must have the shape of one image, {shape}, got {np.shape(mask)}; resample it"
        )
    if not isinstance(aif, ArterialInput):
        aif = ArterialInput(times, aif)
    asked = None if mask is None or np.all(mask) else np.flatnonzero(mask)
    delays = _delays(delay_s, settings)
    bases = [_basis(aif, times, model, delay, settings) for delay in delays]
    flat = curves.reshape(len(times), -1)
    step = max(1, _SLAB_BYTES // (4 * len(times)))
    n_asked = flat.shape[1] if asked is None else len(asked)
    maps: dict[str, np.ndarray] = {}
    n_parameters = 0
    for start in range(0, max(n_asked, 1), step):
        # Voxels that are all asked for need no copy.
        chosen = slice(start, start + step) if asked is None else asked[start : start + step]
        found, delay = _best_delay(flat[:, chosen], bases, delays, model, vp)
        n_parameters = found.n_parameters + (len(delays) > 1)
        for name, values in _rows(found, delay, len(times) - n_parameters).items():
            nothing = FitStatus.NOT_ASKED if name == "status" else np.nan
            maps.setdefault(name, np.full(flat.shape[1], nothing, values.dtype))[chosen] = values
    parts: dict[str, dict[str, np.ndarray]] = {"": {}, _PARAMETER: {}, _ERROR: {}}
    for name, values in maps.items():
        kind, _, own = name.rpartition("/")
        parts[kind][own] = values.reshape(shape)
    return PerfusionFit(
        model,
        parts[_PARAMETER],
        parts[_ERROR],
        **parts[""],
        n_times=len(times),
        n_parameters=n_parameters,
    )


_PARAMETER, _ERROR = "parameter", "error"


def _rows(found: VoxelFit, delay: np.ndarray, freedom: int) -> dict[str, np.ndarray]:
    """Everything that becomes a map, by kind and name."""
    squares = found.sum_of_squares
    with np.errstate(invalid="ignore"):
        sd = np.sqrt(squares / freedom) if freedom > 0 else np.full_like(squares, np.nan)
    rows = {f"{_PARAMETER}/{name}": values for name, values in found.parameters.items()}
    rows[f"{_PARAMETER}/delay_s"] = np.where(np.isfinite(squares), delay, np.nan).astype(np.float32)
    rows |= {f"{_ERROR}/{name}": sd * values for name, values in found.standard_errors.items()}
    return rows | {"residual_sd": sd, "sum_of_squares": squares, "status": found.status}


def _delays(delay_s: float | None, settings: FitSettings) -> np.ndarray:
    if delay_s is not None:
        return np.array([float(delay_s)])
    low, high = settings.delay_range_s
    return np.arange(round((high - low) / settings.delay_step_s) + 1) * settings.delay_step_s + low


def _basis(
    aif: ArterialInput, times: np.ndarray, model: TissueModel, delay: float, settings: FitSettings
) -> ExponentialBasis:
    is_tofts = model in (TissueModel.TOFTS, TissueModel.EXTENDED_TOFTS)
    rates = settings.rates_per_min if is_tofts else settings.exchange_rates_per_min
    return exponential_basis(
        aif, times, rates_per_min=rates, n_rates=settings.n_rates, delay_s=float(delay)
    )


def _fit_slab(
    slab: np.ndarray, basis: ExponentialBasis, model: TissueModel, vp: float | None
) -> VoxelFit:
    if model is TissueModel.TOFTS:
        return fit_tofts(slab, basis, vp=0.0)
    if model is TissueModel.EXTENDED_TOFTS:
        return fit_tofts(slab, basis, vp=vp)
    if model is TissueModel.PATLAK:
        return fit_patlak(slab, basis)
    if model is TissueModel.TWO_COMPARTMENT_UPTAKE:
        return fit_two_compartment_uptake(slab, basis)
    return fit_two_compartment_exchange(slab, basis)


def _best_delay(
    slab: np.ndarray,
    bases: list[ExponentialBasis],
    delays: np.ndarray,
    model: TissueModel,
    vp: float | None,
) -> tuple[VoxelFit, np.ndarray]:
    """Of the fits with each delay, voxel by voxel that with the least sum of squares."""
    best = _fit_slab(slab, bases[0], model, vp)
    delay = np.full(slab.shape[1], delays[0])
    for basis, other in zip(bases[1:], delays[1:], strict=True):
        trial = _fit_slab(slab, basis, model, vp)
        with np.errstate(invalid="ignore"):
            is_better = ~(trial.sum_of_squares >= best.sum_of_squares)
        is_better &= np.isfinite(trial.sum_of_squares)
        delay[is_better] = other
        for mine, theirs in (
            (best.parameters, trial.parameters),
            (best.standard_errors, trial.standard_errors),
        ):
            for name in mine:
                mine[name][is_better] = theirs[name][is_better]
        best.sum_of_squares[is_better] = trial.sum_of_squares[is_better]
        best.status[is_better] = trial.status[is_better]
    return best, delay


def _checked_model(model: TissueModel | str, vp: float | None) -> TissueModel:
    try:
        model = TissueModel(model)
    except ValueError as error:
        raise InputError(
            f"a tissue model must be one of {', '.join(TissueModel)}, got {model!r}; name one"
        ) from error
    if vp is not None and (model is not TissueModel.EXTENDED_TOFTS or not 0 <= vp < 1):
        raise InputError(
            "a known vp belongs to extended_tofts and lies from 0 to below 1, got "
            f"{vp} for {model}; leave it out"
        )
    return model
