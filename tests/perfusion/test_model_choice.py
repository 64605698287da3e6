"""What the sampling can bear, and Akaike's weights."""

import math

import numpy as np
import pytest
from perfusion.curves import DENSE_S, SIX_S, blood, curves, tissues

from mamri.perfusion import (
    PerfusionFit,
    TissueModel,
    akaike_information,
    akaike_weights,
    choose_model,
    expected_relative_errors,
    fit,
)
from mamri.records import InputError

AIF = blood()


def test_dense_sampling_bears_all_and_six_phases_do_not() -> None:
    dense = choose_model(DENSE_S, AIF, noise_sd=0.02)
    six = choose_model(SIX_S, AIF, noise_sd=0.02)
    hopeless = choose_model(SIX_S, AIF, noise_sd=2.0)

    assert (TissueModel.EXTENDED_TOFTS, None) == (dense.model, dense.vp)
    assert (TissueModel.EXTENDED_TOFTS, 0.04) == (six.model, six.vp)
    assert "do not identify" in six.reason
    assert six.expected_errors["extended_tofts/vp"] > 0.5
    assert hopeless.model is None


def test_two_phases_identify_nothing() -> None:
    choice = choose_model(np.array([0.0, 100.0]), AIF, noise_sd=0.02)

    assert math.isinf(choice.expected_errors["extended_tofts/vp"])
    assert "unbounded" in choice.reason


def test_expected_errors_are_those_of_many_fits() -> None:
    """The spread of 4,000 fits of one tissue: within 10 % of the bound where errors are small."""
    (tissue,) = tissues(1, seed=4)
    expected = expected_relative_errors(
        "extended_tofts", DENSE_S, AIF, noise_sd=0.01, tissue=tissue
    )
    clean = curves(TissueModel.EXTENDED_TOFTS, [tissue], DENSE_S, AIF)
    noisy = clean + np.random.default_rng(0).normal(0, 0.01, (60, 4000))

    found = fit(noisy, DENSE_S, AIF).parameters

    for name, error in expected.items():
        assert 0.9 < np.std(found[name]) / tissue[name] / error < 1.1


def test_noise_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="above 0"):
        choose_model(DENSE_S, AIF, noise_sd=0.0)


def test_the_criterion_is_that_of_the_paper() -> None:
    known = tissues(1)
    noise = np.random.default_rng(3).normal(0, 0.02, (60, 1))
    found = fit(curves(TissueModel.TOFTS, known, DENSE_S, AIF) + noise, DENSE_S, AIF, "tofts")
    n, p = 60, 3  # two parameters and the variance
    sse = float(found.sum_of_squares[0])

    expected = n * math.log(sse / n) + 2 * p + 2 * p * (p + 1) / (n - p - 1)

    assert expected == pytest.approx(float(akaike_information(found)[0]), rel=1e-5)


def test_weights_prefer_the_simpler_model_where_it_is_true() -> None:
    noise = np.random.default_rng(4).normal(0, 0.02, (60, 200))
    models = ("tofts", "extended_tofts")

    def share(model: TissueModel) -> float:
        data = np.repeat(curves(model, tissues(1), DENSE_S, AIF), 200, axis=1) + noise
        weights = akaike_weights([fit(data, DENSE_S, AIF, name) for name in models])
        np.testing.assert_allclose(weights.sum(axis=0), 1)
        return float(weights[0].mean())

    assert share(TissueModel.TOFTS) > 0.6
    assert share(TissueModel.EXTENDED_TOFTS) < 0.05


def test_weights_where_fits_fail() -> None:
    data = np.array([[np.nan, 1.0]] * 30 + [[0.0, 0.0]] * 30)
    found = [fit(data, DENSE_S, AIF, name) for name in ("tofts", "patlak")]

    weights = akaike_weights(found)

    assert np.isnan(weights[:, 0]).all()
    with pytest.raises(InputError, match="same voxels"):
        akaike_weights([found[0], fit(data[:, :1], DENSE_S, AIF, "tofts")])
    with pytest.raises(InputError, match="no fit"):
        akaike_weights([])


def test_few_images_have_no_criterion() -> None:
    found: PerfusionFit = fit(np.array([0.0, 1, 2, 1.5]), SIX_S[:4], AIF)
    assert np.isnan(akaike_information(found))
