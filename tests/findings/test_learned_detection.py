"""Detection by a network, with one that calls strong enhancement lesion."""

from dataclasses import replace

import numpy as np
import pytest
from findings.phantom import Phantom

from fake_networks import BrightIsLesion, bright_is_lesion
from mamri.findings import LearnedDetectionSettings
from mamri.findings.learned_detection import detect_with_network
from mamri.records import Anatomy, GeometryError, InputError


def _phases(phantom: Phantom) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    array = phantom.series().array
    return array[0], array[1], array[-1]


def test_lesions_are_found_where_they_are_surest_first() -> None:
    phantom = Phantom()
    large = phantom.ball((30, 40, 25), 8.0)
    small = phantom.ball((30, 40, 60), 5.0)

    found, confidence, provenance, caveats = detect_with_network(
        _phases(phantom), phantom.anatomy(), bright_is_lesion()
    )

    labels = np.asarray(found.array)
    assert {1, 2} == set(confidence) == set(np.unique(labels)) - {0}
    for number, truth in ((1, large), (2, small)):
        mask = labels == number
        assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.85
    assert confidence[1] > confidence[2]
    assert "fake 1" in provenance.method
    assert () == caveats


def test_what_lies_outside_the_breast_in_the_skin_or_the_nipple_is_no_finding() -> None:
    phantom = Phantom()
    phantom.ball((30, 64, 40), 4.0)  # behind the breast
    phantom.paint(phantom.skin & (phantom.distance_mm((30, 9, 40)) < 8.0))
    phantom.ball((30, 15, 40), 5.0)  # the nipple
    phantom.ball((30, 40, 40), 5.0)

    found, _, _, _ = detect_with_network(_phases(phantom), phantom.anatomy(), bright_is_lesion())

    assert 1 == found.array.max()
    assert phantom.distance_mm((30, 40, 40))[np.asarray(found.array) > 0].max() < 8.0


def test_fewer_false_positives_ask_for_more_confidence() -> None:
    phantom = Phantom()
    phantom.ball((30, 40, 25), 8.0)
    phantom.ball((30, 40, 60), 3.0)
    strict = LearnedDetectionSettings(false_positives=0.25)

    many, _, _, _ = detect_with_network(_phases(phantom), phantom.anatomy(), bright_is_lesion())
    few, _, _, _ = detect_with_network(
        _phases(phantom), phantom.anatomy(), bright_is_lesion(), strict
    )

    assert (2, 1) == (many.array.max(), few.array.max())
    with pytest.raises(InputError, match=r"one of 0\.5, 0\.25"):
        detect_with_network(
            _phases(phantom),
            phantom.anatomy(),
            bright_is_lesion(),
            replace(strict, false_positives=3.0),
        )


def test_a_dead_centre_belongs_to_its_lesion() -> None:
    phantom = Phantom()
    phantom.ball((30, 38, 40), 9.0)
    core = phantom.ball((30, 38, 40), 4.0, (0.0, 0.0, 0.0))

    found, _, _, _ = detect_with_network(_phases(phantom), phantom.anatomy(), bright_is_lesion())

    assert np.all(np.asarray(found.array)[core] == 1)


def test_outlines_are_completed_by_the_enhancement_that_they_lie_in() -> None:
    phantom = Phantom()
    phantom.ball((30, 38, 24), 4.0)
    phantom.ball((30, 38, 50), 6.0)
    enhancing = np.zeros(phantom.breast.shape, np.uint16)
    enhancing[phantom.distance_mm((30, 38, 24)) <= 7.0] = 5
    enhancing[phantom.distance_mm((50, 20, 70)) <= 4.0] = 2  # the network sees nothing there

    found, confidence, provenance, _ = detect_with_network(
        _phases(phantom), phantom.anatomy(), bright_is_lesion(), enhancing=enhancing
    )

    labels = np.asarray(found.array)
    assert np.all(labels[enhancing == 5] == labels[30, 38, 24])
    assert np.all(labels[enhancing == 2] == 0)
    assert {1, 2} == set(confidence) == set(np.unique(labels)) - {0}
    assert "completed" in provenance.method


def test_no_more_findings_than_wanted_and_the_rest_is_told() -> None:
    phantom = Phantom()
    for column in (20, 40, 60):
        phantom.ball((30, 38, column), 5.0)
    settings = LearnedDetectionSettings(max_findings=2)

    found, confidence, _, caveats = detect_with_network(
        _phases(phantom), phantom.anatomy(), bright_is_lesion(), settings
    )

    assert 2 == found.array.max() == len(confidence)
    assert ["findings_capped"] == [caveat.code for caveat in caveats]


def test_the_network_sees_phases_at_one_level_and_their_differences() -> None:
    phantom = Phantom(noise=0.0)
    phantom.ball((30, 40, 40), 6.0)
    engine = BrightIsLesion()

    detect_with_network(_phases(phantom), phantom.anatomy(), bright_is_lesion(engine))

    for before, first, rise, late in engine.seen:
        np.testing.assert_allclose(first - before, rise, atol=1e-4)
        assert rise.max() > 0 > late.min()  # washes out


def test_another_grid_is_refused() -> None:
    phantom = Phantom()
    anatomy: Anatomy = phantom.anatomy()
    before, first, last = _phases(phantom)

    with pytest.raises(GeometryError, match="three phases"):
        detect_with_network((before[1:], first[1:], last[1:]), anatomy, bright_is_lesion())
