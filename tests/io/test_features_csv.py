"""The table of findings."""

import csv
import io
from dataclasses import replace

import pytest
from example_result import (
    described_result,
    example_result,
    quantified_result,
    radiomics_result,
)

from mamri.io.features_csv import COLUMNS, features_csv
from mamri.records import Description, ExamResult, Measure


def rows(result: ExamResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(features_csv(result), newline="")))


def test_an_exam_without_findings_still_has_a_header():
    assert ",".join(COLUMNS) + "\r\n" == features_csv(example_result(n_findings=0))


def test_every_finding_has_a_row_in_order():
    table = rows(example_result())
    assert ["1", "2"] == [row["finding_id"] for row in table]
    assert ["right", "left"] == [row["side"] for row in table]
    assert tuple(table[0]) == COLUMNS


def test_numbers_are_those_of_the_finding():
    result = example_result()
    (row, _), finding = rows(result), result.findings[0]
    assert finding.centroid_mm_lps == pytest.approx(
        [float(row[f"centroid_{axis}_mm_lps"]) for axis in "xyz"], rel=1e-6
    )
    assert finding.volume_ml == pytest.approx(float(row["volume_ml"]), rel=1e-6)
    assert row["diameter_longest_mm"] == "9"
    assert row["delayed_phase"] == "washout"


def test_undefined_values_are_empty_cells():
    row = rows(example_result())[0]
    assert row["ftv_ml"] == row["distance_chest_wall_mm"] == row["confidence"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_can_run_as_a_formula(start: str):
    text = f"{start}HYPERLINK(1)"
    result = example_result(study_instance_uid=text)
    hostile = replace(result.findings[0], quadrant=text, description=Description(shape=text))
    row = rows(replace(result, findings=(hostile,)))[0]
    assert {f"'{text}"} == {row["study_instance_uid"], row["quadrant"], row["shape"]}


def test_negative_numbers_stay_numbers():
    assert float(rows(example_result())[0]["centroid_x_mm_lps"]) < 0


def test_perfusion_and_diffusion_stand_in_their_units_or_stay_empty():
    first, second = rows(quantified_result())
    bare = rows(example_result())[0]

    assert first["ktrans_per_min"] == "0.2345"
    assert first["ktrans_standard_error_per_min"] == "0.0213"
    assert first["adc_darkest_1e-3_mm2_per_s"] == "0.95"
    assert first["diffusion_voxels"] == "31"
    for name in ("ktrans_per_min", "adc_mean_1e-3_mm2_per_s", "ve", "kurtosis"):
        assert second[name] == bare[name] == ""


def test_radiomics_adds_its_columns_at_the_end():
    first, second = rows(radiomics_result())
    extra = tuple(first)[len(COLUMNS) :]

    assert COLUMNS == tuple(first)[: len(COLUMNS)]
    assert extra == (
        "radiomics__lesion__mask__shape_volume_RNU0",
        "radiomics__ring__first_post__stat_mean_Q4LE",
        "radiomics__ring__first_post__stat_skewness_KE2A",
    )
    assert ["310.5", "60", ""] == [first[name] for name in extra]
    assert ["", "", ""] == [second[name] for name in extra]


def test_looks_and_relation_stand_in_their_columns():
    first, second = rows(described_result())
    names = ("depth", "t2_signal", "oedema", "multiplicity", "nearest_mm", "satellites")
    expected = ["posterior", "undetermined", "perifocal", "multicentric", "12.34", "2"]

    assert expected == [first[name] for name in names]
    assert [*["undetermined"] * 4, "", "0"] == [second[name] for name in names]
    assert COLUMNS[COLUMNS.index("clock_face") + 1] == "depth"
    assert COLUMNS[COLUMNS.index("distribution") + 1 :] == names[1:]


def test_each_measure_has_a_column_with_its_unit_before_radiomics():
    described, radiomics = described_result(), radiomics_result()
    first, second = described.findings
    both = replace(first, radiomics=radiomics.findings[0].radiomics)
    table = rows(replace(described, findings=(both, second)))
    measures = (
        "measure_solidity",
        "measure_thin_protrusions_mm",
        "measure_spicules",
        "measure_rim_percent",
        "measure_bright_fluid_percent",
    )
    more = tuple(table[0])[len(COLUMNS) :]

    assert measures == more[: len(measures)]
    assert all(name.startswith("radiomics__") for name in more[len(measures) :])
    assert ["0.8123", "4.26", "3", "62", ""] == [table[0][name] for name in measures]
    assert ["", "", "", "", "1.5"] == [table[1][name] for name in measures]
    assert table[0]["radiomics__lesion__mask__shape_volume_RNU0"] == "310.5"


def test_a_measure_of_any_name_and_unit_makes_a_plain_column():
    result = example_result(n_findings=1)
    odd = Measure("margin", "edge, 10-90", 1.0, "mm2/s", "", "")
    finding = replace(result.findings[0], description=Description(measures=(odd,)))

    assert rows(replace(result, findings=(finding,)))[0]["measure_edge_10_90_mm2_per_s"] == "1"
