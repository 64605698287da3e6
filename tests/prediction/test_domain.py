"""Whether a case is like the training cases, and the reason where it is not."""

import numpy as np

from mamri.prediction.domain import beyond, feature_limits, fit_domain, outside


def _cases(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 6))


def test_a_case_far_away_is_outside_and_is_told_why():
    domain = fit_domain(_cases(200, 1))
    far = np.full((1, 6), 5.0)

    (reason,) = outside(far, np.zeros(1), domain)

    assert reason.startswith("it is unlike the training cases (distance ")
    assert f"stay below {domain.limit:.2f}" in reason


def test_a_case_that_lacks_features_is_outside_wherever_it_lies():
    domain = fit_domain(_cases(200, 1))
    near = np.zeros((3, 6))

    reasons = outside(near, np.array([0.0, 0.3, 0.34]), domain)

    assert ["", ""] == reasons[:2]
    assert "34 % of the features that the model needs are missing" == reasons[2]


def test_cases_like_the_training_cases_are_rarely_outside():
    cases = _cases(400, 1)
    domain = fit_domain(cases)

    again = [bool(r) for r in outside(cases, np.zeros(400), domain)]
    new = [bool(r) for r in outside(_cases(400, 2), np.zeros(400), domain)]

    assert np.mean(again) <= 0.01
    assert np.mean(new) <= 0.04  # 1 % nominal; 400 cases and neighbours of their own


def test_the_limit_is_that_of_the_slow_way():
    cases = _cases(30, 3)
    mean = []
    for k, case in enumerate(cases):
        others = np.delete(cases, k, axis=0)
        mean.append(np.sort(np.linalg.norm(others - case, axis=1))[:5].mean() / np.sqrt(6))

    np.testing.assert_allclose(np.quantile(mean, 0.99), fit_domain(cases).limit)


def test_distances_do_not_grow_with_the_number_of_features():
    few, many = _cases(300, 4), np.random.default_rng(4).normal(size=(300, 60))

    assert fit_domain(many).limit < 2.5 * fit_domain(few).limit


def test_one_feature_far_beyond_the_training_cases_is_named():
    x = np.column_stack([np.linspace(0, 10, 50), np.linspace(-1, 1, 50)])
    limits = feature_limits(x)

    assert [[-10.0, -3.0], [20.0, 3.0]] == limits.tolist()
    assert "" == beyond(np.array([19.9, -2.9]), limits, ["a", "b"])
    assert "b is 3.1, far beyond the training cases (allowed -3 to 3)" == beyond(
        np.array([19.9, 3.1]), limits, ["a", "b"]
    )
    assert beyond(np.array([1e6, -9.0]), limits, ["a", "b"]).endswith(", and so do 1 more")


def test_a_missing_value_or_a_feature_without_values_is_not_beyond():
    limits = feature_limits(np.array([[1.0, np.nan], [2.0, np.nan]]))

    assert "" == beyond(np.array([np.nan, 5.0]), limits, ["a", "b"])
