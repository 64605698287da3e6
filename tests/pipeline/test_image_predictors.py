"""A deep model that is kept holds all that its answers need."""

import json

import numpy as np
import pandas as pd
import pytest
from pipeline.small_crops import experiment, quick_networks, small_crop
from prediction.cohorts import MALIGNANT

from mamri.io.image_predictor_folder import read_image_predictor
from mamri.io.lesion_crops import write_crop
from mamri.pipeline.image_predictors import keep_image_predictor
from mamri.pipeline.predict_findings import read_predictors
from mamri.pipeline.run_experiment import run_experiment
from mamri.prediction.image_inputs import network_inputs

pytest.importorskip("torch")

from mamri.training.classifier_loop import classifier_features


def test_members_scales_and_calibration_are_those_that_were_trained(small_network):
    fitted, calibration = small_network.trained.fitted, small_network.trained.calibration

    found, card, _ = read_image_predictor(small_network.folder)

    assert ("cnn", MALIGNANT, ("no", "yes")) == (found.name, found.target, found.classes)
    assert (small_network.learner.channels, "nyul") == (found.channels, found.standard)
    assert 2 == len(found.weights) == len(found.nyul)
    for (member, scale), weights, levels in zip(
        fitted.members, found.weights, found.nyul, strict=True
    ):
        assert set(member.weights) == set(weights)
        for name, array in member.weights.items():
            np.testing.assert_allclose(array, weights[name], rtol=1e-3, atol=1e-7)  # half precision
        np.testing.assert_array_equal(scale.levels, levels)
    for name in ("scores", "y", "member", "centre", "scale", "weights", "offsets"):
        np.testing.assert_array_equal(getattr(calibration, name), getattr(found.calibration, name))
    assert {"cases": 24, "patients": 24} == card["trained_on"]


def test_the_domain_is_of_cases_that_the_first_member_had_not_seen(small_network):
    learner, trained = small_network.learner, small_network.trained
    first, scale = trained.fitted.members[0]
    _, unseen = learner.task.inner(small_network.rows)[0]
    x = network_inputs(learner.crops, np.sort(unseen), learner.channels, learner.standard, scale)

    found, _, _ = read_image_predictor(small_network.folder)

    np.testing.assert_allclose(classifier_features(first, x), found.domain.cases, atol=1e-5)


def test_nothing_but_weights_arrays_and_words_is_written(small_network):
    weights = ["member0.safetensors", "member1.safetensors"]
    expected = ["arrays.safetensors", "manifest.sha256", *weights, "model.json"]
    assert expected == sorted(path.name for path in small_network.folder.iterdir())
    card = json.loads((small_network.folder / "model.json").read_text())
    assert "mamri-image-predictor/1" == card["schema"]


def test_a_model_that_was_kept_before_is_replaced(small_network, tmp_path):
    asked = (small_network.learner, small_network.trained, MALIGNANT, ("no", "yes"))

    for version in ("1", "2"):
        keep_image_predictor(tmp_path / "m", *asked, {"version": version})

    assert "2" == read_image_predictor(tmp_path / "m")[1]["version"]
    assert ["m"] == [path.name for path in tmp_path.iterdir()]


def test_an_experiment_keeps_its_network_and_shows_what_it_looked_at(tmp_path):
    rows = []
    for k in range(16):
        write_crop(tmp_path / f"exam{k}", small_crop(k % 2, k))
        (tmp_path / f"exam{k}" / "features.csv").write_text("finding_id,volume_ml\n1,2.5\n")
        rows.append({"patient": f"p{k}", "result": f"exam{k}", "malignant": k % 2})
    pd.DataFrame(rows).to_csv(tmp_path / "cohort.csv", index=False)
    with quick_networks(epochs=1):
        run = run_experiment(experiment(bootstrap=20), tmp_path, tmp_path / "run")

    (kept,) = read_predictors([tmp_path / "run"]).images
    assert "cnn" == kept.predictor.name
    assert {"cases": 16, "patients": 16, "counts": {"no": 8, "yes": 8}, "sites": []} == (
        kept.card["trained_on"]
    )
    assert 16 == len(kept.predictor.calibration.y)
    assert {} == run.document["shap"]
    pictures = run.document["saliency"]
    assert 2 <= len(pictures) <= 4  # of two folds
    assert {one["case"] for one in pictures} <= {f"p{k}" for k in range(16)}
    assert pictures[0]["picture"] in (tmp_path / "run" / "report.html").read_text()
