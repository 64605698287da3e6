"""Pseudovalues against published components, and against the method of Obuchowski and Rockette.

Published: OR-DBM MRMC 2.51 and RJafroc for the Van Dyke data; tests/peers/van_dyke.md.
"""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from van_dyke import van_dyke

from mamri.evaluation.dorfman_berbaum_metz import dorfman_berbaum_metz, pseudovalues
from mamri.evaluation.obuchowski_rockette import error_covariance, obuchowski_rockette
from mamri.evaluation.reader_study import (
    ReaderStudy,
    one_modality,
    reader_figures,
    specificity_at_threshold,
)
from mamri.evaluation.roe_metz import RoeMetzSettings, StudySize, simulate_reader_study
from mamri.records import InputError


def test_components_as_published():
    found = dorfman_berbaum_metz(van_dyke()).variance
    # Half a unit of the last printed digit.
    assert 0.00153500 == pytest.approx(found.reader, abs=5e-9)
    assert 0.02724923 == pytest.approx(found.case, abs=5e-9)
    assert 0.00020040 == pytest.approx(found.modality_reader, abs=5e-9)
    assert 0.01197530 == pytest.approx(found.modality_case, abs=5e-9)
    assert 0.01226473 == pytest.approx(found.reader_case, abs=5e-9)
    assert 0.03997160 == pytest.approx(found.error, abs=5e-9)


def test_mean_squares_as_published_by_rjafroc():
    # RJafroc 1.2.0.9000, chapter 11, vignette 2; three digits. Its msTC is printed as 0.0517, which
    # its own components refute: 0.03997160 + 5 * 0.01197530 = 0.09985.
    found = dorfman_berbaum_metz(van_dyke()).mean_squares
    assert 0.547 == pytest.approx(found.modality, abs=5e-4)
    assert 0.437 == pytest.approx(found.reader, abs=5e-4)
    assert 0.397 == pytest.approx(found.case, abs=5e-4)
    assert 0.0628 == pytest.approx(found.modality_reader, abs=5e-5)
    assert 0.0645 == pytest.approx(found.reader_case, abs=5e-5)
    assert 0.0400 == pytest.approx(found.modality_reader_case, abs=5e-5)
    assert 0.03997160 + 5 * 0.01197530 == pytest.approx(found.modality_case, abs=3e-8)


def test_random_readers_and_cases_as_published():
    found = dorfman_berbaum_metz(van_dyke())
    assert 4.46 == pytest.approx(found.f, abs=5e-3)
    assert 15.26 == pytest.approx(found.df_denominator, abs=5e-3)
    assert 0.0517 == pytest.approx(found.p, abs=5e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 3), st.integers(2, 4))
@example(seed=175, t=3, r=2)  # a modality in which both readers are equal
@example(seed=216, t=2, r=2)  # both readers have the same difference: no interaction at all
def test_equal_to_obuchowski_and_rockette_with_the_jackknife(seed: int, t: int, r: int):
    shifts = tuple(np.linspace(1, 1.6, t))
    study = simulate_reader_study(RoeMetzSettings(shifts=shifts), StudySize(r, 7, 8), seed=seed)
    covariance = error_covariance(study, method="jackknife")
    for aim in ("readers and cases", "readers"):
        first = obuchowski_rockette(study, covariance=covariance, generalize_to=aim)  # type: ignore[arg-type]
        second = dorfman_berbaum_metz(study, generalize_to=aim)  # type: ignore[arg-type]
        assert first.f == pytest.approx(second.f, rel=1e-10, abs=1e-10, nan_ok=True)
        assert first.df_denominator == pytest.approx(second.df_denominator, rel=1e-9)
        assert first.p == pytest.approx(second.p, rel=1e-8, abs=1e-10, nan_ok=True)
        for a, b in zip(first.modalities, second.modalities, strict=True):
            assert a.figure.lower == pytest.approx(b.figure.lower, abs=1e-9, nan_ok=True)
        for x, y in zip(first.differences, second.differences, strict=True):
            assert x.standard_error == pytest.approx(y.standard_error, rel=1e-9)
    if first.variance.cov_2 >= first.variance.cov_3:
        fixed = obuchowski_rockette(study, covariance=covariance, generalize_to="cases")
        other = dorfman_berbaum_metz(study, generalize_to="cases")
        assert fixed.f == pytest.approx(other.f, rel=1e-10, abs=1e-10)


def test_van_dyke_equals_obuchowski_and_rockette_in_all_three_analyses():
    study = van_dyke()
    covariance = error_covariance(study, method="jackknife")
    for aim in ("readers and cases", "cases", "readers"):
        first = obuchowski_rockette(study, covariance=covariance, generalize_to=aim)  # type: ignore[arg-type]
        second = dorfman_berbaum_metz(study, generalize_to=aim)  # type: ignore[arg-type]
        assert first.f == pytest.approx(second.f, abs=1e-10)
    assert math.isinf(
        obuchowski_rockette(study, covariance=covariance, generalize_to="cases").df_denominator
    )
    assert 113 == dorfman_berbaum_metz(study, generalize_to="cases").df_denominator


def test_pseudovalues_have_the_figure_as_mean_for_any_figure():
    study = van_dyke()
    figure = specificity_at_threshold(3)
    values = pseudovalues(study, figure)
    np.testing.assert_allclose(values.mean(axis=-1), reader_figures(study, figure), atol=1e-12)


def test_patients_are_left_out_whole():
    study = van_dyke()
    groups = np.arange(114) // 2
    grouped = ReaderStudy(
        study.scores, study.labels, study.modalities, study.readers, study.cases, groups
    )
    assert (2, 5, 57) == pseudovalues(grouped).shape
    covariance = error_covariance(grouped, method="jackknife")
    first = obuchowski_rockette(grouped, covariance=covariance)
    assert first.f == pytest.approx(dorfman_berbaum_metz(grouped).f, abs=1e-10)


def test_mean_squares_by_the_textbook():
    study = simulate_reader_study(RoeMetzSettings(), StudySize(3, 4, 5), seed=4)
    y, found = pseudovalues(study), dorfman_berbaum_metz(study).mean_squares
    t, r, c = y.shape
    total = 0.0
    for i in range(t):
        for k in range(c):
            cell = y[i, :, k].mean() - y[i].mean() - y[:, :, k].mean() + y.mean()
            total += r * cell**2
    assert total / ((t - 1) * (c - 1)) == pytest.approx(found.modality_case, rel=1e-10)


def test_one_modality_is_refused():
    with pytest.raises(InputError, match="two modalities and two readers"):
        dorfman_berbaum_metz(one_modality(van_dyke(), "cine"))
