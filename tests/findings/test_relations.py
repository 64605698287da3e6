"""How findings of a breast stand to each other, on painted boxes."""

from dataclasses import replace

import numpy as np
import pytest
from example_result import example_result

from mamri.findings.relations import RelationSettings, relate_findings
from mamri.geometry import to_lps
from mamri.records import UNDETERMINED, Finding, FindingRelation, LabelMap, Laterality
from strategies import axis_aligned

SHAPE = (20, 30, 30)
AFFINE = axis_aligned((2, 1, 0), (1, 1, 1), (3.0, 1.0, 1.0), np.array([-60.0, -40.0, 5.0]))
TEMPLATE = example_result(n_findings=1).findings[0]
SETTINGS = RelationSettings(satellite_mm=12.0, satellite_share=0.5)


def found(number: int, volume_ml: float = 1.0, place: str = "upper outer", side=Laterality.RIGHT):
    return replace(TEMPLATE, id=number, volume_ml=volume_ml, quadrant=place, side=side)


def labels(**starts: tuple[int, int, int]) -> LabelMap:
    """Boxes of 2 x 3 x 3 voxels by their first voxel; ``a`` is 1, ``b`` 2, ``c`` 3."""
    array = np.zeros(SHAPE, np.uint16)
    for name, (s, r, c) in starts.items():
        array[s : s + 2, r : r + 3, c : c + 3] = "abc".index(name) + 1
    return LabelMap(array, AFFINE)


PAIR = labels(a=(2, 5, 5), b=(2, 5, 14))  # 7 mm between nearest voxels


def related(*findings: Finding, at: LabelMap = PAIR, settings=SETTINGS) -> list[FindingRelation]:
    return [finding.relation for finding in relate_findings(findings, at, settings)]


def test_a_finding_alone_in_its_breast_is_unifocal():
    (alone,) = related(found(1), at=labels(a=(2, 5, 5)))

    assert ("unifocal", None, ()) == (alone.multiplicity, alone.nearest_id, alone.satellites)
    assert np.isnan(alone.nearest_mm)


def test_findings_of_one_quadrant_are_multifocal():
    assert ["multifocal"] * 2 == [r.multiplicity for r in related(found(1), found(2))]


def test_findings_of_two_quadrants_are_multicentric():
    relations = related(found(1), found(2, place="lower inner"))

    assert ["multicentric"] * 2 == [r.multiplicity for r in relations]


def test_one_in_another_quadrant_makes_all_of_the_breast_multicentric():
    at = labels(a=(2, 5, 5), b=(2, 5, 14), c=(2, 20, 5))

    relations = related(found(1), found(2), found(3, place="central"), at=at)

    assert ["multicentric"] * 3 == [r.multiplicity for r in relations]


def test_without_a_quadrant_multiplicity_is_undetermined_and_distance_is_not():
    first, second = related(found(1, place=UNDETERMINED), found(2))

    assert [UNDETERMINED] * 2 == [first.multiplicity, second.multiplicity]
    assert 2 == first.nearest_id
    assert first.nearest_mm > 0


def test_the_other_breast_does_not_count():
    relations = related(found(1), found(2, 0.1, "lower inner", side=Laterality.LEFT))

    assert ["unifocal"] * 2 == [r.multiplicity for r in relations]
    assert [None, None] == [r.nearest_id for r in relations]
    assert [(), ()] == [r.satellites for r in relations]


@pytest.mark.parametrize(
    ("start", "apart"),
    [((2, 5, 15), 8.0), ((2, 17, 5), 10.0), ((7, 5, 5), 12.0), ((7, 10, 5), 12.37)],
)
def test_the_nearest_is_told_in_mm_between_nearest_voxels(start, apart):
    # Thick slices: five of them are twelve millimetres, three voxels of a row are not.
    first, second = related(found(1), found(2), at=labels(a=(2, 5, 5), b=start))

    assert apart == pytest.approx(first.nearest_mm, abs=0.01)
    assert first.nearest_mm == second.nearest_mm
    assert (2, 1) == (first.nearest_id, second.nearest_id)


def test_distance_is_the_smallest_of_all_pairs_of_voxels():
    first, _ = related(found(1), found(2))
    points = [to_lps(AFFINE, np.argwhere(PAIR.array == number)) for number in (1, 2)]
    slow = np.linalg.norm(points[0][:, None] - points[1][None], axis=-1).min()

    assert slow == pytest.approx(first.nearest_mm)


def test_storage_order_does_not_matter():
    flipped = AFFINE.copy()
    flipped[:3, 3] = to_lps(AFFINE, np.array([SHAPE[0] - 1, 0, SHAPE[2] - 1]))
    flipped[:, [0, 2]] *= -1
    pair = (found(1), found(2, 0.2))

    assert related(*pair) == related(*pair, at=LabelMap(PAIR.array[::-1, :, ::-1], flipped))


def test_the_nearest_of_several_is_named():
    at = labels(a=(2, 5, 5), b=(2, 5, 20), c=(5, 5, 5))

    first, second, third = related(found(1), found(2), found(3), at=at)

    assert (3, 1, 1) == (first.nearest_id, second.nearest_id, third.nearest_id)
    assert second.nearest_mm > third.nearest_mm


@pytest.mark.parametrize(
    ("volume", "limit_mm", "satellites"),
    [
        (0.5, 12.0, (2,)),
        (0.51, 12.0, ()),  # too large for a satellite
        (0.1, 7.0, (2,)),
        (0.1, 6.9, ()),  # too far away
    ],
)
def test_satellites_are_near_and_small(volume, limit_mm, satellites):
    settings = replace(SETTINGS, satellite_mm=limit_mm)

    main, other = related(found(1, 1.0), found(2, volume), settings=settings)

    assert satellites == main.satellites
    assert () == other.satellites


def test_only_the_largest_has_satellites():
    at = labels(a=(2, 5, 5), b=(2, 5, 14), c=(2, 17, 14))

    relations = related(found(1, 4.0), found(2, 1.0), found(3, 0.1), at=at)

    assert [(2,), (), ()] == [r.satellites for r in relations]  # 3 is near 2, but far from 1


def test_a_finding_of_the_other_breast_is_no_satellite_and_no_rival():
    at = labels(a=(2, 5, 5), b=(2, 5, 14), c=(2, 14, 5))

    relations = related(found(1, 1.0), found(2, 0.2), found(3, 9.0, side=Laterality.LEFT), at=at)

    assert [(2,), (), ()] == [r.satellites for r in relations]


def test_ids_may_have_gaps_and_order_is_kept():
    array = np.array(PAIR.array)
    array[array == 2] = 7

    findings = relate_findings((found(7, 0.1), found(1)), LabelMap(array, AFFINE), SETTINGS)

    assert [7, 1] == [finding.id for finding in findings]
    assert (7,) == findings[1].relation.satellites


def test_no_finding_has_no_relation():
    assert () == relate_findings((), PAIR)
