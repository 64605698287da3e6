import numpy as np
import pytest

from mamri.kinetics import CurveThresholds, CurveType, curve_type, delayed_phase, initial_phase
from mamri.records import DelayedPhase, InitialPhase


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (10.01, CurveType.PERSISTENT),
        (10.0, CurveType.PLATEAU),
        (-10.0, CurveType.PLATEAU),
        (-10.01, CurveType.WASHOUT),
        (np.nan, CurveType.NONE),
    ],
)
def test_delayed_change_decides_the_type(change, expected):
    assert [expected] == curve_type(np.array([120.0]), np.array([change])).tolist()


@pytest.mark.parametrize(("enhancement", "typed"), [(49.9, False), (50.0, True), (np.nan, False)])
def test_weak_enhancement_gets_no_type(enhancement, typed):
    assert [typed] == (curve_type(np.array([enhancement]), np.array([-30.0])) > 0).tolist()


def test_thresholds_can_be_changed():
    strict = CurveThresholds(delayed_change_percent=20, min_enhancement_percent=80)
    changes, strengths = np.array([-15.0, -25, -25]), np.array([100.0, 100, 70])
    assert [2, 3, 0] == curve_type(strengths, changes, strict).tolist()


@pytest.mark.parametrize(
    ("enhancement", "expected"),
    [
        (49.9, InitialPhase.SLOW),
        (50.0, InitialPhase.MEDIUM),
        (100.0, InitialPhase.MEDIUM),
        (100.1, InitialPhase.FAST),
        (np.nan, None),
    ],
)
def test_initial_phase_by_enhancement(enhancement, expected):
    assert expected is initial_phase(enhancement)


def test_every_curve_type_has_its_word():
    words = [None, DelayedPhase.PERSISTENT, DelayedPhase.PLATEAU, DelayedPhase.WASHOUT]
    assert words == [delayed_phase(kind) for kind in CurveType]
