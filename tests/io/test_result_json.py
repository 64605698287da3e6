"""The result document and its published schema."""

import json
from dataclasses import replace

import numpy as np
import pytest
from example_result import (
    FULL_CURVE,
    TIMES,
    described_result,
    example_result,
    quantified_result,
    radiomics_result,
)
from jsonschema import Draft202012Validator

from mamri.io.result_json import result_schema, result_to_json, validate_result
from mamri.records import Description, ExamResult, FatSuppressionSeen, Laterality

CREATED = "2026-01-02T03:04:05+00:00"


def document(result: ExamResult) -> dict:
    return result_to_json(result, created=CREATED)


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(result_schema())


@pytest.mark.parametrize(
    "result",
    [
        example_result(),
        example_result(n_findings=0),
        example_result((-30.0,), n_findings=0),
        example_result((-30.0, 90.0)),
        example_result(sides=(Laterality.LEFT,), n_findings=0, study_instance_uid=None),
    ],
    ids=["full", "no finding", "one phase", "two phases", "one breast"],
)
def test_every_kind_of_result_keeps_the_schema(result: ExamResult):
    assert [] == validate_result(document(result))


def test_an_empty_result_keeps_the_schema():
    full = example_result(n_findings=0)
    exam = replace(full.exam, series=(), dynamic=None, timing=None)
    empty = replace(
        full, exam=exam, breasts=(), checks=(), caveats=(), provenance=(), maps={}, mips={}
    )
    written = document(empty)
    assert [] == validate_result(written)
    assert written["exam"]["dynamic"] is None


def test_the_document_survives_strict_json():
    written = document(example_result())
    assert written == json.loads(json.dumps(written, allow_nan=False))


def test_top_level_keys_come_in_the_order_of_the_contract():
    keys = (
        "schema software created intended_use exam quality breasts symmetry findings assessments "
        "models provenance timings_s peak_memory_mb"
    )
    assert keys.split() == list(document(example_result()))


def test_documents_of_before_the_symmetry_still_hold():
    written = document(example_result())
    del written["symmetry"]
    assert [] == validate_result(written)


def test_symmetry_is_null_with_its_reason_for_one_breast():
    both = document(example_result())["symmetry"]
    one = document(example_result(sides=(Laterality.LEFT,), n_findings=0))["symmetry"]
    assert both["volume_index_percent"] == 3.25
    assert both["bpe_difference_points"] is None
    assert one.pop("reason") == "Only the left breast was found."
    assert one.pop("status") == "not_computed"
    assert set(one.values()) == {None}


def test_fat_suppression_is_that_of_the_image_where_none_was_recorded():
    result = example_result()
    silent = replace(
        result.exam,
        acquisition=replace(result.exam.acquisition, fat_suppressed=None),
        fat_suppression_seen=FatSuppressionSeen(False, -0.75),
    )
    exam = document(replace(result, exam=silent))["exam"]
    assert exam["dynamic"]["fat_suppressed"] is False
    acquisition = exam["extra"]["acquisition"]
    assert acquisition["fat_suppression_source"] == "not recorded; seen in the image"
    assert acquisition["fat_suppression_seen"] is False
    assert acquisition["fat_suppression_score"] == -0.75


def test_undefined_numbers_become_null():
    finding = document(example_result())["findings"][0]
    assert finding["distance_mm"] == {"skin": 4.0, "nipple": 22.5, "chest_wall": None}
    assert finding["kinetics"]["ftv_ml"] is None
    assert document(example_result())["breasts"][0]["bpe_percent"] is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("nan")])
def test_no_undefined_number_reaches_the_document(value: float):
    assert document(replace(example_result(), peak_memory_mb=value))["peak_memory_mb"] is None


def test_enumerations_become_words():
    written = document(example_result())
    assert [f["side"] for f in written["findings"]] == ["right", "left"]
    assert written["findings"][0]["kinetics"]["delayed"] == "washout"
    assert written["exam"]["series"][0]["role"] == "dynamic"
    assert written["quality"]["checks"][1]["status"] == "failed"


def test_curves_are_written_as_they_are():
    kinetics = document(example_result())["findings"][0]["kinetics"]
    assert list(TIMES) == kinetics["times_s"]
    assert list(FULL_CURVE) == kinetics["mean_signal"]


def test_steps_not_taken_say_so():
    finding = document(example_result())["findings"][0]
    assert finding["perfusion"]["status"] == "not_computed"
    assert finding["diffusion"] is None


def test_the_same_result_makes_the_same_text():
    first, second = (json.dumps(document(example_result())) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "mamri-result/2"),
        (("surprise",), 1),
        (("findings", 0, "surprise"), 1),
        (("findings", 0, "side"), "middle"),
        (("findings", 0, "kinetics", "delayed"), "wash-out"),
        (("findings", 0, "diameters_mm"), [1.0, 2.0]),
        (("findings", 0, "volume_ml"), -1.0),
        (("exam", "dynamic", "plane"), "oblique"),
        (("quality", "caveats", 0, "code"), "Not A Code"),
        (("breasts", 0, "density_category"), "e"),
    ],
)
def test_a_wrong_document_is_refused(path: tuple, value: object):
    written = document(example_result())
    place = written
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (problem,) = validate_result(written)
    assert problem.startswith("$")


def test_a_missing_key_is_refused():
    written = document(example_result())
    del written["findings"][1]["kinetics"]
    (problem,) = validate_result(written)
    assert "kinetics" in problem


def test_more_is_allowed_under_extra_only():
    written = document(example_result())
    for place in (written, written["exam"], written["findings"][0], written["quality"]):
        place["extra"] = {"anything": [1, {"deep": None}]}
    assert [] == validate_result(written)


def test_perfusion_and_diffusion_are_told_with_errors_and_reasons():
    written = document(quantified_result())
    first, second = written["findings"]

    assert [] == validate_result(written)
    assert first["perfusion"]["ktrans_per_min"] == 0.2345
    assert first["perfusion"]["standard_errors"]["ktrans_per_min"] == 0.0213
    assert first["perfusion"]["status"] == "ok"
    assert first["perfusion"]["extra"]["assumed_vp"] == 0.04
    assert first["diffusion"]["adc_p10"] == 0.9
    assert first["diffusion"]["extra"]["level"] == "low"
    assert second["perfusion"]["status"] == "not_computed"
    assert second["perfusion"]["extra"]["reason"] == "too few images"
    assert second["perfusion"]["standard_errors"] is None
    assert second["diffusion"]["adc_mean"] is None
    assert second["diffusion"]["extra"]["reason"] == "it fills 2 voxels"
    alignment = written["exam"]["diffusion"]["extra"]["alignment"]
    assert ("rigid", [0.7, 0.8]) == (alignment["kind"], alignment["gland_dice"])


def test_without_perfusion_nothing_is_claimed():
    first = document(example_result())["findings"][0]

    assert first["perfusion"]["status"] == "not_computed"
    assert first["diffusion"] is None


def test_radiomics_is_told_region_by_region_with_reasons():
    written = document(radiomics_result())
    first, second = (finding["radiomics"] for finding in written["findings"])

    assert [] == validate_result(written)
    assert second is None
    assert ["lesion", "ring"] == [part["region"] for part in first]
    assert first[1] == {
        "region": "ring",
        "image": "first_post",
        "status": "undefined",
        "reason": "its voxels leave 1 features undefined",
        "n_voxels": 88,
        "values": {"stat_mean_Q4LE": 60.0, "stat_skewness_KE2A": None},
    }


def test_documents_of_before_radiomics_still_hold():
    written = document(example_result())
    for finding in written["findings"]:
        del finding["radiomics"]
    assert [] == validate_result(written)


def test_looks_are_told_with_reasons_measures_and_lexicon():
    written = document(described_result())
    first, second = (finding["description"] for finding in written["findings"])
    extra = first["extra"]

    assert [] == validate_result(written)
    assert written == json.loads(json.dumps(written, allow_nan=False))
    assert ("mass", "irregular", "undetermined") == tuple(
        first[name] for name in ("type", "shape", "distribution")
    )
    assert ("undetermined", "perifocal") == (extra["t2_signal"], extra["oedema"])
    assert extra["lexicon"] == "BI-RADS MRI, 5th edition"
    assert extra["reasons"]["t2_signal"] == "the exam has no T2 series"
    assert extra["measures"][1] == {
        "descriptor": "margin",
        "name": "thin protrusions",
        "value": 4.26,
        "unit": "mm",
        "rule": "2 mm or more: spiculated",
        "source": "Doe 2001",
    }
    assert [None, 1.5] == [measure["value"] for measure in second["extra"]["measures"]]


def test_depth_and_relation_to_other_findings_are_told():
    first, second = (finding["extra"] for finding in document(described_result())["findings"])

    assert first["depth"] == "posterior"
    assert first["relation"] == {
        "multiplicity": "multicentric",
        "nearest_id": 2,
        "nearest_mm": 12.34,
        "satellites": [2, 3],
    }
    assert second["relation"] == {
        "multiplicity": "undetermined",
        "nearest_id": None,
        "nearest_mm": None,
        "satellites": [],
    }


def test_words_of_any_lexicon_hold():
    result = example_result(n_findings=1)
    words = Description(type="lump", margin="fuzzy", lexicon="mine 1")
    other = replace(result.findings[0], description=words, depth="deep")

    assert [] == validate_result(document(replace(result, findings=(other,))))
