"""From numbers to descriptors, by limits of the test's own."""

import re
from dataclasses import fields, replace

import pytest

from mamri.findings.descriptors import DescriptionLimits, Judgement, Looks, judge_looks
from mamri.findings.fluid_signal import FluidSignal
from mamri.findings.internal_measures import InternalMeasures
from mamri.findings.lexicon import load_lexicon
from mamri.findings.spread_measures import SpreadMeasures
from mamri.findings.surface_measures import SurfaceMeasures
from mamri.records import UNDETERMINED, Description

NAN = float("nan")
LIMITS = DescriptionLimits(
    focus_mm=5.0,
    non_mass_relief=0.5,
    irregular_ellipsoid=0.9,
    round_ratio=0.8,
    spiculated_protrusions_mm=0.3,
    irregular_shell=0.4,
    rim_ratio=0.7,
    homogeneous_variation=0.1,
    one_part_percent=90.0,
    linear_ratio=0.4,
    segmental_ratio=0.7,
    nipple_angle_deg=30.0,
    focal_percent=25.0,
    diffuse_percent=60.0,
    t2_equal=(0.8, 1.2),
    oedema_points=20.0,
    wet_breast_percent=50.0,
    most_noise=0.3,
    least_voxels_across=2.0,
)
MASS = Looks(
    longest_mm=15.0,
    voxels_across=8.0,
    spread=SpreadMeasures(15.0, 0.9, 0.9, 80.0, 15.0),
    fluid=FluidSignal(1.0, 0.2, 5.0, 5.0, True),
    noise=0.05,
    surface=SurfaceMeasures(0.1, 0.97, 0.95, 0.05, 0.1),
    inside=InternalMeasures(1.0, 0.05, 100.0),
)
LOOSE = replace(MASS, surface=replace(MASS.surface, relief=0.9))
DESCRIPTORS = {
    "type", "shape", "margin", "internal_enhancement", "distribution", "t2_signal", "oedema",
}  # fmt: skip


def judged(looks: Looks, descriptor: str) -> Judgement:
    return judge_looks(looks, LIMITS)[descriptor]


def with_surface(**measures: float) -> Looks:
    return replace(MASS, surface=replace(MASS.surface, **measures))


def with_inside(looks: Looks = MASS, **measures: float) -> Looks:
    return replace(looks, inside=replace(looks.inside, **measures))


def with_spread(**measures: float) -> Looks:
    return replace(LOOSE, spread=replace(LOOSE.spread, **measures))


def with_fluid(**measures: float | bool | None) -> Looks:
    return replace(MASS, fluid=replace(MASS.fluid, **measures))


@pytest.mark.parametrize(
    ("looks", "descriptor", "code"),
    [
        (replace(MASS, longest_mm=4.99), "type", "focus"),
        (replace(MASS, longest_mm=5.0), "type", "mass"),
        (with_surface(relief=0.49), "type", "mass"),
        (with_surface(relief=0.5), "type", "non_mass"),
        (with_surface(ellipsoid_overlap=0.89), "shape", "irregular"),
        (with_surface(ellipsoid_overlap=0.9), "shape", "round"),
        (with_surface(axis_ratio=0.8), "shape", "round"),
        (with_surface(axis_ratio=0.79), "shape", "oval"),
        (with_surface(axis_ratio=0.5, ellipsoid_overlap=0.5), "shape", "irregular"),
        (with_surface(protrusions_mm=0.3), "margin", "spiculated"),
        (with_surface(protrusions_mm=0.29), "margin", "circumscribed"),
        (with_surface(shell=0.4), "margin", "irregular"),
        (with_surface(shell=0.39), "margin", "circumscribed"),
        (with_surface(shell=0.9, protrusions_mm=0.9), "margin", "spiculated"),
        (with_inside(centre_to_border=0.69), "internal_enhancement", "rim"),
        (with_inside(centre_to_border=0.7), "internal_enhancement", "homogeneous"),
        (with_inside(variation=0.09), "internal_enhancement", "homogeneous"),
        (with_inside(variation=0.1), "internal_enhancement", "heterogeneous"),
        (with_inside(main_part_percent=10.0), "internal_enhancement", "homogeneous"),
        (with_inside(LOOSE, main_part_percent=89.9), "internal_enhancement", "clumped"),
        (with_spread(breast_percent=60.0), "distribution", "diffuse"),
        (with_spread(breast_percent=59.9), "distribution", "regional"),
        (with_spread(breast_percent=25.1), "distribution", "regional"),
        (with_spread(breast_percent=25.0), "distribution", "focal"),
        (with_spread(width_ratio=0.4, nipple_angle_deg=30.0), "distribution", "linear"),
        (with_spread(width_ratio=0.41, nipple_angle_deg=30.0), "distribution", "segmental"),
        (with_spread(width_ratio=0.7, nipple_angle_deg=0.0), "distribution", "segmental"),
        (with_spread(width_ratio=0.71, nipple_angle_deg=0.0), "distribution", "focal"),
        (with_spread(width_ratio=0.2, nipple_angle_deg=30.1), "distribution", "focal"),
        (with_spread(width_ratio=0.9, nipple_angle_deg=NAN), "distribution", "focal"),
        (with_spread(width_ratio=0.2, nipple_angle_deg=0.0, breast_percent=70.0),
         "distribution", "diffuse"),
        (with_fluid(finding_ratio=0.79), "t2_signal", "low"),
        (with_fluid(finding_ratio=0.8), "t2_signal", "equal"),
        (with_fluid(finding_ratio=1.2), "t2_signal", "equal"),
        (with_fluid(finding_ratio=1.21), "t2_signal", "high"),
        (with_fluid(wet_percent=25.0), "oedema", "perifocal"),
        (with_fluid(wet_percent=24.9), "oedema", "absent"),
        (with_fluid(wet_percent=100.0, breast_wet_percent=49.9), "oedema", "perifocal"),
    ],
)  # fmt: skip
def test_limits_are_honoured_at_both_sides(looks, descriptor, code):
    found = judged(looks, descriptor)

    assert (code, "") == (found.code, found.reason)
    assert found.measures


@pytest.mark.parametrize(
    ("looks", "descriptor", "reason"),
    [
        (replace(MASS, surface=None), "type", "enhances no more"),
        (replace(MASS, inside=None), "type", "enhances no more"),
        (replace(MASS, noise=0.31), "type", "surroundings vary by 31 %.*30 %"),
        (replace(MASS, voxels_across=1.9), "type", "1.9 voxels, fewer than the 2"),
        (replace(MASS, noise=0.31), "shape", "type is undetermined"),
        (replace(MASS, noise=0.31), "margin", "type is undetermined"),
        (replace(MASS, noise=0.31), "internal_enhancement", "type is undetermined"),
        (replace(MASS, noise=0.31), "distribution", "type is undetermined"),
        (LOOSE, "shape", "shape is not described of non-mass enhancement"),
        (LOOSE, "margin", "margin is not described of non-mass enhancement"),
        (MASS, "distribution", "distribution is not described of a mass"),
        (replace(MASS, longest_mm=3.0), "shape", "not described of a focus"),
        (replace(MASS, longest_mm=3.0), "margin", "not described of a focus"),
        (replace(MASS, longest_mm=3.0), "distribution", "not described of a focus"),
        (replace(MASS, longest_mm=3.0), "internal_enhancement", "focus is too small"),
        (with_inside(LOOSE, main_part_percent=90.0), "internal_enhancement", "gland and fat"),
        (with_inside(centre_to_border=NAN), "internal_enhancement", "too thin"),
        (with_surface(shell=NAN), "margin", "too little around it"),
        (with_spread(breast_percent=NAN), "distribution", "breast was not found"),
        (with_spread(width_ratio=0.7, nipple_angle_deg=NAN), "distribution", "nipple was not"),
        (replace(MASS, fluid=None), "t2_signal", "no T2-weighted image"),
        (replace(MASS, fluid=None), "oedema", "no T2-weighted image"),
        (replace(MASS, fluid=FluidSignal()), "t2_signal", "does not show it"),
        (replace(MASS, fluid=FluidSignal()), "oedema", "does not show it"),
        (with_fluid(fat_is_dark=False), "oedema", "fat is not darker"),
        (with_fluid(wet_percent=NAN), "oedema", "too little fat"),
        (with_fluid(wet_percent=100.0, breast_wet_percent=50.0), "oedema", "most fat .* is bright"),
    ],
)
def test_what_is_not_decided_has_its_reason(looks, descriptor, reason):
    found = judged(looks, descriptor)

    assert UNDETERMINED == found.code
    assert re.search(reason, found.reason)


@pytest.mark.parametrize("type_", ["focus", "mass", "non_mass", UNDETERMINED])
def test_every_descriptor_has_a_word_or_a_reason(type_):
    looks = {
        "focus": replace(MASS, longest_mm=2.0), "mass": MASS, "non_mass": LOOSE,
        UNDETERMINED: replace(MASS, surface=None, inside=None, fluid=None),
    }[type_]  # fmt: skip

    found = judge_looks(looks, LIMITS)

    assert type_ == found["type"].code
    assert set(found) == DESCRIPTORS
    for judgement in found.values():
        assert (judgement.code == UNDETERMINED) == bool(judgement.reason)


# Each descriptor with the measures that it must not be judged without.
@pytest.mark.parametrize(
    ("looks", "descriptor"),
    [
        (with_surface(relief=NAN), "type"),
        (with_surface(ellipsoid_overlap=NAN), "shape"),
        (with_surface(axis_ratio=NAN), "shape"),
        (with_surface(protrusions_mm=NAN), "margin"),
        (with_surface(shell=NAN), "margin"),
        (with_inside(centre_to_border=NAN), "internal_enhancement"),
        (with_inside(variation=NAN), "internal_enhancement"),
        (with_inside(LOOSE, main_part_percent=NAN), "internal_enhancement"),
        (with_spread(width_ratio=NAN), "distribution"),
        (with_spread(breast_percent=NAN), "distribution"),
        (with_fluid(finding_ratio=NAN), "t2_signal"),
        (with_fluid(wet_percent=NAN), "oedema"),
        (with_fluid(breast_wet_percent=NAN), "oedema"),
    ],
)
def test_a_measure_that_is_not_a_number_gives_no_word(looks, descriptor):
    found = judged(looks, descriptor)

    assert UNDETERMINED == found.code
    assert found.reason


def test_every_measure_names_its_descriptor_rule_and_source():
    terms = load_lexicon().terms

    for looks in (MASS, LOOSE):
        for descriptor, judgement in judge_looks(looks, LIMITS).items():
            assert descriptor in terms
            for measure in judgement.measures:
                assert measure.descriptor == descriptor
                assert measure.name
                assert measure.rule
                assert measure.source


def test_measures_show_what_was_measured():
    surface = SurfaceMeasures(0.11, 0.92, 0.83, 0.14, 0.15)
    inside = InternalMeasures(0.96, 0.07, 97.0)
    fluid = FluidSignal(1.1, 0.25, 30.0, 4.0, True)
    mass = judge_looks(replace(MASS, surface=surface, inside=inside, fluid=fluid), LIMITS)
    loose = judge_looks(with_inside(LOOSE, main_part_percent=97.0), LIMITS)

    def values(found, descriptor):
        return [measure.value for measure in found[descriptor].measures]

    assert [15.0, 0.11] == values(mass, "type")
    assert [0.92, 0.83] == values(mass, "shape")
    assert [0.14, 0.15] == values(mass, "margin")
    assert [0.96, 0.07] == values(mass, "internal_enhancement")
    assert [97.0] == values(loose, "internal_enhancement")
    assert [0.9, 80.0, 15.0] == values(loose, "distribution")
    assert [1.1] == values(mass, "t2_signal")
    assert [0.25, 26.0] == values(mass, "oedema")


def test_rules_state_the_limits_that_judged():
    other = replace(LIMITS, focus_mm=6.5, round_ratio=0.77, rim_ratio=0.66, oedema_points=31.0)
    found = judge_looks(MASS, other)
    rules = " ".join(m.rule for judgement in found.values() for m in judgement.measures)

    for limit in ("6.5", "0.77", "0.66", "31"):
        assert limit in rules


def test_descriptors_are_those_of_the_record():
    names = {field.name for field in fields(Description)}

    assert names - {"reasons", "measures", "lexicon"} == DESCRIPTORS
    assert set(judge_looks(MASS, LIMITS)) == DESCRIPTORS
