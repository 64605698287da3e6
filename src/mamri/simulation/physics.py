"""From contrast agent to signal: tissue uptake, spoiled gradient echo, spin echo, diffusion.

Times are in seconds from the injection, concentrations in mM, rates per minute as in the field.
"""

import numpy as np


def extended_tofts(
    times_s: np.ndarray,
    plasma: np.ndarray,
    *,
    ktrans_per_min: float,
    ve: float,
    vp: float,
) -> np.ndarray:
    """Tissue concentration of the extended Tofts model.

    The plasma curve is taken as linear between samples, for which the convolution is exact.

    Parameters
    ----------
    times_s : (N,) float, s
        Evenly spaced or not, increasing; uptake starts at the first sample.
    plasma : (N,) float, mM
        Plasma concentration at these times.
    ktrans_per_min : float, per minute
    ve, vp : float, volume fraction

    Returns
    -------
    (N,) float, mM

    References
    ----------
    .. [1] Tofts PS et al. Estimating kinetic parameters from dynamic contrast-enhanced T1-weighted
       MRI of a diffusable tracer. J Magn Reson Imaging 1999;10:223-232 (equation 8, with the
       plasma term).
    """
    t = np.asarray(times_s, float) / 60.0
    plasma = np.asarray(plasma, float)
    uptake = np.zeros_like(plasma)
    kep = ktrans_per_min / ve
    for n in range(1, t.size):
        step = t[n] - t[n - 1]
        decay = np.exp(-kep * step)
        slope = (plasma[n] - plasma[n - 1]) / step
        if kep * step < 1e-6:
            added = 0.5 * (plasma[n] + plasma[n - 1]) * step
        else:
            flat = (1 - decay) / kep
            added = plasma[n - 1] * flat + slope * (step - flat) / kep
        uptake[n] = uptake[n - 1] * decay + added
    return vp * plasma + ktrans_per_min * uptake


def spoiled_gradient_echo(
    r1_per_s: np.ndarray, *, tr_ms: float, flip_angle_deg: float
) -> np.ndarray:
    """Steady-state signal of a spoiled gradient echo for unit magnetization, T2* left out.

    Parameters
    ----------
    r1_per_s : array of float, per s
    tr_ms : float, ms
    flip_angle_deg : float, degrees

    Returns
    -------
    array of float, a.u.

    References
    ----------
    .. [1] Haase A et al. FLASH imaging. J Magn Reson 1986;67:258-266 (steady state).
    """
    angle = np.deg2rad(flip_angle_deg)
    e1 = np.exp(-np.asarray(r1_per_s, float) * tr_ms / 1000.0)
    return np.asarray(np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1))


def spin_echo(t1_ms: float, t2_ms: float, *, tr_ms: float, te_ms: float) -> float:
    """Signal of a spin echo for unit magnetization; TE is short against TR.

    ``(1 - exp(-TR / T1)) exp(-TE / T2)``, a.u.
    """
    return float((1 - np.exp(-tr_ms / t1_ms)) * np.exp(-te_ms / t2_ms))


def inversion_recovery_spin_echo(
    t1_ms: float, t2_ms: float, *, tr_ms: float, te_ms: float, inversion_time_ms: float
) -> float:
    """Magnitude of a spin echo after inversion for unit magnetization.

    ``|1 - 2 exp(-TI / T1) + exp(-TR / T1)| exp(-TE / T2)``, a.u.

    References
    ----------
    .. [1] Bydder GM, Young IR. MR imaging: clinical use of the inversion recovery sequence.
       J Comput Assist Tomogr 1985;9:659-675.
    """
    recovered = 1 - 2 * np.exp(-inversion_time_ms / t1_ms) + np.exp(-tr_ms / t1_ms)
    return float(abs(recovered) * np.exp(-te_ms / t2_ms))


def diffusion_weighting(b_value: float, adc: float) -> float:
    """Signal left by diffusion weighting, ``exp(-b ADC)``; b in s/mm2, ADC in 1e-3 mm2/s.

    References
    ----------
    .. [1] Stejskal EO, Tanner JE. Spin diffusion measurements: spin echoes in the presence of a
       time-dependent field gradient. J Chem Phys 1965;42:288-292. doi:10.1063/1.1695690
    """
    return float(np.exp(-b_value * adc * 1e-3))
