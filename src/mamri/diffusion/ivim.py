"""Intravoxel incoherent motion: diffusion in tissue and a faster decay by blood in capillaries.

Model: ``S = S0 ((1 - f) exp(-b D) + f exp(-b D*))`` with D* the whole coefficient of the perfused
part (some authors write D + D*). All coefficients are in 1e-3 mm2/s, D* too.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mamri.diffusion.adc import AdcSettings, adc_maps
from mamri.diffusion.ivim_projection import SearchGrid, fit_by_projection
from mamri.diffusion.ivim_pseudo_diffusion import fit_pseudo_diffusion
from mamri.diffusion.samples import PER_MS_UM2, VoxelSamples, voxel_samples
from mamri.records import InputError
from mamri.records.volume import read_only


class IvimStatus(IntEnum):
    """What became of a voxel."""

    NOT_COMPUTED = 0
    OK = 1
    TOO_FEW_SAMPLES = 2
    NO_DECAY = 3
    LITTLE_PERFUSION = 4
    MOSTLY_PERFUSION = 5
    AT_BOUND = 6


@dataclass(frozen=True, slots=True)
class IvimSettings:
    """How intravoxel incoherent motion is fitted.

    Parameters
    ----------
    noise_floor : float, a.u.
        Samples at or below this are left out.
    tissue_min_b : float, s/mm2
        From this b-value on the segmented fit takes the perfused part to have decayed: of D* = 10
        an eighth is left at 200 (assumption; two-step fits of breast cancer use about 200 [1]_).
    max_diffusion : float, 1e-3 mm2/s
        Upper end of the search for D, whose lower end is 0 [2]_.
    min_pseudo_diffusion, max_pseudo_diffusion : float, 1e-3 mm2/s
        Ends of the search for D* [2]_.
    diffusion_steps, pseudo_diffusion_steps : int
        Grid values of D (equally spaced) and D* (equally spaced in its logarithm) from whose best
        pair the refinement starts (finer grids gave the same fits in trials).
    min_perfusion_fraction : float
        With f at or below this D* is undefined [2]_.
    max_perfusion_fraction : float
        With f at or above this D is undefined [2]_.

    References
    ----------
    .. [1] Suo S, Lin N, Wang H et al. Intravoxel incoherent motion diffusion-weighted MR imaging of
       breast cancer at 3.0 tesla: comparison of different curve-fitting methods. J Magn Reson
       Imaging 2015;42:362-370. doi:10.1002/jmri.24799
    .. [2] Bounds and limits of identifiability in the tests of the OSIPI code collection,
       https://github.com/OSIPI/TF2.4_IVIM-MRI_CodeCollection
    """

    noise_floor: float = 0.0
    tissue_min_b: float = 200.0
    max_diffusion: float = 5.0
    min_pseudo_diffusion: float = 5.0
    max_pseudo_diffusion: float = 200.0
    diffusion_steps: int = 51
    pseudo_diffusion_steps: int = 32
    min_perfusion_fraction: float = 0.03
    max_perfusion_fraction: float = 0.8

    def __post_init__(self) -> None:
        ends = (0.0, self.max_diffusion, self.min_pseudo_diffusion, self.max_pseudo_diffusion)
        if not (ends[0] < ends[1] <= ends[2] < ends[3] < float("inf")):
            raise InputError(
                "the search needs 0 < max_diffusion <= min_pseudo_diffusion < max_pseudo_diffusion,"
                f" got {ends[1:]}; give all three in 1e-3 mm2/s"
            )
        if min(self.diffusion_steps, self.pseudo_diffusion_steps) < 4:
            raise InputError(
                "the search needs at least 4 values of D and of D*, got "
                f"{self.diffusion_steps} and {self.pseudo_diffusion_steps}; the defaults will do"
            )


DEFAULT_IVIM = IvimSettings()


@dataclass(frozen=True, slots=True, eq=False)
class IvimMaps:
    """Parameters of intravoxel incoherent motion; NaN where undefined, ``status`` says why.

    Parameters
    ----------
    diffusion : (...) float32, 1e-3 mm2/s
        D, of the tissue.
    perfusion_fraction : (...) float32, dimensionless
        f, share of the signal at b 0 that decays fast; 0 to 1, not corrected for T1 and T2.
    pseudo_diffusion : (...) float32, 1e-3 mm2/s
        D*, of the perfused part.
    s0 : (...) float32, a.u.
        Fitted signal at b 0.
    residual : (...) float32, dimensionless
        Root mean square difference of signal and fit over all usable samples, relative to S0.
    status : (...) uint8
        An `IvimStatus`. ``TOO_FEW_SAMPLES``: what is NaN lacked usable b-values. ``NO_DECAY``: the
        signal does not fall with b, all NaN. ``LITTLE_PERFUSION``: D* is NaN.
        ``MOSTLY_PERFUSION``: D is NaN. ``AT_BOUND``: D* ends on a bound of the search and is NaN,
        or D does, and f and D* are NaN with it.
    """

    diffusion: np.ndarray
    perfusion_fraction: np.ndarray
    pseudo_diffusion: np.ndarray
    s0: np.ndarray
    residual: np.ndarray
    status: np.ndarray

    def __post_init__(self) -> None:
        for name in _MAPS:
            object.__setattr__(self, name, read_only(getattr(self, name)))
        object.__setattr__(self, "status", read_only(self.status))


_MAPS = ("diffusion", "perfusion_fraction", "pseudo_diffusion", "s0", "residual")


def segmented_ivim(
    signals: np.ndarray,
    b_values: np.ndarray,
    settings: IvimSettings = DEFAULT_IVIM,
    *,
    mask: np.ndarray | None = None,
) -> IvimMaps:
    """Fit in two steps: tissue from high b-values, then perfusion from what is left at low ones.

    First a weighted log-linear fit for b at or above ``tissue_min_b`` gives D and the tissue's
    share of S0; its decay is subtracted from the samples below, and ``A exp(-b D*)`` with A not
    below 0 fitted to the rest by least squares over D* (estimating D and f before D* is method 3
    of [2]_). ``S0 = tissue + A`` and ``f = A / S0``.

    Departure: the papers take f from the tissue's share and the measured signal at b 0; here every
    sample below ``tissue_min_b`` speaks for A, and none needs to be at b 0. With a single b-value
    below it D* is undefined, and f too unless that b-value is 0.

    Fast and steady, but biased: what is left of the perfused part at ``tissue_min_b`` goes to the
    tissue.

    Parameters
    ----------
    signals : (B, ...) real, a.u.
    b_values : (B,) float, s/mm2
    settings : IvimSettings
    mask : (...) bool, optional
        Voxels to fit; all others are NaN.

    Returns
    -------
    IvimMaps

    Raises
    ------
    GeometryError
        If b-values or mask do not fit the signals.
    InputError
        If there are not two different b-values at or above ``tissue_min_b`` and one below it, or a
        b-value or setting is negative or not finite.

    References
    ----------
    .. [1] Le Bihan D, Breton E, Lallemand D, Aubin ML, Vignaud J, Laval-Jeantet M. Separation of
       diffusion and perfusion in intravoxel incoherent motion MR imaging. Radiology
       1988;168:497-505. doi:10.1148/radiology.168.2.3393671
    .. [2] Suo S, Lin N, Wang H et al. Intravoxel incoherent motion diffusion-weighted MR imaging of
       breast cancer at 3.0 tesla: comparison of different curve-fitting methods. J Magn Reson
       Imaging 2015;42:362-370. doi:10.1002/jmri.24799

    Examples
    --------
    >>> b_values = np.array([0.0, 10, 20, 50, 100, 200, 400, 800])
    >>> signals = 900 * np.exp(-b_values * 1e-3) + 100 * np.exp(-b_values * 50e-3)
    >>> maps = segmented_ivim(signals, b_values)
    >>> round(float(maps.diffusion), 2), round(float(maps.perfusion_fraction), 2)
    (1.0, 0.1)
    """
    samples = voxel_samples(
        signals, b_values, noise_floor=settings.noise_floor, min_distinct=3, mask=mask
    )
    if not (samples.b < settings.tissue_min_b * PER_MS_UM2).any():
        raise InputError(
            f"the segmented fit needs a b-value below {settings.tissue_min_b:g} s/mm2 (b 0 at "
            f"least), got {np.asarray(b_values).tolist()}; fit the ADC instead"
        )
    tissue = adc_maps(
        signals,
        b_values,
        AdcSettings(noise_floor=settings.noise_floor, min_b=settings.tissue_min_b),
        mask=mask,
    )
    found, status = _empty(samples)
    slow, slow_s0 = tissue.adc.ravel(), tissue.s0.ravel()
    grid = _grid(settings)
    for where, signal in samples.slabs():
        fit = np.empty((5, signal.shape[1]), np.float32)
        enough = np.empty(signal.shape[1], bool)
        fit_pseudo_diffusion(
            signal,
            samples.b,
            settings.tissue_min_b * PER_MS_UM2,
            samples.noise_floor,
            slow[where],
            slow_s0[where],
            grid.pseudo_diffusion,
            fit,
            enough,
        )
        status[where] = _judge(fit, enough, grid, settings)
        found[:, where] = fit
    return _maps(found, status, samples)


def variable_projection_ivim(
    signals: np.ndarray,
    b_values: np.ndarray,
    settings: IvimSettings = DEFAULT_IVIM,
    *,
    mask: np.ndarray | None = None,
) -> IvimMaps:
    """Fit all parameters at once by least squares, the two amplitudes projected out [2]_.

    For any pair (D, D*) the best non-negative amplitudes of the two exponentials have a closed
    form, so the fit is a search over the pair alone: all pairs of a grid, then Levenberg-Marquardt
    steps in D and ln D* from the best one with the Jacobian of [3]_. It needs no starting value and
    cannot stall in a minimum that the grid resolves. ``S0`` is the sum of the amplitudes, f the
    share of the fast one.

    Parameters
    ----------
    signals : (B, ...) real, a.u.
    b_values : (B,) float, s/mm2
    settings : IvimSettings
    mask : (...) bool, optional
        Voxels to fit; all others are NaN. At some 0.2 million voxels a second and core a mask of
        the breasts or a lesion is worth giving.

    Returns
    -------
    IvimMaps

    Raises
    ------
    GeometryError
        If b-values or mask do not fit the signals.
    InputError
        If there are fewer than four different b-values, or a b-value or setting is negative or not
        finite.

    References
    ----------
    .. [1] Le Bihan D, Breton E, Lallemand D, Aubin ML, Vignaud J, Laval-Jeantet M. Separation of
       diffusion and perfusion in intravoxel incoherent motion MR imaging. Radiology
       1988;168:497-505. doi:10.1148/radiology.168.2.3393671
    .. [2] Golub GH, Pereyra V. The differentiation of pseudo-inverses and nonlinear least squares
       problems whose variables separate. SIAM Journal on Numerical Analysis 1973;10:413-432.
       doi:10.1137/0710036
    .. [3] Kaufman L. A variable projection method for solving separable nonlinear least squares
       problems. BIT 1975;15:49-57. doi:10.1007/BF01932995

    Examples
    --------
    >>> b_values = np.array([0.0, 10, 20, 50, 100, 200, 400, 800])
    >>> signals = 900 * np.exp(-b_values * 1e-3) + 100 * np.exp(-b_values * 20e-3)
    >>> maps = variable_projection_ivim(signals, b_values)
    >>> [round(float(m), 3) for m in (maps.diffusion, maps.perfusion_fraction)]
    [1.0, 0.1]
    >>> round(float(maps.pseudo_diffusion), 2)
    20.0
    """
    samples = voxel_samples(
        signals, b_values, noise_floor=settings.noise_floor, min_distinct=4, mask=mask
    )
    found, status = _empty(samples)
    grid = _grid(settings)
    for where, signal in samples.slabs():
        fit = np.empty((5, signal.shape[1]), np.float32)
        enough = np.empty(signal.shape[1], bool)
        fit_by_projection(signal, samples.b, samples.noise_floor, *grid, fit, enough)
        status[where] = _judge(fit, enough, grid, settings)
        found[:, where] = fit
    return _maps(found, status, samples)


def _grid(settings: IvimSettings) -> SearchGrid:
    return SearchGrid(
        np.linspace(0, settings.max_diffusion, settings.diffusion_steps),
        np.geomspace(
            settings.min_pseudo_diffusion,
            settings.max_pseudo_diffusion,
            settings.pseudo_diffusion_steps,
        ),
    )


def _empty(samples: VoxelSamples) -> tuple[np.ndarray, np.ndarray]:
    found = np.stack([samples.empty_map() for _ in _MAPS])
    return found, samples.empty_map(IvimStatus.NOT_COMPUTED, np.uint8)


def _judge(
    fit: np.ndarray, enough: np.ndarray, grid: SearchGrid, settings: IvimSettings
) -> np.ndarray:
    """Status of each voxel, (n,); what it says to be undefined becomes NaN in ``fit`` (5, n)."""
    diffusion, fraction, pseudo = fit[:3]
    low, high = np.float32(grid.pseudo_diffusion[0]), np.float32(grid.pseudo_diffusion[-1])
    little = fraction <= settings.min_perfusion_fraction
    mostly = fraction >= settings.max_perfusion_fraction
    tissue_at_bound = ~mostly & (
        (diffusion <= 0) | (diffusion >= np.float32(settings.max_diffusion))
    )
    blood_at_bound = ~little & ((pseudo <= low) | (pseudo >= high))
    status = np.full(fraction.shape, IvimStatus.OK, np.uint8)
    status[little] = IvimStatus.LITTLE_PERFUSION
    status[mostly] = IvimStatus.MOSTLY_PERFUSION
    status[~little & np.isnan(pseudo)] = IvimStatus.TOO_FEW_SAMPLES
    status[tissue_at_bound | blood_at_bound] = IvimStatus.AT_BOUND
    status[np.isnan(diffusion) & enough] = IvimStatus.NO_DECAY
    diffusion[mostly | tissue_at_bound] = np.nan
    fraction[tissue_at_bound] = np.nan
    pseudo[little | blood_at_bound | tissue_at_bound] = np.nan
    return status


def _maps(found: np.ndarray, status: np.ndarray, samples: VoxelSamples) -> IvimMaps:
    arrays = {name: row.reshape(samples.shape) for name, row in zip(_MAPS, found, strict=True)}
    return IvimMaps(**arrays, status=status.reshape(samples.shape))
