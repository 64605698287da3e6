"""The demonstration predictor that lies in docs/models: it can be read and used as it is."""

from pathlib import Path

import numpy as np

from mamri.pipeline.predict_findings import _with_gaps, read_predictors
from mamri.prediction.predictor import predict_case

FOLDER = Path(__file__).parents[2] / "docs" / "models" / "demonstration-malignancy"


def test_it_is_read_whole_and_says_that_it_was_trained_on_simulated_women():
    (folder,) = read_predictors([FOLDER]).all

    assert folder.card["simulation"] is True
    assert ("no", "yes") == folder.predictor.classes


def test_it_answers_for_a_case_amid_its_training_cases_and_not_for_one_far_away():
    (folder,) = read_predictors([FOLDER]).tables
    predictor = folder.predictor
    cells = dict(zip(predictor.columns, predictor.preparation.medians, strict=True))
    for column in [column for column in cells if "=" in column]:
        name, word = column.split("=")
        if cells.pop(column) or name not in cells:
            cells[name] = word

    said = predict_case(predictor, cells)
    far = predict_case(predictor, {**cells, "volume_ml": 1e6})

    assert 0 <= said.probability["yes"] <= 1
    assert np.isclose(1, sum(said.probability.values()))
    assert "volume_ml is 1e+06, far beyond the training cases" in far.reason


def test_a_measure_that_only_masses_have_counts_as_missing_for_others():
    (folder,) = read_predictors([FOLDER]).tables
    cells = {name: None for name in folder.predictor.needed if not name.startswith("measure_")}

    said = predict_case(folder.predictor, _with_gaps(folder, cells))

    assert said.reason.startswith("withheld: 100 % of the features that the model needs are")
