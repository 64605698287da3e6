"""A study is crossed and without gaps; figures of merit by hand and as published."""

import numpy as np
import pytest
from van_dyke import van_dyke

from mamri.evaluation.reader_study import (
    ReaderStudy,
    leave_one_out_figures,
    one_modality,
    reader_figures,
    sensitivity_at_threshold,
    specificity_at_threshold,
)
from mamri.evaluation.roc import roc_auc
from mamri.records import InputError

LABELS = np.array([0, 0, 1, 1])


def study(scores: np.ndarray, **changes: object) -> ReaderStudy:
    t, r, c = scores.shape
    names: dict[str, object] = {
        "modalities": tuple(f"m{i}" for i in range(t)),
        "readers": tuple(f"r{i}" for i in range(r)),
        "cases": tuple(f"c{i}" for i in range(c)),
    }
    return ReaderStudy(scores, LABELS, **(names | changes))  # type: ignore[arg-type]


def test_auc_of_each_reader_as_published():
    # OR-DBM MRMC 2.51, eight decimals.
    expected = [
        [0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066],
        [0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169],
    ]
    np.testing.assert_allclose(reader_figures(van_dyke()), expected, atol=5e-9)


def test_sensitivity_of_each_reader_as_published():
    # MRMCaov, user guide: ratings of 3 and more are positive; three decimals.
    expected = [[0.889, 0.778, 0.822, 0.933, 0.689], [0.978, 0.822, 0.911, 1, 0.889]]
    np.testing.assert_allclose(
        reader_figures(van_dyke(), sensitivity_at_threshold(3)), expected, atol=5e-4
    )


def test_a_score_at_the_threshold_is_positive():
    scores = np.array([1.0, 2, 2, 3])
    assert 1 == sensitivity_at_threshold(2)(LABELS, scores)
    assert 0.5 == specificity_at_threshold(2)(LABELS, scores)


def test_gaps_name_reader_case_and_modality_three_at_most():
    scores = np.ones((2, 2, 4))
    scores[1, 0, 2] = np.nan
    scores[1, 1, :] = np.inf
    with pytest.raises(InputError, match=r"got 5 scores .* reader r0 of case c2 in m1; ") as found:
        study(scores)
    assert "c1 in m1" in str(found.value)
    assert "c2 in m1; reader r1 of case c2" not in str(found.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"readers": ("a", "a")},
        {"readers": ("a",)},
        {"cases": ("a", "b", "c")},
        {"modalities": ()},
        {"groups": np.array([1, 2, 3])},
    ],
)
def test_names_that_do_not_fit_are_refused(changes: dict[str, object]):
    with pytest.raises(InputError):
        study(np.ones((1, 2, 4)), **changes)


def test_words_for_scores_are_refused():
    with pytest.raises(InputError, match="numbers for 1 modalities"):
        study(np.full((1, 2, 4), "3"))


def test_one_class_is_refused():
    with pytest.raises(InputError, match="with and without the disease"):
        ReaderStudy(np.ones((1, 1, 2)), np.array([1, 1]), ("m",), ("r",), ("a", "b"))


def test_scores_are_kept_read_only_and_the_callers_stay_writable():
    scores = np.arange(8.0).reshape(1, 2, 4)
    found = study(scores)
    scores[0, 0, 0] = 5
    assert not found.scores.flags.writeable
    assert 0 == found.scores[0, 0, 0]


def test_one_modality_keeps_readers_and_cases():
    found = one_modality(van_dyke(), "spin-echo")
    np.testing.assert_array_equal(van_dyke().scores[1:], found.scores)
    assert ("spin-echo",) == found.modalities
    with pytest.raises(InputError, match="cine, spin-echo"):
        one_modality(van_dyke(), "CT")


def test_leaving_out_takes_whole_patients():
    scores = np.array([[[1.0, 2, 2, 3, 0, 4]]])
    labels = np.array([0, 0, 1, 1, 0, 1])
    found = ReaderStudy(
        scores, labels, ("m",), ("r",), tuple("abcdef"), np.array([7, 8, 7, 8, 9, 9])
    )
    expected = [roc_auc(labels[keep], scores[0, 0, keep]) for keep in ([1, 3, 4, 5], [0, 2, 4, 5])]
    np.testing.assert_array_equal(expected, leave_one_out_figures(found)[:2, 0, 0])


def test_a_figure_that_is_undefined_is_refused():
    with pytest.raises(InputError, match="finite for every reader"):
        reader_figures(study(np.ones((1, 1, 4))), lambda labels, scores: float("nan"))
