"""Figures, intervals and p values as text."""

import pytest

from mamri.report.experiment_cells import Cell, cell, enumerated, p_text, percent, turned


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (None, "p undefined"),
        (float("nan"), "p undefined"),
        (0.0004, "p < 0.001"),
        (0.0042, "p = 0.004"),
        (0.21, "p = 0.21"),
    ],
)
def test_p_values_are_told_as_papers_do(p: float | None, text: str) -> None:
    assert text == p_text(p).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_counted_up_as_in_a_sentence(words: list[str], text: str) -> None:
    assert text == enumerated(words)


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.002, "less than 1 %"), (0.01, "1 %"), (0.24, "24 %")]
)
def test_a_small_share_is_not_called_none(share: float, text: str) -> None:
    assert text == percent(share).replace("\N{NO-BREAK SPACE}", " ")


def test_an_interval_without_width_is_not_told() -> None:
    assert Cell("0.50") == cell({"value": 0.5, "lower": 0.5, "upper": 0.5}, 2)


def test_a_difference_seen_from_the_other_side_swaps_its_bounds() -> None:
    seen = turned({"value": -0.2, "lower": -0.3, "upper": None})
    assert {"value": 0.2, "lower": None, "upper": 0.3} == seen
