"""Plots of one model: survival with numbers at risk, and where its curves end."""

import re
from typing import Any

import numpy as np
from report.test_experiment_plots import document

from mamri.report import evaluation_plots as draw
from mamri.report import experiment_panels as panels


def curve(at_risk: list[int]) -> dict[str, Any]:
    n = len(at_risk)
    falling = np.linspace(0.9, 0.4, n).round(3).tolist()
    return {
        "times": [10.0 * (k + 1) for k in range(n)], "survival": falling, "lower": falling,
        "upper": falling, "at_risk": at_risk,
    }  # fmt: skip


def test_curves_end_where_fewer_than_five_are_at_risk() -> None:
    x, y, _, _ = draw._trusted_steps(curve([9, 7, 5, 4, 1]))
    assert [0.0, 10.0, 20.0, 30.0] == x.tolist()
    assert 100.0 == y[0]


def test_curves_of_older_documents_are_whole() -> None:
    old = curve([9, 7, 5, 4, 1])
    del old["at_risk"]
    assert 6 == draw._trusted_steps(old).shape[1]


def test_a_curve_of_very_few_is_not_drawn_at_all() -> None:
    assert [0.0] == draw._trusted_steps(curve([4, 2]))[0].tolist()


def test_numbers_at_risk_stand_below_the_plot() -> None:
    given = document("survival")
    thirds = given["figures"]["models"]["random_forest"]["thirds"]
    thirds["curves"] = {
        word: curve([start, start - 10, start - 20, start - 25, 6, 1])
        for word, start in (("lowest", 91), ("middle", 82), ("highest", 73))
    }
    svg = panels.survival_plot(given, "random_forest")
    words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert "Number at risk" in words
    # At time 0 all are; at 20, before what happens then, those of the second place.
    assert {"91", "82", "73", "81", "72", "63"} <= set(words)
    assert panels.knows_at_risk(given)


def test_older_documents_have_no_row_of_numbers_at_risk() -> None:
    given = document("survival")
    for one in given["figures"]["models"].values():
        for found in (one.get("thirds") or {"curves": {}})["curves"].values():
            del found["at_risk"]
    assert "Number at risk" not in panels.survival_plot(given, "random_forest")
    assert not panels.knows_at_risk(given)
