"""A reader study from files: the published example, verdicts, an algorithm beside the readers."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from van_dyke import van_dyke

from mamri.evaluation.reader_study import ReaderStudy
from mamri.io.evaluation_tables import CaseColumns
from mamri.pipeline.evaluate_readers import ReaderEvaluation, evaluate_readers
from mamri.records import InputError
from mamri.report.evaluation_html import render_evaluation
from mamri.report.evaluation_reading_plots import mean_sensitivity


def _write(folder: Path, study: ReaderStudy, *, seconds: bool = False) -> tuple[Path, Path]:
    scores, truth = folder / "scores.csv", folder / "truth.csv"
    with scores.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["reader", "case", "modality", "score", *(["seconds"] if seconds else [])])
        for i, modality in enumerate(study.modalities):
            for j, reader in enumerate(study.readers):
                for k, case in enumerate(study.cases):
                    more = [60 + 10 * i] if seconds else []
                    writer.writerow([reader, case, modality, study.scores[i, j, k], *more])
    with truth.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["case", "truth"])
        writer.writerows(zip(study.cases, study.labels.astype(int), strict=True))
    return scores, truth


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return _write(tmp_path_factory.mktemp("study"), van_dyke())


def test_the_published_example_comes_out_of_its_files(tables: tuple[Path, Path]) -> None:
    """OR-DBM MRMC 2.51 (jackknife, as here Dorfman-Berbaum-Metz); sources in tests/peers."""
    document = evaluate_readers(*tables)

    by_method = {
        (one["method"], one["generalize_to"]): one for one in document["figures"]["analyses"]
    }
    assert 6 == len(by_method)
    jackknife = by_method["Dorfman-Berbaum-Metz", "readers and cases"]
    assert 0.0517 == pytest.approx(jackknife["p"], abs=5e-5)
    assert [1, pytest.approx(15.26, abs=5e-3)] == jackknife["df"]
    (difference,) = jackknife["differences"]
    assert ("cine", "spin-echo") == (difference["first"], difference["second"])
    assert -0.0438 == pytest.approx(difference["difference"]["value"], abs=5e-5)
    assert "infinite" == by_method["Obuchowski-Rockette", "cases"]["df"][1]
    assert [0.8970, 0.9408] == pytest.approx(
        [one["value"] for one in document["figures"]["modalities"]], abs=5e-5
    )
    assert 0.0007921325 == pytest.approx(document["figures"]["variance"]["error"], rel=1e-6)
    assert (10, 114, 45) == (
        len(document["figures"]["by_reader"]), document["cases"], document["figures"]["positive"]
    )  # fmt: skip
    json.dumps(document, allow_nan=False)


def test_the_new_modality_stands_first_and_is_judged_by_the_margin(
    tables: tuple[Path, Path],
) -> None:
    document = evaluate_readers(*tables, ReaderEvaluation(new="spin-echo", margin=0.02))

    (verdict,) = document["figures"]["non_inferiority"]
    assert ("spin-echo", "cine") == (verdict["first"], verdict["second"])
    # 0.0438 - 2.13 x 0.0208 is just below 0, and above -0.02.
    assert (True, False) == (verdict["is_non_inferior"], verdict["is_superior"])


def test_an_algorithm_is_compared_with_the_readers_of_each_modality(
    tables: tuple[Path, Path],
) -> None:
    study = van_dyke()
    perfect = tuple(str(float(label)) for label in study.labels)
    table = CaseColumns("ai.csv", study.cases, study.cases, False, {"perfect": perfect})

    rows = evaluate_readers(*tables, algorithm=table)["figures"]["algorithms"]

    assert [("perfect", "cine"), ("perfect", "spin-echo")] == [
        (row["algorithm"], row["modality"]) for row in rows
    ]
    assert 1.0 == rows[0]["alone"]["value"]
    assert rows[0]["difference"]["value"] == pytest.approx(1 - 0.8970, abs=1e-4)
    assert rows[0]["non_inferiority"] is None


def test_sensitivity_at_a_threshold_is_a_figure_too(tables: tuple[Path, Path]) -> None:
    document = evaluate_readers(*tables, ReaderEvaluation("sensitivity", threshold=3))

    study = van_dyke()
    expected = np.mean(study.scores[0][:, study.labels] >= 3)
    assert document["figures"]["modalities"][0]["value"] == pytest.approx(expected, abs=1e-4)


def test_one_reader_generalizes_to_cases_alone(tmp_path: Path) -> None:
    whole = van_dyke()
    one = ReaderStudy(
        whole.scores[:, :1], whole.labels, whole.modalities, whole.readers[:1], whole.cases
    )

    document = evaluate_readers(*_write(tmp_path, one))

    assert ["cases"] == [analysis["generalize_to"] for analysis in document["figures"]["analyses"]]
    assert [] == document["figures"]["cases_for_power"]
    json.dumps(document, allow_nan=False)


def test_reading_times_are_told_by_modality_and_reader(tmp_path: Path) -> None:
    document = evaluate_readers(*_write(tmp_path, van_dyke(), seconds=True))

    assert {60.0, 70.0} == {row["median"] for row in document["figures"]["reading_seconds"]}
    assert 10 == len(document["figures"]["reading_seconds"])


def test_what_does_not_fit_is_refused(tables: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="name it, one of cine, spin-echo"):
        evaluate_readers(*tables, ReaderEvaluation(margin=0.05))
    with pytest.raises(InputError, match="a modality of the study was needed"):
        evaluate_readers(*tables, ReaderEvaluation(new="ultrasound"))
    with pytest.raises(InputError, match="sensitivity or specificity at a threshold"):
        evaluate_readers(*tables, ReaderEvaluation("sensitivity"))
    short = CaseColumns("ai.csv", ("1", "2"), ("1", "2"), False, {"ai": ("0", "1")})
    with pytest.raises(InputError, match=r"ai\.csv lacks 112 of 114"):
        evaluate_readers(*tables, algorithm=short)


def test_the_report_tells_the_difference_the_verdict_and_the_next_study(
    tables: tuple[Path, Path],
) -> None:
    study = van_dyke()
    scores = tuple(str(float(label)) for label in study.labels)
    table = CaseColumns("ai.csv", study.cases, study.cases, False, {"<ai>": scores})
    settings = ReaderEvaluation(new="spin-echo", margin=0.02)

    html = render_evaluation(evaluate_readers(*tables, settings, algorithm=table))

    assert "spin-echo less cine: mean AUC differs by +0.0438" in html
    assert "for other readers and other cases" in html
    assert "spin-echo is no worse than cine by the margin of 0.020" in html
    assert "&lt;ai&gt; less mean of the readers" in html
    assert "<ai>" not in html
    assert "Cases for a power of 80 %" in html
    # Mean curves, pairs, the readers' differences, and a panel a modality.
    assert 5 == html.count("<svg")


def test_the_mean_curve_has_the_mean_area(tables: tuple[Path, Path]) -> None:
    rows = evaluate_readers(*tables)["figures"]["by_reader"]

    for modality in ("cine", "spin-echo"):
        area = np.trapezoid(mean_sensitivity(rows, modality), dx=0.01)
        expected = np.mean([row["value"] for row in rows if row["modality"] == modality])
        # The grid of 101 places cuts off what lies left of the first hundredth.
        assert expected == pytest.approx(area, abs=0.006)


def test_a_study_of_one_modality_has_a_report(tmp_path: Path) -> None:
    whole = van_dyke()
    one = ReaderStudy(
        whole.scores[:1], whole.labels, whole.modalities[:1], whole.readers, whole.cases
    )

    html = render_evaluation(evaluate_readers(*_write(tmp_path, one)))

    assert "Mean AUC of 5 readers 0.90 (0.83 to 0.97) with cine." in html
