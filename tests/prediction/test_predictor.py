"""Single cases: an answer with its interval or its set, or the reason why there is none."""

from dataclasses import replace

import numpy as np
import pytest
from prediction.cohorts import telling_table
from prediction.trained_predictors import (
    NUMBER,
    SUBTYPE,
    TIME,
    every_outcome,
    trained_predictor,
    with_wide_domain,
)

from mamri.prediction.calibration import probability_interval
from mamri.prediction.experiment import SiteHarmonisation
from mamri.prediction.learner import joint_answer
from mamri.prediction.predictor import case_vector, predict_case
from mamri.prediction.preparation import prepare

USUAL = {"x0": 0.8, "x1": 0.1, "x2": -0.1, "x3": 0.0}


def _cells(table):
    return table.filter(like="x").to_dict("records")


@pytest.fixture(scope="module")
def binary():
    return trained_predictor(table=telling_table(200, 1, shift=1.5))


def test_the_answer_is_that_of_the_members_together(binary):
    cells = {**USUAL, "x0": 1.2}
    x = np.array([[1.2, 0.1, -0.1, 0.0]])
    scores = np.stack([m.score(x, np.array([""]), binary.target.kind) for m in binary.members])
    expected = joint_answer(scores, binary.calibration)[0]

    said = predict_case(binary, cells)

    assert {"no": expected[0], "yes": expected[1]} == pytest.approx(said.probability)
    assert 1 == pytest.approx(sum(said.probability.values()))


def test_sure_cases_of_both_classes_are_decided_and_doubtful_ones_are_not(binary):
    high, low = (predict_case(binary, {**USUAL, "x0": x0}) for x0 in (2.5, -1.0))
    middle = predict_case(binary, {**USUAL, "x0": 0.75})

    assert ("yes", ("yes",), "") == (high.value, high.possible, high.reason)
    assert ("no", ("no",), "") == (low.value, low.possible, low.reason)
    assert high.probability["yes"] > 0.85 > 0.15 > low.probability["yes"]
    assert (None, ("no", "yes")) == (middle.value, middle.possible)
    assert "undecided at 90 %: no and yes" == middle.reason
    assert 0.3 < middle.probability["yes"] < 0.7


def test_a_case_between_classes_that_are_far_apart_fits_none():
    """x0 lies in the gap: fewer than a tenth of the cases of either class fit as badly."""
    predictor = with_wide_domain(trained_predictor(table=telling_table(200, 1, shift=6.0)))

    said = predict_case(predictor, {**USUAL, "x0": 3.0})

    assert (None, ()) == (said.value, said.possible)
    assert "undecided at 90 %: no class fits well" == said.reason
    assert said.probability


def test_the_interval_of_a_probability_holds_it_and_that_of_venn_and_abers(binary):
    """Isotonic and logistic calibration see the same scores in two ways; often they agree."""
    widened = []
    for cells in _cells(telling_table(60, 5)):
        said = predict_case(with_wide_domain(binary), cells)
        low, high = said.interval
        x = case_vector(cells, binary.columns)[None]
        scores = [m.score(x, np.array([""]), binary.target.kind)[0, 0] for m in binary.members]
        own = probability_interval(float(np.mean(scores)), binary.calibration)
        assert 0 <= low <= said.probability["yes"] <= high <= 1
        assert low <= own[0] <= own[1] <= high
        widened.append((high - low) - (own[1] - own[0]))
    assert np.median(widened) < 0.1


def test_few_training_cases_make_the_interval_wide():
    def width(n):
        predictor = with_wide_domain(trained_predictor(table=telling_table(n, 1)))
        said = [predict_case(predictor, {**USUAL, "x0": x0}) for x0 in np.linspace(-1, 2.5, 9)]
        return np.mean([one.interval[1] - one.interval[0] for one in said])

    assert width(24) > 2 * width(400)


def test_the_interval_of_a_number_holds_nine_new_cases_in_ten():
    held = []
    for seed in range(8):
        table = every_outcome(120, 10 * seed)
        predictor = with_wide_domain(trained_predictor("ridge", NUMBER, table=table))
        new = every_outcome(40, 10 * seed + 5)
        for cells, y in zip(_cells(new), new["size"], strict=True):
            said = predict_case(predictor, cells)
            assert said.value == pytest.approx(np.mean(said.interval))
            assert ({}, (), "") == (said.probability, said.possible, said.reason)
            held.append(said.interval[0] <= y <= said.interval[1])
    # 90 % nominal; standard error 2 %, of 320 new cases and 960 residuals.
    assert 0.9 == pytest.approx(np.mean(held), abs=0.06)


def test_the_half_width_is_the_rank_that_conformal_prediction_asks_for():
    """The ceil(0.9 (n + 1))-th smallest of n errors; the largest where there are too few."""
    predictor = trained_predictor("ridge", NUMBER)
    for n, expected in ((19, 18.0), (99, 90.0), (5, 5.0)):
        errors = np.random.default_rng(n).permutation(np.arange(1.0, n + 1))

        low, high = predict_case(replace(predictor, residuals=errors), USUAL).interval

        assert expected == pytest.approx((high - low) / 2)


def test_a_risk_is_told_as_the_share_of_training_cases_below_it():
    pytest.importorskip("sksurv")
    predictor = trained_predictor("cox", TIME)
    asked = [{**USUAL, "x0": x0} for x0 in (-1.0, 0.5, 2.0)]

    said = [predict_case(predictor, cells) for cells in asked]

    assert [one.value for one in said] == sorted(one.value for one in said)
    for cells, one in zip(asked, said, strict=True):
        x = np.array([[cells[name] for name in predictor.columns]])
        risk = np.mean([m.score(x, np.array([""]), TIME.kind) for m in predictor.members])
        below = sum(own < risk for own in predictor.residuals)
        assert 100 * below / len(predictor.residuals) == pytest.approx(one.value)
        assert ({}, None, (), "") == (one.probability, one.interval, one.possible, one.reason)


def test_classes_have_probabilities_and_no_interval():
    predictor = trained_predictor("logistic", SUBTYPE, table=every_outcome(200, 3))

    said = predict_case(predictor, {**USUAL, "x0": 3.0})

    assert {"a", "b", "c"} == set(said.probability)
    assert 1 == pytest.approx(sum(said.probability.values()))
    assert ("c", ("c",), None) == (said.value, said.possible, said.interval)


def test_a_column_that_the_exam_does_not_give_withholds_the_answer(binary):
    cells = {name: value for name, value in USUAL.items() if name not in ("x0", "x2")}

    said = predict_case(binary, cells)

    assert "withheld: it needs x0, x2, which this exam does not give" == said.reason
    assert (None, {}, None, ()) == (said.value, said.probability, said.interval, said.possible)


def test_columns_that_no_member_sees_need_not_be_given():
    predictor = trained_predictor(table=telling_table(60, 1).assign(x3=1.0))

    assert ("x0", "x1", "x2") == predictor.needed
    assert predict_case(predictor, {n: v for n, v in USUAL.items() if n != "x3"}).probability


def test_more_cells_than_are_needed_do_no_harm(binary):
    plain, more = predict_case(binary, USUAL), predict_case(binary, {**USUAL, "side": "left"})

    assert plain.probability == more.probability


def test_too_many_empty_cells_withhold_the_answer(binary):
    one, two = {**USUAL, "x1": None}, {**USUAL, "x1": None, "x2": ""}

    assert predict_case(binary, one).probability
    said = predict_case(binary, two)
    assert "withheld: 50 % of the features that the model needs are missing" == said.reason
    assert not said.probability


def test_a_case_unlike_the_training_cases_gets_no_answer(binary):
    said = predict_case(binary, {"x0": -40.0, "x1": 40.0, "x2": 40.0, "x3": -40.0})

    assert said.reason.startswith("withheld: it is unlike the training cases (distance ")
    assert not said.probability


def test_a_model_of_harmonised_features_gives_no_answer_where_the_site_is_unknown():
    table = telling_table(80, 1, shift=1.5)
    table["site"] = np.array(["a", "b"])[np.arange(80) // 2 % 2]
    predictor = trained_predictor(table=table, harmonisation=SiteHarmonisation.COMBAT)

    said = predict_case(predictor, USUAL)

    assert said.reason.startswith("withheld: it was trained with features harmonised by site")
    assert not said.probability


def test_words_are_read_as_the_training_table_was():
    table = telling_table(80, 1, shift=0.0)
    table["xs"] = np.where(table["malignant"] == 1, "spiculated", "smooth")
    table.loc[:5, "xs"] = np.array(["smooth", "spiculated"] * 3)
    predictor = trained_predictor(table=table)

    assert "xs" in predictor.needed
    said = {w: predict_case(predictor, {**USUAL, "xs": w}) for w in ("spiculated", "smooth")}
    assert said["spiculated"].probability["yes"] > 0.8 > 0.2 > said["smooth"].probability["yes"]


def test_a_case_becomes_the_row_that_the_cohort_would_have_made():
    cells = {"x0": "1.5", "x1": 2, "x2": None, "x3": "", "shape": "oval", "mass": None, "t": "two"}
    columns = ("x0", "x1", "x2", "x3", "shape=oval", "shape=round", "mass=yes", "t", "absent")

    found = case_vector(cells, columns)

    nan = np.nan
    np.testing.assert_array_equal([1.5, 2.0, nan, nan, 1.0, 0.0, nan, nan, nan], found)
    np.testing.assert_array_equal([nan, nan], case_vector({"x": np.inf, "y": "nan"}, ("x", "y")))


def test_the_domain_is_that_of_all_training_cases(binary):
    x = telling_table(200, 1, shift=1.5).filter(like="x").to_numpy()

    prepared = prepare(x, np.full(200, ""), binary.preparation)

    np.testing.assert_allclose(prepared, binary.domain.cases)
