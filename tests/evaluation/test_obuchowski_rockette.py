"""The method against published output for the Van Dyke data, slow definitions and simulation.

Published numbers: OR-DBM MRMC 2.51 (jackknife) and MRMCaov (DeLong); tests/peers/van_dyke.md.
Tolerances are half a unit of the last printed digit.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from van_dyke import van_dyke

from mamri.evaluation.delong import compare_auc
from mamri.evaluation.obuchowski_rockette import (
    ReaderComparison,
    error_covariance,
    obuchowski_rockette,
)
from mamri.evaluation.reader_study import (
    ReaderStudy,
    one_modality,
    sensitivity_at_threshold,
)
from mamri.evaluation.roe_metz import (
    RoeMetzSettings,
    StudySize,
    simulate_reader_study,
    true_auc,
)
from mamri.records import InputError

SMALL = RoeMetzSettings(shifts=(1.2, 1.5))


@pytest.fixture(scope="module")
def jackknife() -> np.ndarray:
    return error_covariance(van_dyke(), method="jackknife")


def test_mean_squares_and_components_as_published(jackknife: np.ndarray):
    found = obuchowski_rockette(van_dyke(), covariance=jackknife)
    assert 0.00479617 == pytest.approx(found.ms_modality, abs=5e-9)
    assert 0.00383620 == pytest.approx(found.ms_reader, abs=5e-9)
    assert 0.00055103 == pytest.approx(found.ms_modality_reader, abs=5e-9)
    variance = found.variance
    assert 0.00153500 == pytest.approx(variance.reader, abs=5e-9)
    assert 0.00020040 == pytest.approx(variance.modality_reader, abs=5e-9)
    assert 0.00080229 == pytest.approx(variance.error, abs=5e-9)
    assert 0.00034661 == pytest.approx(variance.cov_1, abs=5e-9)
    assert 0.00034407 == pytest.approx(variance.cov_2, abs=5e-9)
    assert 0.00023903 == pytest.approx(variance.cov_3, abs=5e-9)
    assert 114 == variance.n_cases


def test_random_readers_and_cases_as_published(jackknife: np.ndarray):
    found = obuchowski_rockette(van_dyke(), covariance=jackknife)
    assert (1, 4.46) == (found.df_numerator, pytest.approx(found.f, abs=5e-3))
    assert 15.26 == pytest.approx(found.df_denominator, abs=5e-3)
    assert 0.0517 == pytest.approx(found.p, abs=5e-5)
    (pair,) = found.differences
    assert ("cine", "spin-echo", "") == (pair.first, pair.second, pair.reader)
    _interval(pair, (-0.04380, -0.08796, 0.00036), 5e-6)
    assert 0.02075 == pytest.approx(pair.standard_error, abs=5e-6)
    assert -2.11 == pytest.approx(pair.t, abs=5e-3)
    assert 0.0517 == pytest.approx(pair.p, abs=5e-5)
    cine, spin_echo = found.modalities
    _modality(cine, (0.89703704, 0.82522360, 0.96885048), 0.03317360, 12.74)
    _modality(spin_echo, (0.94083736, 0.89413783, 0.98753689), 0.02156637, 12.71)


def test_fixed_readers_as_published(jackknife: np.ndarray):
    found = obuchowski_rockette(van_dyke(), covariance=jackknife, generalize_to="cases")
    assert 5.47595 == pytest.approx(found.f * found.df_numerator, abs=5e-6)
    assert math.isinf(found.df_denominator)
    assert 0.0193 == pytest.approx(found.p, abs=5e-5)
    _interval(found.differences[0], (-0.04380, -0.08049, -0.00711), 5e-6)
    cine, spin_echo = found.modalities
    _modality(cine, (0.89703704, 0.84943008, 0.94464399), 0.02428971, math.inf)
    _modality(spin_echo, (0.94083736, 0.90795637, 0.97371835), 0.01677632, math.inf)


def test_fixed_cases_as_published(jackknife: np.ndarray):
    found = obuchowski_rockette(van_dyke(), covariance=jackknife, generalize_to="readers")
    assert (8.70, 4) == (pytest.approx(found.f, abs=5e-3), found.df_denominator)
    assert 0.0420 == pytest.approx(found.p, abs=5e-5)
    _interval(found.differences[0], (-0.04380, -0.08502, -0.00258), 5e-6)
    cine, spin_echo = found.modalities
    _modality(cine, (0.89703704, 0.82809808, 0.96597599), 0.02482994, 4)
    _modality(spin_echo, (0.94083736, 0.89598936, 0.98568536), 0.01615303, 4)


def test_each_reader_as_published(jackknife: np.ndarray):
    found = obuchowski_rockette(van_dyke(), covariance=jackknife).reader_differences
    expected = [
        (-0.02818, 0.02551, 0.2693),
        (-0.04654, 0.02630, 0.0768),
        (-0.01787, 0.03121, 0.5668),
        (-0.02625, 0.01729, 0.1290),
        (-0.10016, 0.04406, 0.0230),
    ]
    assert ["1", "2", "3", "4", "5"] == [one.reader for one in found]
    for (difference, error, p), one in zip(expected, found, strict=True):
        assert difference == pytest.approx(one.difference.value, abs=5e-6)
        assert error == pytest.approx(one.standard_error, abs=5e-6)
        assert p == pytest.approx(one.p, abs=5e-5)


def test_delong_as_published_by_mrmcaov():
    found = obuchowski_rockette(van_dyke())
    variance = found.variance
    expected = [0.0015364254, 0.0002045840, 0.0007921325, 0.0003420090, 0.0003395265, 0.0002358497]
    assert expected == pytest.approx(
        [
            variance.reader,
            variance.modality_reader,
            variance.error,
            variance.cov_1,
            variance.cov_2,
            variance.cov_3,
        ],
        abs=5e-11,
    )
    assert 4.484854 == pytest.approx(found.f, abs=5e-7)
    assert 15.06611 == pytest.approx(found.df_denominator, abs=5e-6)
    assert 0.05123303 == pytest.approx(found.p, abs=5e-9)
    _interval(found.differences[0], (-0.04380032, -0.0878671960, 0.0002665519), 5e-9)
    _modality(found.modalities[0], (0.8970370, 0.8253461, 0.9687280), 0.03307642, 12.59597)


def test_sensitivity_as_published_by_mrmcaov():
    # MRMCaov leaves out the 45 cases with the disease alone, we all 114: (n - 1) / n differs.
    figure = sensitivity_at_threshold(3)
    covariance = error_covariance(van_dyke(), figure=figure, method="jackknife")
    found = obuchowski_rockette(
        van_dyke(), figure=figure, covariance=covariance * (44 / 45) / (113 / 114)
    )
    assert 0.0023681257 == pytest.approx(found.variance.error, abs=5e-11)
    assert 0.0006604938 == pytest.approx(found.variance.cov_3, abs=5e-11)
    assert 6.689493 == pytest.approx(found.f, abs=5e-7)
    assert 0.02008822 == pytest.approx(found.p, abs=5e-9)
    assert 0.05893747 == pytest.approx(found.modalities[0].standard_error, abs=5e-9)


def test_a_reader_alone_has_the_paired_test_of_delong():
    study = van_dyke()
    one = obuchowski_rockette(study).reader_differences[2]
    paired = compare_auc(study.labels, study.scores[0, 2], study.scores[1, 2])
    assert paired.z == pytest.approx(one.t, abs=1e-12)
    assert paired.p == pytest.approx(one.p, abs=1e-12)


def test_delong_covariance_is_that_of_its_definition():
    study = simulate_reader_study(SMALL, StudySize(2, 9, 7), seed=3)
    positive, negative = study.scores[..., :9].round(), study.scores[..., 9:].round()
    rounded = ReaderStudy(
        study.scores.round(), study.labels, study.modalities, study.readers, study.cases
    )
    components = []
    for i, j in itertools.product(range(2), range(2)):
        above = np.zeros((9, 7))
        for k, m in itertools.product(range(9), range(7)):
            high, low = positive[i, j, k], negative[i, j, m]
            above[k, m] = 1.0 if high > low else 0.5 if high == low else 0.0
        components.append(above)
    by_positive = np.cov([c.mean(axis=1) for c in components])
    by_negative = np.cov([c.mean(axis=0) for c in components])
    np.testing.assert_allclose(
        error_covariance(rounded), by_positive / 9 + by_negative / 7, atol=1e-15
    )


def test_averages_are_those_of_each_kind_of_pair():
    covariance = error_covariance(van_dyke())
    kinds: dict[tuple[bool, bool], list[float]] = {}
    pairs = list(itertools.product(range(2), range(5)))
    for (row, (i, j)), (column, (k, m)) in itertools.product(enumerate(pairs), enumerate(pairs)):
        kinds.setdefault((i == k, j == m), []).append(covariance[row, column])
    found = obuchowski_rockette(van_dyke(), covariance=covariance).variance
    assert np.mean(kinds[True, True]) == pytest.approx(found.error, rel=1e-12)
    assert np.mean(kinds[False, True]) == pytest.approx(found.cov_1, rel=1e-12)
    assert np.mean(kinds[True, False]) == pytest.approx(found.cov_2, rel=1e-12)
    assert np.mean(kinds[False, False]) == pytest.approx(found.cov_3, rel=1e-12)


def test_the_bootstrap_agrees_with_delong():
    # 400 samples: a variance within 4 sqrt(2 / 400) = 28 %, the mean of ten within about half.
    drawn = error_covariance(van_dyke(), method="bootstrap", n_samples=400, seed=1)
    delong = error_covariance(van_dyke())
    assert np.trace(delong) == pytest.approx(np.trace(drawn), rel=0.15)
    np.testing.assert_array_equal(
        drawn, error_covariance(van_dyke(), method="bootstrap", n_samples=400, seed=1)
    )


@pytest.mark.parametrize("method", ["delong", "jackknife"])
def test_cases_written_twice_for_a_patient_count_once(method: str):
    study = simulate_reader_study(SMALL, StudySize(3, 12, 15), seed=5)
    twice = ReaderStudy(
        np.tile(study.scores, 2),
        np.tile(study.labels, 2),
        study.modalities,
        study.readers,
        tuple(f"{name} {copy}" for copy in "ab" for name in study.cases),
        groups=np.tile(np.arange(27), 2),
    )
    np.testing.assert_allclose(
        error_covariance(study, method=method),  # type: ignore[arg-type]
        error_covariance(twice, method=method),  # type: ignore[arg-type]
        rtol=1e-10,
    )
    assert 27 == obuchowski_rockette(twice).variance.n_cases


def test_the_bootstrap_draws_whole_patients():
    study = simulate_reader_study(SMALL, StudySize(2, 15, 15), seed=6)
    grouped = ReaderStudy(
        study.scores,
        study.labels,
        study.modalities,
        study.readers,
        study.cases,
        groups=np.arange(30) // 2,
    )
    found = error_covariance(grouped, method="bootstrap", n_samples=50)
    assert np.isfinite(found).all()
    assert not np.array_equal(found, error_covariance(study, method="bootstrap", n_samples=50))


def test_two_modalities_have_f_equal_to_t_squared():
    for aim in ("readers and cases", "cases", "readers"):
        found = obuchowski_rockette(van_dyke(), generalize_to=aim)  # type: ignore[arg-type]
        (pair,) = found.differences
        assert found.f == pytest.approx(pair.t**2, rel=1e-12)
        assert found.p == pytest.approx(pair.p, rel=1e-9)


def test_a_negative_common_covariance_counts_as_none():
    study = simulate_reader_study(SMALL, StudySize(4, 20, 20), seed=8)
    covariance = 0.001 * np.eye(8)
    for i, j in itertools.product(range(4), range(4)):
        covariance[i, 4 + j] = covariance[4 + j, i] = 0.0005  # Cov3 above Cov2
    found = obuchowski_rockette(study, covariance=covariance)
    fixed = obuchowski_rockette(study, generalize_to="readers")
    assert found.variance.cov_2 < found.variance.cov_3
    assert (fixed.f, fixed.df_denominator) == pytest.approx((found.f, found.df_denominator))


def test_readers_who_gain_alike_leave_no_interaction():
    study = van_dyke()
    same = ReaderStudy(
        np.repeat(study.scores[:, :1], 2, axis=1),
        study.labels,
        study.modalities,
        ("a", "b"),
        study.cases,
    )
    found = obuchowski_rockette(same)
    assert 0 == found.ms_modality_reader
    assert math.isinf(found.df_denominator)
    assert 0 < found.p < 1
    cases_fixed = obuchowski_rockette(same, generalize_to="readers")
    assert np.isnan([cases_fixed.f, cases_fixed.differences[0].difference.lower]).all()


def test_one_modality_has_its_figure_and_no_test():
    study = van_dyke()
    whole, alone = obuchowski_rockette(study), obuchowski_rockette(one_modality(study, "cine"))
    assert whole.modalities[0].standard_error == pytest.approx(alone.modalities[0].standard_error)
    assert () == alone.differences == alone.reader_differences
    assert np.isnan([alone.f, alone.p]).all()


def test_one_reader_is_compared_over_cases_only():
    study = van_dyke()
    alone = ReaderStudy(study.scores[:, 1:2], study.labels, study.modalities, ("2",), study.cases)
    with pytest.raises(InputError, match="two readers at least"):
        obuchowski_rockette(alone)
    found = obuchowski_rockette(alone, generalize_to="cases")
    paired = compare_auc(study.labels, study.scores[0, 1], study.scores[1, 1])
    assert paired.p == pytest.approx(found.p, rel=1e-9)


def test_readers_who_agree_with_themselves_have_no_test():
    study = van_dyke()
    same = ReaderStudy(
        np.stack([study.scores[0], study.scores[0]]),
        study.labels,
        study.modalities,
        study.readers,
        study.cases,
    )
    found = obuchowski_rockette(same, generalize_to="readers")
    assert np.isnan([found.f, found.p, found.differences[0].p]).all()


def test_wrong_use_is_refused():
    study = van_dyke()
    with pytest.raises(InputError, match="DeLong's covariance is that of roc_auc"):
        error_covariance(study, figure=sensitivity_at_threshold(3))
    with pytest.raises(InputError, match="two bootstrap samples"):
        error_covariance(study, method="bootstrap", n_samples=1)
    with pytest.raises(InputError, match="finite covariance of 10 figures"):
        obuchowski_rockette(study, covariance=np.eye(4))
    with pytest.raises(InputError, match="confidence level"):
        obuchowski_rockette(study, level=95)
    lone = ReaderStudy(np.ones((1, 2, 3)), np.array([1, 0, 0]), ("m",), ("a", "b"), tuple("123"))
    with pytest.raises(InputError, match="two cases, or patients, of each class"):
        error_covariance(lone)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_order_of_cases_readers_and_scale_of_scores_do_not_matter(seed: int):
    study = simulate_reader_study(
        RoeMetzSettings(shifts=(1, 1.3, 1.6)), StudySize(3, 8, 9), seed=seed
    )
    rng = np.random.default_rng(seed)
    cases, readers = rng.permutation(17), rng.permutation(3)
    other = ReaderStudy(
        np.exp(study.scores)[:, readers][..., cases],
        study.labels[cases],
        study.modalities,
        tuple(study.readers[j] for j in readers),
        tuple(study.cases[k] for k in cases),
    )
    first, second = obuchowski_rockette(study), obuchowski_rockette(other)
    assert first.f == pytest.approx(second.f, rel=1e-9)
    assert first.p == pytest.approx(second.p, rel=1e-9, abs=1e-12)
    for a, b in zip(first.differences, second.differences, strict=True):
        assert a.difference.lower == pytest.approx(b.difference.lower, rel=1e-9, abs=1e-12)


def test_intervals_cover_and_equal_modalities_are_seldom_told_apart():
    # 400 studies of 5 readers and 60 cases: 4 standard errors of a share of 5 % are 0.044.
    chosen = RoeMetzSettings(shifts=(1.5, 1.5))
    rng = np.random.default_rng(2026)
    studies = [simulate_reader_study(chosen, StudySize(5, 30, 30), seed=rng) for _ in range(400)]
    found = [obuchowski_rockette(study) for study in studies]
    assert 0.05 == pytest.approx(np.mean([one.p < 0.05 for one in found]), abs=0.044)
    auc = true_auc(chosen)[0]
    covered = [m.figure.lower <= auc <= m.figure.upper for one in found for m in one.modalities]
    assert 0.95 == pytest.approx(np.mean(covered), abs=0.044)


def _interval(found: object, expected: tuple[float, float, float], tolerance: float) -> None:
    interval = found.difference  # type: ignore[attr-defined]
    assert expected == pytest.approx(
        (interval.value, interval.lower, interval.upper), abs=tolerance
    )


def _modality(found: object, expected: tuple[float, float, float], error: float, df: float) -> None:
    figure = found.figure  # type: ignore[attr-defined]
    digits = 5e-9 if error != 0.03307642 else 5e-8
    assert expected == pytest.approx((figure.value, figure.lower, figure.upper), abs=digits)
    assert error == pytest.approx(found.standard_error, abs=5e-9)  # type: ignore[attr-defined]
    assert df == pytest.approx(found.df, abs=5e-3)  # type: ignore[attr-defined]


def test_figures_are_read_only():
    found: ReaderComparison = obuchowski_rockette(van_dyke())
    assert not found.figures.flags.writeable
