"""Measures of a painted mass."""

import sys
from pathlib import Path

import numpy as np
import pytest

from mamri.findings import measure_findings
from mamri.geometry import to_lps
from mamri.records import (
    DelayedPhase,
    Description,
    FindingRelation,
    GeometryError,
    InitialPhase,
    LabelMap,
    Laterality,
)

sys.path.insert(0, str(Path(__file__).parent))
from phantom import Phantom


def measured(phantom: Phantom, labels: np.ndarray):
    series = phantom.series()
    return measure_findings(
        LabelMap(labels, phantom.affine), series, phantom.maps(series), phantom.anatomy()
    )


def test_a_mass_is_measured_as_painted():
    phantom = Phantom(noise=1.0)
    mass = phantom.ball((38, 35, 55), 7.0)

    (finding,) = measured(phantom, mass.astype(np.uint16))

    assert finding.id == 1
    assert finding.side is Laterality.LEFT
    assert finding.quadrant == "upper outer"
    assert finding.clock_face == "2"
    assert to_lps(phantom.affine, np.array([38, 35, 55])) == pytest.approx(
        finding.centroid_mm_lps, abs=0.1
    )
    assert finding.volume_ml == pytest.approx(4 / 3 * np.pi * 0.343, rel=0.05)
    assert (14, 14, 14) == pytest.approx(finding.diameters_mm, abs=1.5)
    assert finding.kinetics.delayed is DelayedPhase.WASHOUT
    assert finding.kinetics.initial is InitialPhase.FAST
    assert finding.kinetics.peak_enhancement_percent == pytest.approx(150, abs=2)
    assert finding.kinetics.washout_fraction > 0.95
    assert finding.kinetics.ser_mean == pytest.approx(1.2 / 0.9, rel=0.05)
    assert finding.kinetics.ftv_ml == pytest.approx(finding.volume_ml, rel=0.1)
    assert finding.distance_mm["skin"] == pytest.approx(35 - 7 - 9, abs=1)
    assert finding.distance_mm["chest_wall"] == pytest.approx(59 - 35 - 7, abs=1)
    assert finding.depth == "middle"
    assert finding.confidence is None


def test_the_box_holds_whole_voxels():
    phantom = Phantom()
    labels = np.zeros(phantom.breast.shape, np.uint16)
    labels[20, 30:32, 40] = 1

    (finding,) = measured(phantom, labels)
    low, high = np.array(finding.bounding_box_mm_lps)

    assert high - low == pytest.approx([1.0, 2.0, 1.5])
    assert (low + high) / 2 == pytest.approx(finding.centroid_mm_lps)


def test_nothing_is_described_yet():
    phantom = Phantom()
    focus = phantom.ball((30, 35, 45), 1.6)

    (finding,) = measured(phantom, focus.astype(np.uint16))

    assert Description() == finding.description
    assert FindingRelation() == finding.relation


def test_depth_is_that_of_the_centroid_between_nipple_and_chest_wall():
    phantom = Phantom()
    labels = np.zeros(phantom.breast.shape, np.uint16)
    for number, row in enumerate((14, 34, 54), start=1):  # nipple in row 8, chest wall in row 59
        labels[30, row - 1 : row + 2, 20:23] = number

    found = measured(phantom, labels)

    assert ["anterior", "middle", "posterior"] == [finding.depth for finding in found]


def test_depth_is_undetermined_where_nothing_lies_behind_the_breast():
    phantom = Phantom()
    phantom.body = phantom.breast > 0
    labels = np.zeros(phantom.breast.shape, np.uint16)
    labels[30, 33:36, 20:23] = 1

    (finding,) = measured(phantom, labels)

    assert "undetermined" == finding.depth


def test_the_tumor_volume_leaves_out_the_neighbour():
    phantom = Phantom(noise=1.0)
    one = phantom.ball((30, 35, 30), 5.0)
    two = phantom.ball((30, 35, 43), 5.0)

    first, second = measured(phantom, one + 2 * two.astype(np.uint16))

    assert first.kinetics.ftv_ml == pytest.approx(first.volume_ml, rel=0.15)
    assert second.kinetics.ftv_ml == pytest.approx(second.volume_ml, rel=0.15)


def test_missing_ids_are_skipped_and_order_kept():
    phantom = Phantom()
    labels = np.zeros(phantom.breast.shape, np.uint16)
    labels[20:24, 30:34, 30:34] = 3
    labels[40:44, 30:34, 30:34] = 1

    assert [finding.id for finding in measured(phantom, labels)] == [1, 3]


def test_a_finding_outside_any_breast_has_a_side_and_no_distances():
    phantom = Phantom()
    phantom.breast[:] = 0
    labels = np.zeros(phantom.breast.shape, np.uint16)
    labels[20:24, 30:34, 30:34] = 1

    (finding,) = measured(phantom, labels)

    assert finding.side is Laterality.LEFT
    assert np.isnan(finding.distance_mm["skin"])
    assert "undetermined" == finding.depth


def test_grids_must_agree():
    with pytest.raises(GeometryError, match="share one grid"):
        measured(Phantom(), np.ones((2, 2, 2), np.uint16))
