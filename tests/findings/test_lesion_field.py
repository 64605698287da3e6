"""A finding on even steps and its own scale, on painted balls."""

import numpy as np
import pytest
from findings.painted_lesions import EVEN, STEP, ball, field_of, places

from mamri.findings.lesion_field import (
    FieldSettings,
    closed,
    distance_mm,
    lesion_field,
    opened,
    resampled,
)

RADIUS = 7.0
AT = places()
BALL = ball(AT, RADIUS)
NOTHING = np.zeros(BALL.shape, bool)


@pytest.mark.parametrize(("gain", "background"), [(1.0, 0.0), (250.0, 40.0), (1e-3, -5e-4)])
def test_an_even_ball_is_one_inside_and_zero_around(gain, background):
    field = field_of(gain * BALL + background, BALL >= 0.5)

    assert np.allclose(1, field.value[BALL == 1], atol=1e-4)
    assert np.allclose(0, field.value[BALL == 0], atol=1e-4)
    assert field.noise == pytest.approx(0, abs=1e-4)
    assert field.radius_mm == pytest.approx(RADIUS, abs=0.3)
    assert np.array_equal(BALL >= 0.5, field.body)


def test_units_gain_and_background_do_not_change_the_scale():
    noisy = BALL + np.random.default_rng(0).normal(0, 0.05, BALL.shape)
    one, other = field_of(noisy), field_of(300 * noisy + 80, noisy >= 0.5)

    assert np.allclose(one.value, other.value, atol=1e-3)
    assert np.array_equal(one.body, other.body)
    assert one.noise == pytest.approx(0.05, rel=0.1)
    assert other.noise == pytest.approx(one.noise, rel=1e-3)


def test_others_are_zero_and_take_no_part():
    neighbour = np.abs(AT - 20).max(axis=0) >= RADIUS + 2  # most of what is around
    rise = BALL + 3.0 * neighbour

    field = field_of(rise, BALL >= 0.5, neighbour)

    assert not field.value[neighbour].any()
    assert not (field.body & neighbour).any()
    assert np.allclose(1, field.value[BALL == 1], atol=1e-4)  # not taken for the surroundings
    assert np.array_equal(neighbour, field.others)


def test_an_outline_is_never_another_thing():
    field = field_of(BALL, others=np.ones(BALL.shape, bool))

    assert not (field.others & field.outline).any()
    assert np.allclose(1, field.value[BALL == 1])


@pytest.mark.parametrize("rise", [np.zeros_like(BALL), -BALL, 1 - BALL])
def test_what_does_not_rise_above_its_surroundings_has_no_field(rise):
    assert lesion_field(rise, BALL >= 0.5, NOTHING, STEP, EVEN) is None


def test_an_empty_outline_has_no_field():
    assert lesion_field(BALL, NOTHING, NOTHING, STEP, EVEN) is None


def test_thick_slices_give_the_same_radius():
    spacing, step = (3.0, 1.0, 1.0), FieldSettings().step_mm
    at = places((14, 41, 41), spacing)
    thick = ball(at, 8.0, (19.5, 20.0, 20.0))

    field = lesion_field(thick, thick >= 0.5, np.zeros(thick.shape, bool), spacing)

    assert field is not None
    assert step == pytest.approx(field.step_mm)
    assert field.radius_mm == pytest.approx(8.0, abs=step)


def test_a_large_finding_is_seen_on_larger_steps():
    settings = FieldSettings(step_mm=1.0, most_steps=20)

    field = lesion_field(BALL, BALL >= 0.5, NOTHING, STEP, settings)

    assert field is not None
    assert field.step_mm == pytest.approx(41 / 20)
    assert max(field.value.shape) <= 20
    assert field.radius_mm == pytest.approx(RADIUS, abs=field.step_mm)


def test_holes_and_dark_patches_belong_to_the_body():
    hole = ball(AT, 2.5) > 0
    cleft = (AT[1] == 20) & (AT[2] > 20)  # open to the outside
    rise = np.where(hole | cleft, 0, BALL)

    field = field_of(rise, BALL >= 0.5)

    assert field.body[hole].all()
    assert not field.parts[hole].any()
    assert not field.parts[cleft].any()
    assert field.body[cleft & (ball(AT, RADIUS - 2) == 1)].all()


def test_the_body_leaves_an_outline_that_is_too_small():
    field = field_of(BALL, ball(AT, RADIUS - 2) >= 0.5)

    assert field.radius_mm == pytest.approx(RADIUS, abs=0.3)


def test_the_body_does_not_follow_a_bright_structure_far_away():
    vessel = (np.hypot(AT[0] - 20, AT[1] - 20) <= 3) & (AT[2] >= 20)
    reach = EVEN.reach_mm

    field = field_of(np.maximum(BALL, vessel), BALL >= 0.5)

    assert field.parts[20, 20, 20 + int(RADIUS + reach) - 1]
    assert not (field.body & (AT[2] > 20 + RADIUS + reach + EVEN.gap_mm)).any()


def test_a_bright_structure_that_is_not_in_touch_is_left_out():
    apart = ball(AT, 2.0, (20, 20, 20 + RADIUS + 4.5))  # within reach of the outline

    assert np.array_equal(field_of(BALL).body, field_of(np.maximum(BALL, apart), BALL >= 0.5).body)


def test_the_body_is_the_largest_of_several_parts():
    both = np.maximum(BALL, ball(AT, 3.5, (20, 20, 36)))

    field = field_of(both)

    assert field.parts[20, 20, 36]
    assert not field.body[20, 20, 36]
    assert field.body[20, 20, 20]


def test_depth_grows_from_the_surface_of_the_body_even_at_the_edge_of_the_image():
    whole, cut = field_of(BALL), field_of(BALL[:21])  # the image ends in the middle of the ball

    assert whole.depth_mm.max() == pytest.approx(RADIUS, abs=1.0)
    assert not whole.depth_mm[~whole.body].any()
    assert np.all(cut.depth_mm[-1] <= cut.step_mm)


def test_inputs_stay_as_they_are():
    rise, mask = BALL.copy(), BALL >= 0.5

    field_of(rise, mask)

    assert np.array_equal(BALL, rise)
    assert np.array_equal(BALL >= 0.5, mask)


def test_even_steps_keep_a_linear_signal():
    ramp = 2.0 * places((5, 9, 9), (3.0, 1.0, 1.0))[0]

    even = resampled(ramp, (3.0, 1.0, 1.0), 0.5)

    assert even.shape == (25, 17, 17)
    assert np.allclose(np.arange(25)[:, None, None] * 0.5 * 2, even, atol=1e-5)


def test_opening_and_closing_are_those_of_balls_in_mm():
    full = ball(AT, 6.0) >= 0.5
    spike = (np.hypot(AT[0] - 20, AT[1] - 20) <= 1) & (AT[2] >= 20) & (AT[2] < 36)
    slit = np.abs(AT[2] - 20) < 1

    assert not opened(full | spike, 2.0, 1.0)[20, 20, 30]
    assert opened(full | spike, 0.5, 1.0)[20, 20, 30]
    assert not opened(full | spike, 4.0, 2.0)[20, 20, 30]
    assert not opened(full | spike, 2.0, 1.0)[~(full | spike)].any()
    assert not opened(spike, 3.0, 1.0).any()
    assert np.count_nonzero(opened(full, 3.0, 1.0)) > 0.8 * np.count_nonzero(full)
    assert closed(full & ~slit, 1.5, 1.0)[20, 20, 20]
    assert not closed(full & ~slit, 0.4, 1.0)[20, 20, 20]
    assert closed(full, 3.0, 1.0)[full].all()


def test_distances_run_to_the_nearest_voxel_outside_in_mm():
    cube = np.zeros((9, 9, 9), bool)
    cube[2:7, 2:7, 2:7] = True

    assert [0, 0.5, 1.0, 1.5] == distance_mm(cube, 0.5)[4, 4, 1:5].tolist()
