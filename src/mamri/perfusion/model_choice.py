"""Which model the data can bear: before the fit by the sampling, after it by information."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from mamri.perfusion.exponential_basis import ArterialInput
from mamri.perfusion.perfusion_fit import PerfusionFit, TissueModel
from mamri.perfusion.tissue_curve import PARAMETERS, tissue_curve
from mamri.records import InputError

# A tissue that the sampling is judged on: an enhancing lesion (assumption, within the ranges of
# breast cancers in Li L et al. Magn Reson Med 2014;71:1592-1602).
TYPICAL_TISSUE: Mapping[str, float] = MappingProxyType(
    {
        "ktrans_per_min": 0.2,
        "ve": 0.4,
        "vp": 0.04,
        "ps_per_min": 0.2,
        "fp_per_min": 0.6,
    }
)


@dataclass(frozen=True, slots=True)
class ChoiceSettings:
    """Settings of `choose_model`.

    Parameters
    ----------
    max_relative_error : float
        Expected standard error over the value up to which a parameter counts as identified.
        Assumption: 0.5, so that a value is told from half and from twice itself.
    assumed_vp : float
        Plasma volume fraction that is taken where it cannot be fitted (assumption).
    assumed_vp_sd : float
        Standard deviation of it between tissues. Assumption: 0.03.
    tissue : mapping of str to float
        Parameters that the sampling is judged at.
    """

    max_relative_error: float = 0.5
    assumed_vp: float = 0.04
    assumed_vp_sd: float = 0.03
    tissue: Mapping[str, float] = field(default_factory=lambda: TYPICAL_TISSUE)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that the sampling can bear.

    Parameters
    ----------
    model : TissueModel or None
        None where not even the transfer constant would be known.
    vp : float or None
        Plasma volume fraction to hold fixed; None to fit it.
    expected_errors : mapping of str to float
        Expected standard error over the value, by parameter, of the model and of
        ``extended_tofts/`` with every parameter free.
    reason : str
        In a sentence.
    """

    model: TissueModel | None
    vp: float | None
    expected_errors: Mapping[str, float]
    reason: str


def expected_relative_errors(
    model: TissueModel | str,
    times_s: np.ndarray,
    aif: ArterialInput,
    *,
    noise_sd: float,
    tissue: Mapping[str, float] = TYPICAL_TISSUE,
    fixed: Sequence[str] = (),
) -> dict[str, float]:
    """Least standard error over the value that any unbiased fit could have (Cramér-Rao bound).

    Parameters
    ----------
    model : TissueModel or str
    times_s : (T,) float, s
    aif : ArterialInput
    noise_sd : float, mM
        Standard deviation of the noise of the concentration, Gaussian and alike at all times.
    tissue : mapping of str to float
    fixed : sequence of str
        Parameters that are known.

    Returns
    -------
    dict of parameter to float
        Infinite where the images do not tell the parameters apart.

    References
    ----------
    .. [1] Kay SM. Fundamentals of statistical signal processing: estimation theory. Prentice Hall
       1993 (section 3.9, equation 3.31)
    """
    model = TissueModel(model)
    names = [name for name in PARAMETERS[model] if name not in fixed]
    columns = []
    for name in names:
        step = 1e-3 * tissue[name]
        ends = [
            tissue_curve(model, {**tissue, name: tissue[name] + sign * step}, times_s, aif)
            for sign in (-1, 1)
        ]
        # By the logarithm of the parameter, so that errors are relative.
        columns.append((ends[1] - ends[0]) / 2e-3)
    jacobian = np.stack(columns, axis=1) / noise_sd
    # As many parameters as images would leave no residual to tell an error by.
    if len(jacobian) <= len(names) or np.linalg.cond(jacobian) > 1e8:
        return dict.fromkeys(names, float("inf"))
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    return {name: float(np.sqrt(covariance[n, n])) for n, name in enumerate(names)}


def choose_model(
    times_s: np.ndarray,
    aif: ArterialInput,
    *,
    noise_sd: float,
    settings: ChoiceSettings | None = None,
) -> ModelChoice:
    """The richest Tofts model whose parameters the sampling identifies.

    Extended Tofts with all its parameters; failing that, with an assumed plasma fraction; failing
    that, none, and semi-quantitative maps tell more.

    Parameters
    ----------
    times_s : (T,) float, s
    aif : ArterialInput
    noise_sd : float, mM
    settings : ChoiceSettings, optional

    Returns
    -------
    ModelChoice

    Raises
    ------
    InputError
        If the noise is not above 0.
    """
    if not noise_sd > 0:
        raise InputError(
            f"noise of the concentration must be above 0 mM, got {noise_sd}; measure it before "
            "the contrast agent arrives"
        )
    settings = settings or ChoiceSettings()
    model = TissueModel.EXTENDED_TOFTS
    options = {"noise_sd": noise_sd, "tissue": settings.tissue}
    free = expected_relative_errors(model, times_s, aif, **options)  # type: ignore[arg-type]
    if max(free.values()) <= settings.max_relative_error:
        return ModelChoice(
            model, None, free, f"All parameters are identified ({_listed(free)} expected)."
        )
    weak = " and ".join(
        _SYMBOLS.get(name, name) for name, e in free.items() if e > settings.max_relative_error
    )
    held = expected_relative_errors(
        model, times_s, aif, fixed=("vp",), **options  # type: ignore[arg-type]
    )  # fmt: skip
    errors = held | {f"{model}/{name}": value for name, value in free.items()}
    if max(held.values()) <= settings.max_relative_error:
        return ModelChoice(
            model,
            settings.assumed_vp,
            errors,
            f"{len(times_s)} images do not identify {weak} (expected errors: {_listed(free)}); vp "
            f"was held at {settings.assumed_vp}. Enhancement and signal enhancement ratio are the "
            "primary measures at such sampling.",
        )
    return ModelChoice(
        None,
        None,
        errors,
        f"{len(times_s)} images do not identify {weak} even with vp held fixed (expected errors: "
        f"{_listed(held)}); use enhancement and signal enhancement ratio.",
    )


def _listed(errors: Mapping[str, float]) -> str:
    return ", ".join(
        f"{_SYMBOLS.get(name, name)} "
        + (f"{100 * error:.0f} %" if np.isfinite(error) else "unbounded")
        for name, error in errors.items()
    )


_SYMBOLS = {"ktrans_per_min": "Ktrans", "kep_per_min": "kep"}


def akaike_information(fit: PerfusionFit) -> np.ndarray:
    """Akaike's information criterion for small samples, voxel by voxel.

    ``n ln(SSE / n) + 2 p + 2 p (p + 1) / (n - p - 1)``, where p counts the residual variance too.

    Parameters
    ----------
    fit : PerfusionFit

    Returns
    -------
    (...) float64
        NaN where undefined, and everywhere with too few images.

    References
    ----------
    .. [1] Hurvich CM, Tsai CL. Regression and time series model selection in small samples.
       Biometrika 1989;76:297-307. doi:10.1093/biomet/76.2.297 (equation 3)
    """
    n, p = fit.n_times, fit.n_parameters + 1
    squares = np.asarray(fit.sum_of_squares, np.float64)
    if n - p - 1 <= 0:
        return np.full(squares.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(n * np.log(squares / n) + 2 * p + 2 * p * (p + 1) / (n - p - 1))


def akaike_weights(fits: Sequence[PerfusionFit]) -> np.ndarray:
    """Weight of each model among those fitted to the same curves.

    Parameters
    ----------
    fits : sequence of PerfusionFit
        Of the same voxels and images.

    Returns
    -------
    (M, ...) float64
        Sums to 1 over the models; 0 for a model that could not be fitted where another could, NaN
        where none could.

    Raises
    ------
    InputError
        If there are none, or they are of different voxels or images.

    References
    ----------
    .. [1] Burnham KP, Anderson DR. Model selection and multimodel inference. 2nd ed. Springer 2002
       (section 2.9)
    """
    kinds = {(fit.n_times, fit.sum_of_squares.shape) for fit in fits}
    if len(kinds) != 1:
        raise InputError(
            "weights need fits of the same voxels and images, got "
            f"{sorted(kinds) or 'no fit'}; fit the same curves with each model"
        )
    information = np.stack([akaike_information(fit) for fit in fits])
    is_known = ~np.isnan(information)
    best = np.where(is_known, information, np.inf).min(axis=0)
    with np.errstate(invalid="ignore"):
        # A perfect fit has minus infinity.
        gap = np.where(information == best, 0.0, information - best)
        weight = np.where(is_known, np.exp(-0.5 * gap), 0.0)
        total = weight.sum(axis=0)
        return np.where(total > 0, weight / np.where(total > 0, total, 1), np.nan)
