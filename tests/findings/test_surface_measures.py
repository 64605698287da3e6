"""Numbers of the surface, on shapes that differ beyond doubt."""

from dataclasses import astuple

import numpy as np
import pytest
from findings.painted_lesions import EIGHT, SIX, ball, field_of, lumpy, places, rod, spiculated

from mamri.findings.surface_measures import SurfaceMeasures, surface_measures
from strategies import rotation

AT = places()
BALL = ball(AT, 7.0)


def measured(rise: np.ndarray, outline: np.ndarray | None = None) -> SurfaceMeasures:
    return surface_measures(field_of(rise, outline))


@pytest.fixture(autouse=True)
def _lengths_of_the_test(monkeypatch):
    """Lengths that the painted shapes were made for."""
    for name, value in (
        ("_RELIEF_SHARE", 0.35), ("_CORE_SHARE", 0.45), ("_CORE_MM", (1.5, 6.0)), ("_THIN_MM", 1.6)
    ):  # fmt: skip
        monkeypatch.setattr(f"mamri.findings.surface_measures.{name}", value)


@pytest.fixture
def smooth() -> SurfaceMeasures:
    return measured(BALL)


def test_a_ball_is_round_and_smooth(smooth):
    assert smooth.axis_ratio == pytest.approx(1, abs=0.02)
    assert smooth.ellipsoid_overlap > 0.97
    assert smooth.protrusions_mm < 0.02
    assert smooth.shell < 0.1


def test_thin_radial_rods_are_protrusions(smooth):
    rods = measured(spiculated(), BALL >= 0.5)

    assert rods.protrusions_mm > 10 * max(smooth.protrusions_mm, 0.01)
    assert rods.shell > 2 * smooth.shell


def test_a_protrusion_is_what_a_ball_does_not_fit_into(monkeypatch):
    rods = [rod(AT, 2.5, way, 16.0) for way in SIX[:3]]
    thick = np.maximum.reduce([ball(AT, 9.0), *rods])
    found = []
    for radius_mm in (1.3, 3.5):
        monkeypatch.setattr("mamri.findings.surface_measures._THIN_MM", radius_mm)
        found.append(measured(thick).protrusions_mm)

    assert found[0] < 0.3 * found[1]


def test_one_thin_rod_alone_is_taken_for_a_vessel():
    one = np.maximum(BALL, rod(AT, 1.0, SIX[0], 18.0))
    three = np.maximum.reduce([BALL, *(rod(AT, 1.0, way, 18.0) for way in SIX[:3])])

    assert (
        measured(one, BALL >= 0.5).protrusions_mm
        < 0.2 * measured(three, BALL >= 0.5).protrusions_mm
    )


def test_one_thick_bulge_is_no_protrusion():
    thick = np.maximum(BALL, ball(AT, 5.0, (20, 20, 27)))

    assert measured(thick).protrusions_mm < 0.05


def test_lumps_raise_relief_and_leave_the_ellipsoid(smooth):
    lumps = measured(lumpy())

    assert lumps.relief > 1.3 * smooth.relief
    assert lumps.ellipsoid_overlap < smooth.ellipsoid_overlap - 0.1


@pytest.mark.parametrize(("second", "third"), [(1.0, 0.6), (0.6, 0.6), (0.75, 0.5)])
@pytest.mark.parametrize("angle_rad", [0.0, 0.6])
def test_axis_ratio_is_that_of_the_painted_ellipsoid(second, third, angle_rad):
    turned = np.tensordot(rotation(EIGHT[0], angle_rad), AT - 20, axes=1)
    stretched = turned / np.reshape([third, second, 1.0], (3, 1, 1, 1))
    inside = (np.sqrt((stretched**2).sum(axis=0)) <= 12).astype(float)

    found = measured(inside)

    assert found.axis_ratio == pytest.approx(second, abs=0.03)
    assert 0.95 < found.ellipsoid_overlap <= 1


@pytest.mark.parametrize("rise", [spiculated(), lumpy()], ids=["spiculated", "lumpy"])
def test_mirrored_and_transposed_volumes_give_the_same_numbers(rise):
    uneven = rise.copy()
    uneven[:18] *= 0.2  # no symmetry of its own
    expected = astuple(measured(uneven))

    for turned in (uneven[::-1, :, ::-1], uneven.transpose(2, 0, 1), uneven[:, ::-1].T):
        assert expected == pytest.approx(astuple(measured(turned)), rel=1e-4)


def test_gain_and_background_do_not_change_the_numbers():
    rise = spiculated() + np.random.default_rng(0).normal(0, 0.03, BALL.shape)
    outline = BALL >= 0.5

    expected = astuple(measured(rise, outline))

    assert expected == pytest.approx(astuple(measured(400 * rise + 70, outline)), rel=1e-3)


def test_others_in_touch_are_no_protrusions(smooth):
    rise = spiculated()
    rods = (rise > 0) & (BALL == 0)

    apart = surface_measures(field_of(rise, BALL >= 0.5, rods))

    assert apart.protrusions_mm == pytest.approx(smooth.protrusions_mm, abs=0.02)


def test_rods_fainter_than_the_noise_are_not_counted(monkeypatch):
    monkeypatch.setattr("mamri.findings.surface_measures._FAINT", 0.2)
    outline = BALL >= 0.5
    rods = np.where(BALL < 0.5, 0.4 * (spiculated() > 0.5), 0)  # no part of the body
    noise = np.random.default_rng(0).normal(0, 0.4, BALL.shape) * (BALL == 0) * (rods == 0)

    clear = measured(BALL + rods, outline).protrusions_mm
    buried = measured(BALL + rods + noise, outline).protrusions_mm

    assert clear > 0.1
    assert buried - measured(BALL + noise, outline).protrusions_mm < 0.2 * clear


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 2), (1, 3, 3), (2, 2, 2)])
def test_the_smallest_findings_are_measured_or_not_but_never_fail(shape):
    rise = np.zeros((30, 30, 30))
    rise[tuple(slice(15, 15 + n) for n in shape)] = 1.0

    found = measured(rise)

    assert 0 < found.axis_ratio <= 1 + 1e-9
    assert np.isfinite([found.relief, found.protrusions_mm]).all()


def test_a_shell_that_is_cut_away_is_not_measured():
    everything_else = BALL < 0.5

    assert np.isnan(surface_measures(field_of(BALL, others=everything_else)).shell)
