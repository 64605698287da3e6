"""Which way lesions are found, and what is told of it."""

import numpy as np
import pytest
from findings.phantom import SHAPE, Phantom

from fake_networks import bright_is_lesion
from mamri.pipeline import find_lesions as door
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.find_lesions import FoundLesions, find_lesions
from mamri.records import DetectionMethod, DynamicSeries, LabelMap

_MODEL = AnalysisSettings(detection_method=DetectionMethod.MODEL)
_CLASSICAL = AnalysisSettings(detection_method=DetectionMethod.CLASSICAL)


@pytest.fixture(autouse=True)
def _fake_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "load_lesion_network", lambda *_: bright_is_lesion())


def _found(
    phantom: Phantom,
    settings: AnalysisSettings,
    *,
    phases: int = 4,
    outlines: LabelMap | None = None,
) -> FoundLesions:
    whole = phantom.series()
    series = DynamicSeries(whole.array[:phases], whole.affine, whole.times_s[:phases])
    maps = phantom.maps(series)
    vessels = np.zeros(SHAPE, bool)
    return find_lesions(series, maps, phantom.anatomy(), vessels, settings, outlines=outlines)


@pytest.mark.parametrize("phases", [2, 3, 4])
def test_the_model_finds_lesions_in_any_number_of_phases(phases: int) -> None:
    phantom = Phantom()
    truth = phantom.ball((30, 40, 40), 6.0)

    found = _found(phantom, _MODEL, phases=phases)

    mask = np.asarray(found.labels.array) == 1
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.85
    assert {1} == set(found.confidence)
    assert ["lesion"] == [model.name for model in found.models]


def test_without_learning_there_is_no_confidence_and_no_model() -> None:
    phantom = Phantom()
    phantom.ball((30, 40, 40), 6.0)

    found = _found(phantom, _CLASSICAL)

    assert 1 == found.labels.array.max()
    assert ({}, ()) == (found.confidence, found.models)


def test_outlines_of_a_person_win(monkeypatch: pytest.MonkeyPatch) -> None:
    phantom = Phantom()
    phantom.ball((30, 40, 40), 6.0)
    drawn = np.zeros(SHAPE, np.uint16)
    drawn[20:24, 30:34, 30:34] = 1
    monkeypatch.setattr(door, "load_lesion_network", lambda *_: pytest.fail("not needed"))

    found = _found(phantom, _MODEL, outlines=LabelMap(drawn, phantom.affine))

    np.testing.assert_array_equal(drawn, found.labels.array)


@pytest.mark.parametrize("settings", [_MODEL, _CLASSICAL])
def test_without_a_breast_nothing_is_searched_and_that_is_told(settings: AnalysisSettings) -> None:
    phantom = Phantom()
    phantom.breast[:] = 0

    found = _found(phantom, settings)

    assert 0 == found.labels.array.max()
    assert ["findings_not_searched"] == [caveat.code for caveat in found.caveats]
