"""Population arterial input functions: contrast agent in blood after an intravenous bolus.

Times are in seconds from the injection and concentrations in mM; the constants are kept per minute,
as printed in the papers. A curve stands for whole blood or for plasma, ``plasma = blood / (1 -
haematocrit)``, because the agents do not enter red cells. All curves are scaled linearly with the
dose, which holds for the recirculating tail; the first pass also depends on how fast it is
injected, which no curve here models.

The bi-exponential curve often named after Fritz-Hansen et al. (Magn Reson Med 1996;36:225-231) is
left out: its constants come from a later program, which says neither dose nor medium.
"""

from enum import StrEnum

import numpy as np
from scipy.special import gammaln

from mamri.records import InputError

HAEMATOCRIT = 0.42  # of large vessels; the value usual in the field (assumption)
STANDARD_DOSE = 0.1  # mmol/kg, of all three papers; Tofts and Kermode give theirs per dose
_MIXED_MIN = 10.0  # min; from here on the sum of Georgiou's passages is constant within 1e-12


class PopulationInput(StrEnum):
    """Population arterial input functions, by first author."""

    PARKER = "parker"
    GEORGIOU = "georgiou"
    WEINMANN = "weinmann"


class BloodMedium(StrEnum):
    """What a concentration is counted in: a litre of whole blood or of its plasma."""

    WHOLE_BLOOD = "whole_blood"
    PLASMA = "plasma"


def population_input(
    times_s: np.ndarray,
    curve: PopulationInput = PopulationInput.PARKER,
    *,
    delay_s: float = 0.0,
    dose_mmol_per_kg: float = STANDARD_DOSE,
    haematocrit: float = HAEMATOCRIT,
    medium: BloodMedium = BloodMedium.PLASMA,
) -> np.ndarray:
    """Population arterial input function by name, in plasma unless whole blood is asked for.

    Parameters
    ----------
    times_s : (...) float, s
        From the injection.
    curve : PopulationInput
    delay_s : float, s
        Arrival after the injection; up to it the concentration is 0.
    dose_mmol_per_kg : float, mmol/kg
    haematocrit : float
        Volume fraction of red cells, at least 0 and below 1.
    medium : BloodMedium

    Returns
    -------
    (...) float, mM
        NaN where the time is not finite.

    Raises
    ------
    InputError
        If dose, delay or haematocrit is not possible.

    Examples
    --------
    >>> population_input(np.array([0.0, 10.0, 300.0])).round(2).tolist()
    [0.14, 10.42, 0.78]
    """
    if curve is PopulationInput.WEINMANN:
        plasma = weinmann_plasma(times_s, delay_s=delay_s, dose_mmol_per_kg=dose_mmol_per_kg)
        if medium is BloodMedium.PLASMA:
            return plasma
        return blood_from_plasma(plasma, haematocrit=haematocrit)
    of_curve = parker_blood if curve is PopulationInput.PARKER else georgiou_blood
    blood = of_curve(times_s, delay_s=delay_s, dose_mmol_per_kg=dose_mmol_per_kg)
    if medium is BloodMedium.WHOLE_BLOOD:
        return blood
    return plasma_from_blood(blood, haematocrit=haematocrit)


def plasma_from_blood(blood: np.ndarray, *, haematocrit: float = HAEMATOCRIT) -> np.ndarray:
    """Concentration in plasma of what was measured in whole blood, ``blood / (1 - haematocrit)``.

    Parameters
    ----------
    blood : (...) float, mM
    haematocrit : float
        At least 0 and below 1.

    Returns
    -------
    (...) float, mM

    Raises
    ------
    InputError
        If the haematocrit is outside its range.
    """
    return np.asarray(blood, float) / _plasma_share(haematocrit)


def blood_from_plasma(plasma: np.ndarray, *, haematocrit: float = HAEMATOCRIT) -> np.ndarray:
    """Concentration in whole blood of what is known in plasma, ``plasma (1 - haematocrit)``.

    Parameters
    ----------
    plasma : (...) float, mM
    haematocrit : float
        At least 0 and below 1.

    Returns
    -------
    (...) float, mM

    Raises
    ------
    InputError
        If the haematocrit is outside its range.
    """
    return np.asarray(plasma, float) * _plasma_share(haematocrit)


def parker_blood(
    times_s: np.ndarray, *, delay_s: float = 0.0, dose_mmol_per_kg: float = STANDARD_DOSE
) -> np.ndarray:
    """Contrast agent in whole blood after Parker et al.

    ``Cb(t) = sum over n of A_n / (sigma_n sqrt(2 pi)) exp(-(t - T_n)^2 / (2 sigma_n^2))
    + alpha exp(-beta t) / (1 + exp(-s (t - tau)))``: two Gaussians for the first pass and its
    return, and a decaying tail that sets in between them.

    Departure from the paper: the formula does not vanish before the arrival; here it is 0 there.
    At the arrival itself it is 0.08 mM, as printed.

    Parameters
    ----------
    times_s : (...) float, s
        From the injection.
    delay_s : float, s
        Arrival after the injection.
    dose_mmol_per_kg : float, mmol/kg
        The paper's is 0.1; other doses scale the curve.

    Returns
    -------
    (...) float, mM
        NaN where the time is not finite.

    Raises
    ------
    InputError
        If the dose is not above 0 or the delay is not finite.

    References
    ----------
    .. [1] Parker GJM, Roberts C, Macdonald A et al. Experimentally-derived functional form for a
       population-averaged high-temporal-resolution arterial input function for dynamic
       contrast-enhanced MRI. Magn Reson Med 2006;56:993-1000. doi:10.1002/mrm.21066 (equation 1,
       table 1)
    """
    t, arrived = _minutes(times_s, delay_s)
    blood = 1.050 * np.exp(-0.1685 * t) / (1 + np.exp(-38.078 * (t - 0.483)))  # mM, per min, min
    for area, centre, width in ((0.809, 0.17046, 0.0563), (0.330, 0.365, 0.132)):  # mM min, min
        blood += area / (width * np.sqrt(2 * np.pi)) * np.exp(-((t - centre) ** 2) / (2 * width**2))
    return _dosed(blood, arrived, dose_mmol_per_kg)


def georgiou_blood(
    times_s: np.ndarray, *, delay_s: float = 0.0, dose_mmol_per_kg: float = STANDARD_DOSE
) -> np.ndarray:
    """Contrast agent in whole blood after Georgiou et al., of a representative individual.

    ``Cb(t) = [sum over i of A_i exp(-m_i t)] [sum over j of g_j(t - j tau)]``: a decay times the
    passages of the bolus. Passage j = 0, 1, ... sets in at ``j tau`` and is the gamma density of
    shape ``(j + 1) (alpha + 1)`` and scale ``beta``. The curve is that of the patient nearest to
    the mean of the cohort, whose haematocrit was 0.35.

    Departures from the paper: it prints its constants with two to four digits, by which the curve
    differs from the tabulated one of its supplement by up to 0.06 mM in the upslope and 1 %
    after it; and it goes on after the end of their measurement.

    Parameters
    ----------
    times_s : (...) float, s
        From the injection.
    delay_s : float, s
        Arrival after the injection.
    dose_mmol_per_kg : float, mmol/kg
        The paper's is 0.1; other doses scale the curve.

    Returns
    -------
    (...) float, mM
        NaN where the time is not finite.

    Raises
    ------
    InputError
        If the dose is not above 0 or the delay is not finite.

    References
    ----------
    .. [1] Georgiou L, Wilson DJ, Sharma N, Perren TJ, Buckley DL. A functional form for a
       representative individual arterial input function measured from a population using high
       temporal resolution DCE MRI. Magn Reson Med 2019;81:1955-1963. doi:10.1002/mrm.27524
       (equation 1, table 3)
    .. [2] Horsfield MA, Thornton JS, Gill A et al. A functional form for injected MRI Gd-chelate
       contrast agent concentration incorporating recirculation, extravasation and excretion.
       Phys Med Biol 2009;54:2933-2949. doi:10.1088/0031-9155/54/9/023
    """
    alpha, beta, tau = 5.26, 0.032, 0.129  # -, min, min
    t, arrived = _minutes(times_s, delay_s)
    passages = np.zeros_like(t)
    t_mixed = np.minimum(t, _MIXED_MIN)
    for j in range(int(t_mixed.max(initial=0.0) / tau) + 1):
        passages += _gamma_density(t_mixed - j * tau, shape=(j + 1) * (alpha + 1), scale=beta)
    decay = np.zeros_like(t)
    for amplitude, rate in ((0.37, 0.11), (0.33, 1.17), (10.06, 16.02)):  # mM, per min
        decay += amplitude * np.exp(-rate * t)
    return _dosed(decay * passages, arrived, dose_mmol_per_kg)


def weinmann_plasma(
    times_s: np.ndarray, *, delay_s: float = 0.0, dose_mmol_per_kg: float = STANDARD_DOSE
) -> np.ndarray:
    """Contrast agent in plasma after Weinmann et al., as fitted by Tofts and Kermode.

    ``Cp(t) = D [a_1 exp(-m_1 t) + a_2 exp(-m_2 t)]`` with the dose D. The blood was sampled by
    hand, minutes apart: there is no first pass, and the curve jumps to its highest value on
    arrival.

    Parameters
    ----------
    times_s : (...) float, s
        From the injection.
    delay_s : float, s
        Arrival after the injection.
    dose_mmol_per_kg : float, mmol/kg
        The curve is proportional to it.

    Returns
    -------
    (...) float, mM
        NaN where the time is not finite.

    Raises
    ------
    InputError
        If the dose is not above 0 or the delay is not finite.

    References
    ----------
    .. [1] Weinmann HJ, Laniado M, Mutzel W. Pharmacokinetics of GdDTPA/dimeglumine after
       intravenous injection into healthy volunteers. Physiol Chem Phys Med NMR 1984;16:167-172.
    .. [2] Tofts PS, Kermode AG. Measurement of the blood-brain barrier permeability and leakage
       space using dynamic MR imaging. 1. Fundamental concepts. Magn Reson Med 1991;17:357-367.
       doi:10.1002/mrm.1910170208 (the plasma curve)
    """
    t, arrived = _minutes(times_s, delay_s)
    per_dose = 3.99 * np.exp(-0.144 * t) + 4.78 * np.exp(-0.0111 * t)  # kg/l, per min
    return _dosed(STANDARD_DOSE * per_dose, arrived, dose_mmol_per_kg)


def _minutes(times_s: np.ndarray, delay_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Minutes since arrival, 0 before it and where unknown; and 1 after, 0 before, NaN unknown."""
    if not np.isfinite(delay_s):
        raise InputError(f"a delay must be a finite number of seconds, got {delay_s}; give one")
    t = (np.asarray(times_s, float) - delay_s) / 60.0
    known = np.isfinite(t)
    arrived = np.where(known, np.where(t >= 0, 1.0, 0.0), np.nan)
    return np.where(known, np.maximum(t, 0.0), 0.0), arrived


def _dosed(curve: np.ndarray, arrived: np.ndarray, dose_mmol_per_kg: float) -> np.ndarray:
    if not (np.isfinite(dose_mmol_per_kg) and dose_mmol_per_kg > 0):
        raise InputError(
            f"a dose must be above 0 mmol/kg, got {dose_mmol_per_kg}; "
            "give the amount injected over the body weight"
        )
    return curve * arrived * (dose_mmol_per_kg / STANDARD_DOSE)


def _plasma_share(haematocrit: float) -> float:
    if not 0 <= haematocrit < 1:
        raise InputError(
            f"a haematocrit must be at least 0 and below 1, got {haematocrit}; "
            "give it as a fraction, not in percent"
        )
    return 1.0 - haematocrit


def _gamma_density(x: np.ndarray, *, shape: float, scale: float) -> np.ndarray:
    """Density of the gamma distribution, by logarithms: its factors overflow for late passages."""
    inside = np.maximum(x, np.finfo(float).tiny)
    log_density = (shape - 1) * np.log(inside / scale) - inside / scale - gammaln(shape)
    return np.where(x > 0, np.exp(log_density) / scale, 0.0)
