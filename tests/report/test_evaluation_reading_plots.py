"""Plots of masks, marks and readers: points where their numbers are, nothing from nothing."""

import math
import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest

from mamri.report.evaluation_reading_plots import (
    froc_plot,
    localisation_plot,
    mean_curves,
    mean_sensitivity,
    paired_figures,
    reader_curves,
    strip_of_cases,
)
from mamri.report.experiment_canvas import BLUE

WORDS = {"name": "drawing", "alt": "what it <shows>"}
CURVE = {
    "thresholds": [None, 0.9, 0.7, 0.4],
    "false_marks_per_image": [0.0, 0.0, 1.0, 2.0],
    "sensitivity": [0.0, 0.25, 0.5, 1.0],
}
LEFT, TOP, SIDE = 66, 14, 430  # of a square plot, in pixels


def reader(modality: str, name: str, value: float, x: list[float], y: list[float]) -> dict:
    roc = {"false_positive_rate": x, "true_positive_rate": y}
    return {"modality": modality, "reader": name, "value": value, "roc": roc}


READERS = [
    reader("new", "anna", 0.75, [0.0, 0.0, 1.0], [0.0, 0.5, 1.0]),
    reader("new", "ben", 0.5, [0.0, 1.0], [0.0, 1.0]),
    reader("old", "anna", 0.5, [0.0, 1.0], [0.0, 1.0]),
    reader("old", "ben", 0.625, [0.0, 0.0, 1.0], [0.0, 0.25, 1.0]),
]


def strip(groups: dict[str, list[float | None]]) -> str:
    return strip_of_cases(groups, label="Dice", **WORDS)


def froc(curve: dict[str, list] = CURVE, most: float = 4.0) -> str:
    return froc_plot(curve, most=most, **WORDS)


def localisation() -> str:
    curve = {"false_positive_fraction": [0.0, 0.5, 1.0], "localisation_fraction": [0.2, 0.6, 0.8]}
    return localisation_plot({"AFROC": curve, "LROC": curve}, **WORDS)


def texts(svg: str) -> list[str]:
    return list(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def blue_lines(svg: str) -> list[np.ndarray]:
    """Places in pixels of the lines in the first colour, (n, 2) each."""
    paths = re.findall(rf'<path d="([^"]+)" clip-path[^>]*fill: none; stroke: {BLUE}', svg)
    return [np.array(re.findall(r"[ML] (\S+) (\S+)", path), float) for path in paths]


DRAWN: list[Callable[[], str]] = [
    lambda: strip({"any": [0.2, 0.5, None], "label 1": [0.3]}),
    froc,
    localisation,
    lambda: reader_curves(READERS, "new", 0),
    lambda: mean_curves(["new", "old"], READERS),
    lambda: paired_figures(READERS, ["new", "old"], "AUC"),
]


@pytest.mark.parametrize("draw", DRAWN)
def test_the_same_input_gives_the_same_bytes_of_one_svg(draw: Callable[[], str]) -> None:
    svg = draw()

    assert svg == draw()
    assert "svg" == ElementTree.fromstring(svg).tag.rpartition("}")[2]
    assert not re.search(r"\bnan\b", svg)


@pytest.mark.parametrize("draw", [strip, froc, localisation])
def test_a_drawing_says_what_it_shows(draw: Callable[..., str]) -> None:
    svg = draw({"any": [0.5]}) if draw is strip else draw()

    assert 'role="img" aria-label="what it &lt;shows&gt;"' in svg


def test_a_strip_leaves_undefined_values_and_groups_out() -> None:
    clean = strip({"any": [0.2, 0.5, 0.9]})

    assert clean == strip({"any": [0.2, None, 0.5, math.nan, 0.9], "label 1": [None, None]})
    assert "any" in texts(clean)


def test_a_strip_has_a_point_a_case_and_a_median_a_group() -> None:
    def points(groups: dict[str, list[float | None]]) -> int:
        return len(re.findall("<use[^>]*opacity: 0.45", strip(groups)))

    assert 3 == points({"any": [0.2, 0.5, 0.9]})
    assert 4 == points({"any": [0.2, 0.5], "label 1": [0.1, 0.5, None]})
    # Groups stand below each other in their order.
    both = texts(strip({"any": [0.2, 0.5], "label 1": [0.1, 0.5]}))
    assert both.index("any") < both.index("label 1")


@pytest.mark.parametrize("groups", [{}, {"any": []}, {"any": [None], "label 1": [None, math.nan]}])
def test_a_strip_without_values_is_empty(groups: dict[str, list[float | None]]) -> None:
    assert "" == strip(groups)


def test_froc_steps_through_its_points() -> None:
    (line,) = blue_lines(froc())

    x, y = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0.25, 0.25, 0.5, 0.5, 1.0])
    # Tolerance: the drawing's six digits of a pixel.
    expected = np.column_stack([LEFT + SIDE * x / 4, TOP + SIDE * (1 - y)])
    kept = line[np.append(True, np.any(np.diff(line, axis=0) != 0, axis=1))]
    assert kept == pytest.approx(expected, abs=1e-4)


def test_froc_goes_on_flat_to_the_rate_asked_for() -> None:
    dashed = re.findall(r'<path d="([^"]+)" clip-path[^>]*stroke-dasharray', froc())

    places = np.array(re.findall(r"[ML] (\S+) (\S+)", dashed[0]), float)
    assert places == pytest.approx(np.array([[LEFT + SIDE / 2, TOP], [LEFT + SIDE, TOP]]))


def test_froc_of_nothing_marked_and_of_more_than_is_shown_is_drawn() -> None:
    nothing = {"false_marks_per_image": [0.0], "sensitivity": [0.0]}

    assert "False marks an image" in texts(froc(nothing))
    assert "Lesions marked, %" in texts(froc(CURVE, most=1.0))


def test_localisation_curves_are_named() -> None:
    assert {"AFROC", "LROC", "Images with a false mark, %", "Localised, %"} <= set(
        texts(localisation())
    )


def test_the_mean_sensitivity_of_two_readers_is_their_mean() -> None:
    """Of a reader upright to 0.5 and then straight, and one on the diagonal."""
    x = np.linspace(0, 1, 101)

    found = mean_sensitivity(READERS, "new")

    assert (0.5 + 0.5 * x + x) / 2 == pytest.approx(found)
    assert x == pytest.approx(mean_sensitivity(READERS[1:2], "new"))


def test_the_mean_sensitivity_does_not_depend_on_the_order_of_points() -> None:
    turned = [
        reader("new", row["reader"], 0, *(v[::-1] for v in row["roc"].values()))
        for row in READERS[:2]
    ]

    assert mean_sensitivity(READERS, "new") == pytest.approx(mean_sensitivity(turned, "new"))


def test_the_mean_curve_is_drawn_over_every_reader() -> None:
    svg = reader_curves(READERS, "new", 0)

    assert "new, each reader and mean" in texts(svg)
    (mean,) = blue_lines(svg)
    # The mean begins at a quarter, where one of two readers stands at a half; panels are 250 high.
    assert 28 + 250 * 0.75 == pytest.approx(mean[0, 1])
    assert {"new", "old"} <= set(texts(mean_curves(["new", "old"], READERS)))


@pytest.mark.parametrize("modalities", [["new"], ["new", "old", "third"], []])
def test_only_two_modalities_make_pairs(modalities: list[str]) -> None:
    assert "" == paired_figures(READERS, modalities, "AUC")


def test_pairs_go_from_the_old_modality_to_the_new_one() -> None:
    svg = paired_figures(READERS, ["new", "old"], "AUC")

    words = texts(svg)
    assert words.index("old") < words.index("new")
    (mean,) = blue_lines(svg)
    assert mean[0, 0] < mean[1, 0]
    # Means of 0.5625 and 0.625; readers from 0.5 to 0.75 fill the height but for margins of 1/22.
    expected = TOP + SIDE - SIDE / 22 - (np.array([0.5625, 0.625]) - 0.5) / 0.25 * SIDE * 10 / 11
    assert expected == pytest.approx(mean[:, 1])
