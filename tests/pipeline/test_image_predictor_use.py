"""Deep models on new findings: the answers of the members that learned, or the reason for none."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from example_result import example_result
from pipeline.small_crops import small_crop

from mamri.findings import CropSettings
from mamri.io.result_json import result_to_json, validate_result
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.image_predictor_use import predict_crop, read_image_folder
from mamri.pipeline.predict_findings import read_predictors, settings_for, with_predictions
from mamri.prediction.experiment import IntensityStandard
from mamri.records import Laterality, ModelError, Status

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def predictor(small_network):
    found = read_image_folder(small_network.folder).predictor
    return replace(found, domain=replace(found.domain, limit=1e9))


def test_answers_are_those_of_the_members_that_learned(small_network, predictor):
    scores = small_network.trained.fitted.score(small_network.new[:4])
    expected = small_network.trained.answer(scores)

    said = [predict_crop(predictor, small_crop(int(k) % 2, int(k))) for k in range(24, 28)]

    # Weights and, in learning, crops were kept to half precision, 0.05 %.
    found = [[one.probability["no"], one.probability["yes"]] for one in said]
    np.testing.assert_allclose(expected, found, atol=0.01)


def test_new_findings_are_told_apart(predictor):
    said = {k: predict_crop(predictor, small_crop(k % 2, k)) for k in range(100, 108)}

    for k, one in said.items():
        assert (one.probability["yes"] > 0.5) == (k % 2 == 1)
        assert 0 <= one.interval[0] <= one.interval[1] <= 1
        assert one.value in (None, ("no", "yes")[k % 2])


def test_a_left_breast_is_seen_as_a_right_one(predictor):
    right = replace(small_crop(1, 50), side=Laterality.RIGHT)
    mirrored = {name: image[:, :, ::-1] for name, image in right.images.items()}
    left = replace(right, side=Laterality.LEFT, images=mirrored, mask=right.mask[:, :, ::-1])

    one, two = predict_crop(predictor, right), predict_crop(predictor, left)

    assert one.probability == pytest.approx(two.probability, abs=1e-6)


def test_the_gain_of_the_scanner_does_not_matter(predictor):
    crop = small_crop(0, 60)
    levels = crop.landmarks["dynamic"]
    louder = replace(
        levels,
        percentiles=tuple(7 * p for p in levels.percentiles),
        mean=7 * levels.mean,
        sd=7 * levels.sd,
    )
    images = {name: 7 * image for name, image in crop.images.items()}

    one = predict_crop(predictor, crop)
    two = predict_crop(predictor, replace(crop, images=images, landmarks={"dynamic": louder}))

    assert one.probability == pytest.approx(two.probability, abs=1e-4)


def test_without_a_crop_the_answer_is_withheld(predictor):
    said = predict_crop(predictor, None)

    assert "withheld: it needs phases before and after contrast" == said.reason
    assert (None, {}, None) == (said.value, said.probability, said.interval)


def test_a_crop_without_a_needed_image_is_withheld(predictor):
    crop = small_crop(1, 1)
    lacking = replace(crop, images={"pre": crop.images["pre"], "late": crop.images["late"]})

    said = predict_crop(predictor, lacking)

    assert "withheld: 1 of 1 crops lack the image first_post" == said.reason


def test_a_tissue_that_the_exam_does_not_show_is_withheld(predictor):
    fat = replace(predictor, standard=IntensityStandard.FAT, nyul=())

    said = predict_crop(fat, small_crop(1, 1))  # its fat has no signal

    assert said.reason.startswith("withheld: intensities are referred to a tissue")


def test_a_finding_unlike_the_training_cases_is_withheld(small_network):
    found = read_image_folder(small_network.folder).predictor
    crop = small_crop(1, 1)
    odd = replace(crop, images={n: 30 * i - 1000 for n, i in crop.images.items()})

    assert predict_crop(found, odd).reason.startswith("withheld: it is unlike the training cases")


def test_answers_stand_in_the_result_of_an_analysis(small_network):
    result = example_result()
    crops = tuple(small_crop(k, k, finding=f.id) for k, f in enumerate(result.findings))
    predictors = read_predictors([small_network.folder])

    found = with_predictions(replace(result, crops=crops[:1]), predictors)

    first, second = (finding.assessments[-1] for finding in found.findings)
    assert (first.model, second.model) == ("cnn", "cnn")
    assert "withheld: it needs phases before and after contrast" in second.evidence
    assert Status.NOT_COMPUTED is second.status
    assert "24 cases of 24 patients" in first.evidence
    assert ["cnn"] == [model.name for model in found.models]
    assert [] == validate_result(result_to_json(found, created="2026-01-01T00:00:00+00:00"))


def test_crops_are_cut_where_a_deep_model_needs_them(small_network):
    usual = AnalysisSettings()

    asked = settings_for(read_predictors([small_network.folder]), usual)

    assert CropSettings() == asked.crops
    assert usual.crops is None is asked.radiomics


def test_without_torch_the_remedy_is_told(predictor, monkeypatch):
    monkeypatch.setitem(sys.modules, "mamri.training.classifier_loop", None)

    with pytest.raises(ModelError, match=r"cnn needs torch, .* pip install 'mamri\[train\]'"):
        predict_crop(predictor, small_crop(1, 1))
