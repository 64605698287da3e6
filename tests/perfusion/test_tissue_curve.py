import numpy as np
import pytest
from perfusion.curves import DENSE_S, blood, tissues

from mamri.perfusion import ArterialInput, TissueModel, tissue_curve
from mamri.perfusion.tissue_curve import PARAMETERS
from mamri.records import InputError

AIF = blood()


def _exchange_by_steps(p: dict[str, float], times_s: np.ndarray, aif: ArterialInput) -> np.ndarray:
    """The two compartments followed in steps of 0.01 s."""
    step, plasma, rest = 0.01 / 60, 0.0, 0.0
    values, fine = [], np.arange(0, times_s[-1] + 0.02, 0.01)
    for ca in aif.at(fine):
        values.append(p["vp"] * plasma + p["ve"] * rest)
        flow = p["fp_per_min"] * (ca - plasma) - p["ps_per_min"] * (plasma - rest)
        plasma, rest = (
            plasma + step * flow / p["vp"],
            rest + step * p["ps_per_min"] * (plasma - rest) / p["ve"],
        )
    return np.interp(times_s, fine, values)


def test_exchange_is_what_two_compartments_do() -> None:
    """Euler steps of 0.01 s err by less than 0.2 % of the peak here."""
    (tissue,) = tissues(1, seed=8)
    times = DENSE_S[:40]
    slow = _exchange_by_steps(tissue, times, AIF)

    curve = tissue_curve("two_compartment_exchange", tissue, times, AIF)

    np.testing.assert_allclose(curve, slow, atol=2e-3 * slow.max())


def test_models_meet_at_their_limits() -> None:
    (tissue,) = tissues(1)
    much = {**tissue, "fp_per_min": 5000.0, "ps_per_min": tissue["ktrans_per_min"]}
    extended = tissue_curve("extended_tofts", much, DENSE_S, AIF)
    exchange = tissue_curve("two_compartment_exchange", much, DENSE_S, AIF)
    np.testing.assert_allclose(exchange, extended, rtol=1e-2, atol=1e-2 * extended.max())

    vast = {**tissue, "ve": 1e6}
    uptake = tissue_curve("two_compartment_uptake", vast, DENSE_S, AIF)
    np.testing.assert_allclose(
        tissue_curve("two_compartment_exchange", vast, DENSE_S, AIF), uptake, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("model", list(TissueModel))
def test_missing_parameters_are_refused(model: TissueModel) -> None:
    (tissue,) = tissues(1)
    for name in PARAMETERS[model]:
        with pytest.raises(InputError, match=name):
            tissue_curve(model, {**tissue, name: -1.0}, DENSE_S, AIF)
