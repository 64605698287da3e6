"""Tables of several classes, of numbers and of readers' categories."""

import json
from pathlib import Path

import numpy as np
import pytest
from evaluated_tables import write_table

from mamri.evaluation import bland_altman, cohen_kappa
from mamri.pipeline.evaluate_classification import (
    ClassificationSettings,
    evaluate_classification,
)
from mamri.records import InputError

FEW = ClassificationSettings(bootstrap=20)


def rows(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 2))


def test_several_classes_need_a_column_each(tmp_path):
    found = evaluate_classification(write_table(tmp_path, "classes"), FEW)
    assert "classes" == found["kind"]
    one = found["figures"]["scores"]["probabilities"]
    assert {"a": 30, "b": 30, "c": 30} == found["figures"]["classes"]
    assert {"a", "b", "c"} == set(one["auc_one_against_rest"])
    assert 90 == np.sum(one["confusion"])
    json.dumps(found, allow_nan=False)
    with pytest.raises(InputError, match="needs the columns p_a, p_b, p_c"):
        evaluate_classification(
            tmp_path / "classes.csv", ClassificationSettings(scores=("p_a", "p_b"), bootstrap=2)
        )


def test_probabilities_that_do_not_add_up_are_told(tmp_path):
    path = write_table(tmp_path, "classes")
    text = path.read_text().splitlines()
    text[1] = "c0,a,0.9,0.9,0.9"
    path.write_text("\n".join(text) + "\n")
    assert any("add up" in one for one in evaluate_classification(path, FEW)["warnings"])


def test_numbers_have_errors_and_agreement(tmp_path):
    path = write_table(tmp_path, "numbers")
    found = evaluate_classification(path, FEW, numbers=True)
    truth, said = rows(path).T
    one = found["figures"]["scores"]["model"]
    assert "numbers" == found["kind"]
    assert np.mean(np.abs(said - truth)) == pytest.approx(
        one["mean_absolute_error"]["value"], abs=6e-5
    )
    limits = bland_altman(said, truth)
    assert limits.lower_limit.value == pytest.approx(one["lower_limit"]["value"], abs=6e-5)
    assert one["intraclass_correlation"]["value"] > 0.9
    (pair,) = found["figures"]["comparisons"]
    assert pair["difference"]["value"] > 0
    json.dumps(found, allow_nan=False)


def test_categories_have_the_kappa_of_the_function(tmp_path):
    path = write_table(tmp_path, "ordinal")
    found = evaluate_classification(path, FEW, ordinal=True)
    first, second = rows(path).astype(int).T
    (pair,) = found["figures"]["pairs"]
    weighted = cohen_kappa(first, second, weights="quadratic").value
    assert weighted == pytest.approx(pair["weighted_kappa"]["value"], abs=6e-5)
    assert np.mean(first == second) == pytest.approx(pair["agreement"]["value"], abs=6e-5)
    assert ["1", "2", "3", "4", "5"] == found["figures"]["categories"]
    json.dumps(found, allow_nan=False)


def test_what_is_no_category_is_refused(tmp_path):
    path = write_table(tmp_path, "numbers")
    with pytest.raises(InputError, match="categories are whole numbers"):
        evaluate_classification(path, FEW, ordinal=True)
    with pytest.raises(InputError, match="two columns of categories"):
        evaluate_classification(path, ClassificationSettings(scores=("model",)), ordinal=True)
