"""Descriptions of painted findings, in words."""

from dataclasses import replace

import numpy as np
import pytest
from example_result import example_result
from findings.painted_lesions import EVEN, N, ball, places, rod, spiculated
from findings.phantom import Phantom

from mamri.findings import (
    DescriptionSettings,
    describe_findings,
    description_provenance,
    measure_findings,
)
from mamri.findings.descriptors import DescriptionLimits
from mamri.findings.lexicon import load_lexicon
from mamri.geometry import to_lps
from mamri.records import (
    UNDETERMINED,
    Anatomy,
    Description,
    DynamicSeries,
    Finding,
    GeometryError,
    InputError,
    LabelMap,
    Laterality,
    Volume,
)

AT = places()
BALL = ball(AT, 7.0)
NOTHING = np.zeros(BALL.shape, bool)
AFFINE = np.array(
    [[0.0, 0.0, 1.0, 30.0], [0.0, 1.0, 0.0, -50.0], [1.0, 0.0, 0.0, -20.0], [0.0, 0.0, 0.0, 1.0]]
)  # slices to the head, rows to the back, columns to the left
MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])
# Limits far from what the painted findings measure.
LIMITS = DescriptionLimits(
    non_mass_relief=5.0, irregular_ellipsoid=0.7, round_ratio=0.85, spiculated_protrusions_mm=0.1,
    irregular_shell=0.5, rim_ratio=0.8, homogeneous_variation=0.15, linear_ratio=0.5,
    nipple_angle_deg=20.0, diffuse_percent=90.0,
)  # fmt: skip
MASSES = DescriptionSettings(limits=LIMITS, scale=EVEN)
NON_MASSES = replace(MASSES, limits=replace(LIMITS, non_mass_relief=0.0))
TEMPLATE = example_result(n_findings=1).findings[0]


def finding(number: int = 1, side: Laterality = Laterality.LEFT, **changes: object) -> Finding:
    plain = replace(TEMPLATE, description=Description(), diameters_mm=(14.0, 14.0, 14.0))
    return replace(plain, id=number, side=side, **changes)


def series(rise: np.ndarray, affine: np.ndarray = AFFINE) -> DynamicSeries:
    """Before contrast, at the peak, and a late phase in which nothing is left."""
    phases = [100 * (1 + share * rise) for share in (0.0, 1.5, 0.0)]
    return DynamicSeries(np.stack(phases).astype(np.float32), affine, np.array([0.0, 90, 300]))


def anatomy(side: Laterality = Laterality.LEFT, affine: np.ndarray = AFFINE) -> Anatomy:
    """A breast all over, with skin in front, tissue in the last rows and the nipple in front."""
    breast = np.full(BALL.shape, side, np.uint8)
    nipple = to_lps(affine, np.array([20, 0, 20]))
    return Anatomy(
        breast, AT[1] > 35, AT[1] < 2, breast > 0, affine, {side: tuple(nipple)}, "box"
    )  # fmt: skip


def described(
    rise: np.ndarray, outline: np.ndarray | None = None, **changes: object
) -> Description:
    """Description of the one finding that is painted."""
    mask = rise >= 0.5 if outline is None else outline
    given = {
        "labels": LabelMap(mask.astype(np.uint16), AFFINE), "series": series(rise), "phase": 1,
        "anatomy": anatomy(), "vessels": NOTHING, "t2": None, "settings": MASSES,
    } | changes  # fmt: skip
    (found,) = describe_findings((finding(),), **given)
    return found.description


def t2(*, is_wet: bool = False, fat: float = 20.0) -> Volume:
    """Dark fat, bright tissue, a brighter lesion and perhaps water around it, on half voxels."""
    affine = AFFINE.copy()
    affine[:3, 3] += 0.25
    signal = np.where(AT[1] > 35, 100.0, fat)
    if is_wet:
        signal[ball(AT, 17.0) >= 0.5] = 100
    return Volume(np.where(BALL >= 0.5, 150, signal), affine)


def test_a_smooth_ball_has_the_words_of_a_round_mass():
    found = described(BALL)

    assert ("mass", "round", "circumscribed", "homogeneous") == (
        found.type, found.shape, found.margin, found.internal_enhancement
    )  # fmt: skip
    assert UNDETERMINED == found.distribution
    assert found.lexicon == load_lexicon().title


def test_rods_make_the_margin_spiculated(monkeypatch):
    monkeypatch.setattr("mamri.findings.surface_measures._THIN_MM", 1.6)
    assert "spiculated" == described(spiculated(), BALL >= 0.5).margin


def test_a_dark_centre_makes_a_rim():
    rim = np.where(ball(AT, 4.0) > 0, 0.2, BALL)

    assert "rim" == described(rim, BALL >= 0.5).internal_enhancement


def test_a_long_body_is_oval():
    long = np.maximum.reduce([ball(AT, 6.0, (20, y, 20)) for y in np.arange(14, 27)])

    assert "oval" == described(long).shape


@pytest.mark.parametrize(("way", "word"), [(1, "linear"), (2, "focal")])
def test_a_non_mass_enhancement_has_a_distribution_by_its_way_to_the_nipple(way, word):
    both = [rod(AT, 3.0, sign * np.eye(3)[way], 14.0) for sign in (1.0, -1.0)]

    found = described(
        np.maximum(*both),
        settings=replace(NON_MASSES, limits=replace(NON_MASSES.limits, focal_percent=89.0)),
    )

    assert ("non-mass enhancement", word) == (found.type, found.distribution)
    assert (UNDETERMINED, UNDETERMINED) == (found.shape, found.margin)
    assert "non-mass" in found.reasons["margin"]


def test_a_small_finding_is_a_focus():
    phantom = Phantom()
    labels = LabelMap(phantom.ball((30, 35, 45), 1.6).astype(np.uint16), phantom.affine)
    dynamic = phantom.series()
    findings = measure_findings(labels, dynamic, phantom.maps(dynamic), phantom.anatomy())

    (found,) = describe_findings(
        findings, labels, dynamic, 1, phantom.anatomy(), vessels=np.zeros(labels.array.shape, bool)
    )

    assert "focus" == found.description.type


@pytest.mark.parametrize(("longest", "word"), [(4.9, "focus"), (5.1, "mass")])
def test_the_longest_diameter_makes_a_focus(longest, word):
    small = finding(diameters_mm=(longest, 4.0, 4.0))
    labels = LabelMap((BALL >= 0.5).astype(np.uint16), AFFINE)

    (found,) = describe_findings(
        (small,), labels, series(BALL), 1, anatomy(), vessels=NOTHING,
        settings=replace(MASSES, limits=replace(LIMITS, focus_mm=5.0)),
    )  # fmt: skip

    assert word == found.description.type


def test_everything_else_of_a_finding_stays():
    before = finding(quadrant="lower inner", volume_ml=3.5)
    labels = LabelMap((BALL >= 0.5).astype(np.uint16), AFFINE)

    (after,) = describe_findings(
        (before,), labels, series(BALL), 1, anatomy(), vessels=NOTHING, settings=MASSES
    )

    assert before.kinetics is after.kinetics
    for name in ("id", "side", "quadrant", "volume_ml", "diameters_mm", "relation", "assessments"):
        assert getattr(before, name) == getattr(after, name)


def test_without_t2_the_reason_is_told():
    found = described(BALL)

    assert (UNDETERMINED, UNDETERMINED) == (found.t2_signal, found.oedema)
    assert "no T2" in found.reasons["t2_signal"]
    assert "no T2" in found.reasons["oedema"]


@pytest.mark.parametrize(("is_wet", "word"), [(False, "absent"), (True, "perifocal")])
def test_a_t2_image_tells_signal_and_oedema(is_wet, word):
    found = described(BALL, t2=t2(is_wet=is_wet))

    assert ("hyperintense", word) == (found.t2_signal, found.oedema)
    assert not {"t2_signal", "oedema"} & set(found.reasons)


def test_bright_fat_leaves_oedema_open():
    found = described(BALL, t2=t2(fat=120.0))

    assert ("hyperintense", UNDETERMINED) == (found.t2_signal, found.oedema)
    assert "fat is not darker" in found.reasons["oedema"]


def test_a_t2_image_of_another_place_is_told_from_none():
    image = t2()
    far = np.array(image.affine)
    far[2, 3] += 500

    found = described(BALL, t2=Volume(image.array, far))

    assert UNDETERMINED == found.t2_signal
    assert found.reasons["t2_signal"] != described(BALL).reasons["t2_signal"]


def test_what_does_not_enhance_is_undetermined_with_a_reason():
    found = described(0 * BALL, BALL >= 0.5)

    assert UNDETERMINED == found.type
    for name in ("type", "shape", "margin", "internal_enhancement"):
        assert found.reasons[name]


def test_the_phase_that_is_named_is_looked_at():
    assert "mass" == described(BALL, phase=1).type
    assert UNDETERMINED == described(BALL, phase=2).type


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1, 2)])
def test_storage_order_does_not_matter(axes):
    uneven = np.where(AT[2] > 26, 0.5, 1) * spiculated()
    outline = BALL >= 0.5
    affine = AFFINE.copy()
    affine[:3, 3] = to_lps(AFFINE, np.array([N - 1 if a in axes else 0 for a in range(3)]))
    affine[:, list(axes)] *= -1
    plain, image = anatomy(), t2(is_wet=True)
    turned = Anatomy(
        *(np.flip(m, axes) for m in (plain.breast, plain.fibroglandular, plain.skin, plain.body)),
        affine, plain.nipples_mm_lps, "box",
    )  # fmt: skip

    expected = described(uneven, outline, t2=image)
    found = described(
        uneven,
        labels=LabelMap(np.flip(outline, axes).astype(np.uint16), affine),
        series=series(np.flip(uneven, axes), affine),
        anatomy=turned,
        t2=image,
    )

    assert replace(expected, measures=()) == replace(found, measures=())
    assert [m.value for m in expected.measures] == pytest.approx(
        [m.value for m in found.measures], rel=1e-3, abs=1e-3
    )


def test_a_mirrored_patient_is_described_the_same_on_the_other_side():
    affine = MIRROR @ AFFINE
    slanted = np.maximum(BALL, ball(AT, 6.0, (20, 26, 27)))
    labels = LabelMap((slanted >= 0.5).astype(np.uint16), affine)

    (right,) = describe_findings(
        (finding(side=Laterality.RIGHT),), labels, series(slanted, affine), 1,
        anatomy(Laterality.RIGHT, affine), vessels=NOTHING, settings=NON_MASSES,
    )  # fmt: skip
    left = described(slanted, settings=NON_MASSES)

    assert replace(left, measures=()) == replace(right.description, measures=())
    assert [m.value for m in left.measures] == pytest.approx(
        [m.value for m in right.description.measures]
    )


def test_a_finding_is_seen_in_its_own_breast():
    other = described(BALL, anatomy=anatomy(Laterality.RIGHT), settings=NON_MASSES)

    assert UNDETERMINED == other.distribution
    assert "breast was not found" in other.reasons["distribution"]


def test_signal_gain_does_not_change_the_description():
    rise = spiculated()
    dynamic = series(rise)
    louder = DynamicSeries(dynamic.array * 40, AFFINE, dynamic.times_s)
    expected = described(rise, BALL >= 0.5)
    found = described(rise, BALL >= 0.5, series=louder)

    assert replace(expected, measures=()) == replace(found, measures=())
    assert [m.value for m in expected.measures] == pytest.approx(
        [m.value for m in found.measures], rel=1e-3, abs=1e-4
    )


@pytest.mark.parametrize("kind", ["vessels", "skin", "another finding", "outside the breast"])
def test_what_belongs_to_something_else_gives_no_spicules(kind):
    rods = (spiculated() > 0) & (BALL == 0)
    mask, plain = (BALL >= 0.5).astype(np.uint16), anatomy()
    changes: dict[str, object] = {}
    if kind == "vessels":
        changes["vessels"] = rods
    elif kind == "skin":
        changes["anatomy"] = replace(plain, skin=plain.skin | rods)
    elif kind == "another finding":
        changes["labels"] = LabelMap(mask + np.uint16(2) * rods, AFFINE)
    else:
        changes["anatomy"] = replace(plain, breast=np.where(rods, 0, plain.breast))

    assert "circumscribed" == described(spiculated(), BALL >= 0.5, **changes).margin


def test_a_vessel_through_a_finding_does_not_cut_it():
    through = np.abs(AT[1] - 20) < 2

    found = described(BALL, vessels=through)

    assert ("mass", "round") == (found.type, found.shape)


def test_each_finding_keeps_its_own_description():
    one, two = ball(AT, 6.0, (20, 20, 8)), ball(AT, 6.0, (20, 20, 32))
    hollow = np.where(ball(AT, 3.5, (20, 20, 32)) > 0, 0.1, two)
    labels = np.where(one >= 0.5, 5, np.where(two >= 0.5, 1, 0)).astype(np.uint16)

    found = describe_findings(
        (finding(5), finding(1)), LabelMap(labels, AFFINE), series(np.maximum(one, hollow)), 1,
        anatomy(), vessels=NOTHING, settings=MASSES,
    )  # fmt: skip

    assert [5, 1] == [f.id for f in found]
    assert ["homogeneous", "rim"] == [f.description.internal_enhancement for f in found]


def test_no_findings_need_no_labels():
    empty = LabelMap(np.zeros(BALL.shape, np.uint16), AFFINE)

    assert () == describe_findings(
        (), empty, series(BALL), 1, anatomy(), vessels=NOTHING, t2=t2(), settings=MASSES
    )


@pytest.mark.parametrize("size", [1, 2])
def test_a_finding_of_a_few_voxels_is_described_as_far_as_it_can_be(size):
    tiny = np.zeros(BALL.shape)
    tiny[20, 20, 20 : 20 + size] = 1.0

    assert described(tiny, settings=MASSES).lexicon


def test_a_finding_at_the_corner_of_the_image_is_described():
    assert described(ball(AT, 7.0, (4, 4, 4))).lexicon


def test_voxels_without_a_number_count_as_not_enhancing():
    holed = np.array(series(BALL).array)
    holed[:, :8] = np.nan  # in the surroundings that set the scale

    found = described(BALL, series=DynamicSeries(holed, AFFINE, series(BALL).times_s))

    assert ("mass", "round") == (found.type, found.shape)


@pytest.mark.parametrize("part", ["labels", "series", "anatomy", "vessels"])
def test_grids_must_agree(part):
    cut = anatomy()
    others = {
        "labels": LabelMap((BALL[1:] >= 0.5).astype(np.uint16), AFFINE),
        "series": series(BALL[1:]),
        "anatomy": Anatomy(
            cut.breast[1:], cut.fibroglandular[1:], cut.skin[1:], cut.body[1:], AFFINE, {}, "box"
        ),
        "vessels": NOTHING[1:],
    }

    with pytest.raises(GeometryError, match=r"share one grid.*\(40, 41, 41\).*resample_like"):
        described(BALL, **{part: others[part]})


def test_an_unknown_lexicon_is_refused():
    with pytest.raises(InputError, match="a lexicon was needed"):
        described(BALL, settings=replace(MASSES, lexicon="none"))


def test_inputs_stay_as_they_are():
    dynamic, mask = series(BALL), (BALL >= 0.5).astype(np.uint16)
    before = np.array(dynamic.array)

    described(BALL, series=dynamic, labels=LabelMap(mask, AFFINE), t2=t2())

    assert np.array_equal(before, dynamic.array)
    assert np.array_equal(BALL >= 0.5, mask)


def test_measures_carry_rule_and_source_for_every_word():
    found = described(spiculated(), BALL >= 0.5, t2=t2())
    told = {m.descriptor for m in found.measures}

    for name in load_lexicon().terms:
        if getattr(found, name) != UNDETERMINED:
            assert name in told
        else:
            assert found.reasons[name]
    assert all(m.rule and m.source for m in found.measures)


def test_provenance_names_lexicon_and_limits():
    said = description_provenance(replace(MASSES, limits=replace(LIMITS, rim_ratio=0.123)))

    assert "description" == said.step
    assert load_lexicon().title == said.settings["lexicon"]
    assert 0.123 == said.settings["rim_ratio"]
    assert load_lexicon().name in said.method
    assert any("BI-RADS" in reference for reference in said.references)
