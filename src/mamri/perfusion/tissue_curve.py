"""Concentration in tissue that a model foretells.

Formulas and sources are those of `tofts`, `patlak` and `two_compartment`.
"""

from collections.abc import Mapping

import numpy as np

from mamri.perfusion.exponential_basis import ArterialInput, exponential_convolution
from mamri.perfusion.perfusion_fit import TissueModel
from mamri.records import InputError

# What each model is given by.
PARAMETERS = {
    TissueModel.TOFTS: ("ktrans_per_min", "ve"),
    TissueModel.EXTENDED_TOFTS: ("ktrans_per_min", "ve", "vp"),
    TissueModel.PATLAK: ("ps_per_min", "vp"),
    TissueModel.TWO_COMPARTMENT_UPTAKE: ("fp_per_min", "ps_per_min", "vp"),
    TissueModel.TWO_COMPARTMENT_EXCHANGE: ("fp_per_min", "ps_per_min", "vp", "ve"),
}


def tissue_curve(
    model: TissueModel | str,
    parameters: Mapping[str, float],
    times_s: np.ndarray,
    aif: ArterialInput,
    *,
    delay_s: float = 0.0,
) -> np.ndarray:
    """Concentration of contrast agent in tissue.

    Parameters
    ----------
    model : TissueModel or str
    parameters : mapping of name to float
        Those of the model in `PARAMETERS`, above 0; others are ignored. Plasma flow
        ``fp_per_min`` is ml plasma a ml tissue and minute.
    times_s : (T,) float, s
        Rising.
    aif : ArterialInput
    delay_s : float, s
        Later arrival of the input in the tissue.

    Returns
    -------
    (T,) float64, mM

    Raises
    ------
    InputError
        If a parameter is missing or not above 0; a plasma fraction may be 0.
    """
    model = TissueModel(model)
    p = _checked(model, parameters)
    plasma = aif.at(times_s, delay_s=delay_s)

    def convolved(*rates: float) -> np.ndarray:
        return exponential_convolution(aif, times_s, np.array(rates), delay_s=delay_s)

    if model is TissueModel.PATLAK:
        return p["ps_per_min"] * convolved(0.0)[0] + p["vp"] * plasma
    if model in (TissueModel.TOFTS, TissueModel.EXTENDED_TOFTS):
        uptake = p["ktrans_per_min"] * convolved(p["ktrans_per_min"] / p["ve"])[0]
        return uptake + p.get("vp", 0.0) * plasma
    flow, leak = p["fp_per_min"], p["ps_per_min"]
    if model is TissueModel.TWO_COMPARTMENT_UPTAKE:
        stays, passes = convolved(0.0, (flow + leak) / p["vp"])
        extracted = leak / (flow + leak)
        return flow * (extracted * stays + (1 - extracted) * passes)
    # Rates of plasma and interstitium, and of the blood alone.
    of_plasma, of_rest, of_blood = (flow + leak) / p["vp"], leak / p["ve"], flow / p["vp"]
    root = np.sqrt((of_plasma + of_rest) ** 2 - 4 * of_rest * of_blood)
    fast, slow = (of_plasma + of_rest + root) / 2, (of_plasma + of_rest - root) / 2
    extracted = (fast - of_blood) / (fast - slow)
    slowly, quickly = convolved(slow, fast)
    return flow * (extracted * slowly + (1 - extracted) * quickly)


def _checked(model: TissueModel, parameters: Mapping[str, float]) -> dict[str, float]:
    names = PARAMETERS[model]
    least = {name: 0.0 if name == "vp" and "ktrans" in names[0] else 1e-12 for name in names}
    if not all(name in parameters and parameters[name] >= least[name] for name in names):
        raise InputError(
            f"{model} needs {', '.join(names)} above 0, got "
            f"{ {name: parameters.get(name) for name in names} }; give them"
        )
    return {name: float(parameters[name]) for name in names}
