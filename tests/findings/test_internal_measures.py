"""Numbers of the inside, on painted balls."""

from dataclasses import astuple

import numpy as np
import pytest
from findings.painted_lesions import ball, field_of, places

from mamri.findings.internal_measures import InternalMeasures, internal_measures

AT = places()
RADIUS = 9.0
BALL = ball(AT, RADIUS)
OUTLINE = BALL >= 0.5
AWAY = np.sqrt(((AT - 20) ** 2).sum(axis=0))


def measured(rise: np.ndarray, outline: np.ndarray = OUTLINE) -> InternalMeasures:
    return internal_measures(field_of(rise, outline))


def test_an_even_ball_is_even_and_in_one_piece():
    even = measured(BALL)

    assert even.centre_to_border == pytest.approx(1, abs=0.15)
    assert even.variation < 0.05
    assert even.main_part_percent == pytest.approx(100)


def test_the_centre_of_a_rim_is_weaker_than_its_border():
    rim = measured(np.where(AWAY < 0.55 * RADIUS, 0.3, 1) * BALL)

    assert rim.centre_to_border < 0.6
    assert rim.main_part_percent == pytest.approx(100, abs=5)  # its hole is no gap


def test_a_bright_centre_is_above_one():
    assert measured(np.where(AWAY < 0.5 * RADIUS, 2, 1) * BALL).centre_to_border > 1.3


def test_an_uneven_inside_varies_by_its_coefficient_of_variation():
    checks = 1 + 0.3 * (-1.0) ** (AT // 3).sum(axis=0)

    assert measured(BALL * checks).variation == pytest.approx(0.3, abs=0.05)


def test_noise_is_taken_off_the_variation():
    # Inside it adds to the variation what the surroundings show of it: 0.1 of an even ball.
    noise = np.random.default_rng(0).normal(0, 0.1, BALL.shape)
    checks = 1 + 0.3 * (-1.0) ** (AT // 3).sum(axis=0)

    assert measured(BALL + noise).variation < 0.05
    assert measured(BALL + np.where(BALL == 0, 0, noise)).variation > 0.08
    assert measured(BALL * checks + noise).variation == pytest.approx(0.3, abs=0.05)


def test_the_largest_of_three_like_clumps_is_a_third():
    clumps = np.maximum.reduce([ball(AT, 4.0, (20, 20, x)) for x in (7, 20, 33)])

    found = measured(clumps, clumps >= 0.5)

    assert found.main_part_percent == pytest.approx(100 / 3, abs=3)


def test_clumps_of_unlike_size_give_the_share_of_the_largest():
    sizes = np.maximum(ball(AT, 6.0, (20, 20, 12)), ball(AT, 3.0, (20, 20, 30)))
    expected = 100 * 6**3 / (6**3 + 3**3)

    assert expected == pytest.approx(measured(sizes, sizes >= 0.5).main_part_percent, abs=2)


def test_gain_background_and_storage_order_do_not_change_the_numbers():
    rise = BALL * (1 + 0.3 * np.sin(AT[0] / 2)) + 0.2 * (AT[2] > 23) * BALL
    expected = astuple(measured(rise))

    assert expected == pytest.approx(astuple(measured(250 * rise + 30)), rel=1e-3)
    turned = rise[::-1].transpose(2, 0, 1)
    assert expected == pytest.approx(
        astuple(measured(turned, OUTLINE[::-1].transpose(2, 0, 1))), rel=1e-4
    )


@pytest.mark.filterwarnings("error")
def test_a_finding_without_a_border_has_no_ratio():
    rise = np.zeros((30, 30, 30))
    rise[15, 15, 15] = 1.0

    found = measured(rise, rise > 0)

    assert np.isnan(found.centre_to_border)
