"""Alignment of a diffusion series, on a phantom whose place in it is known.

Tolerances: 0.5 mm for rigid and 1 mm for affine transforms, as asked for: a quarter and a half of
a diffusion voxel edge of 2.2 mm.
"""

from dataclasses import replace

import numpy as np
import pytest
from registration.diffusion_phantom import (
    ANATOMY_SHAPE,
    DIFFUSION_AFFINE,
    DIFFUSION_SHAPE,
    anatomy,
    diffusion,
    misplacement_mm,
)
from scipy.spatial.transform import Rotation

from mamri.records import DiffusionSeries, GeometryError, Status, Volume
from mamri.registration import (
    AlignmentKind,
    AlignmentSettings,
    DiffusionAlignment,
    align_diffusion,
)
from mamri.registration.diffusion_alignment import lowest_b_image

REFERENCE, MASK = anatomy()
RIGID_ONLY = AlignmentSettings(most_freedom=AlignmentKind.RIGID)
QUICK = AlignmentSettings(samples=6000)
QUICK_RIGID = replace(QUICK, most_freedom=AlignmentKind.RIGID)
STILL = np.eye(4)
MOVED = np.eye(4)
MOVED[:3, :3] = Rotation.from_euler("xyz", [2.0, -1.5, 2.0], degrees=True).as_matrix()
MOVED[:3, 3] = [3.0, -4.5, 2.5]
BENT = MOVED.copy()
BENT[:3, :3] = MOVED[:3, :3] @ (np.eye(3) + np.outer([0, 1, 0], [0.05, 0.10, -0.04]))


@pytest.fixture(scope="module")
def after_move():
    return align_diffusion(diffusion(MOVED), REFERENCE, MASK)


@pytest.fixture(scope="module")
def after_bend():
    return align_diffusion(diffusion(BENT), REFERENCE, MASK)


def test_a_known_rigid_motion_is_found(after_move):
    found, _ = after_move
    assert found.status is Status.OK
    assert found.kind is AlignmentKind.RIGID
    assert misplacement_mm(found, MOVED) < 0.5
    assert found.displacement_mean_mm == pytest.approx(np.hypot(np.hypot(3, 4.5), 2.5), abs=0.7)
    assert found.displacement_max_mm > found.displacement_mean_mm
    assert found.caveats == ()


def test_the_agreement_of_the_images_rises_with_the_motion_taken_out(after_move):
    found, _ = after_move
    assert found.after.mutual_information > 1.03 + found.before.mutual_information - 1
    assert found.after.edge_agreement > 0.1 + found.before.edge_agreement
    assert found.after.gland_dice > 0.1 + found.before.gland_dice
    assert f"{found.after.gland_dice:.2f}" in found.sentence
    assert "a rigid transform" in found.sentence


def test_a_stretch_along_phase_encoding_is_found(after_bend):
    found, _ = after_bend
    assert found.status is Status.OK
    assert found.kind is AlignmentKind.AFFINE
    assert misplacement_mm(found, BENT) < 1.0
    assert np.linalg.det(found.reference_to_diffusion[:3, :3]) == pytest.approx(1.10, abs=0.02)


def test_a_rigid_transform_alone_is_worse_where_images_are_stretched(after_bend):
    rigid, provenance = align_diffusion(diffusion(BENT), REFERENCE, MASK, QUICK_RIGID)
    assert rigid.kind is AlignmentKind.RIGID
    assert misplacement_mm(rigid, BENT) > 2 * misplacement_mm(after_bend[0], BENT)
    assert "stretch" not in provenance.method


def test_a_series_in_place_stays_there_exactly():
    found, _ = align_diffusion(diffusion(STILL), REFERENCE, MASK)
    assert found.status is Status.OK
    assert found.kind is AlignmentKind.NONE
    np.testing.assert_array_equal(np.eye(4), found.reference_to_diffusion)
    assert found.displacement_max_mm == 0
    assert found.before == found.after
    assert "in place" in found.sentence


@pytest.mark.parametrize(
    "settings",
    [
        replace(QUICK_RIGID, min_gain=9.0, min_affine_gain=9.0),
        replace(QUICK_RIGID, min_move_mm=3.0),
    ],
    ids=["agreement", "motion"],
)
def test_a_transform_that_brings_too_little_is_not_used(settings):
    little = np.eye(4)
    little[1, 3] = 2.0
    found, _ = align_diffusion(diffusion(little), REFERENCE, MASK, settings)
    assert found.kind is AlignmentKind.NONE
    assert found.status is Status.OK


def test_bright_fat_and_dark_gland_in_the_reference_do_not_matter():
    reference, mask = anatomy(fat=300.0, gland=120.0)
    found, _ = align_diffusion(diffusion(MOVED), reference, mask, QUICK_RIGID)
    assert misplacement_mm(found, MOVED) < 0.5
    assert found.after.gland_dice > 0.6


def test_the_storage_order_of_the_series_does_not_matter(after_move):
    series = diffusion(MOVED)
    affine = DIFFUSION_AFFINE[:, [2, 0, 1, 3]].copy()
    affine[:3, 3] += affine[:3, 1] * (DIFFUSION_SHAPE[0] - 1)
    affine[:3, 1] *= -1
    stored = np.transpose(series.array, (0, 3, 1, 2))[:, :, ::-1]
    found, _ = align_diffusion(
        DiffusionSeries(stored, affine, series.b_values), REFERENCE, MASK, RIGID_ONLY
    )
    # The search stops within 0.05 mm, and rounding takes another way there.
    assert misplacement_mm(found, after_move[0].reference_to_diffusion) < 0.05


def test_a_bend_that_no_affine_transform_follows_is_not_made_worse():
    def bend(points):
        along = 2.0 * np.sin(points[..., 0] / 9) * np.cos(points[..., 2] / 11)
        return along[..., None] * np.array([0.0, 1.0, 0.0])

    found, _ = align_diffusion(diffusion(STILL, bend=bend), REFERENCE, MASK, QUICK)
    assert misplacement_mm(found, STILL) < 0.5


def test_the_breasts_are_found_without_a_mask():
    found, _ = align_diffusion(diffusion(MOVED), REFERENCE, None, QUICK_RIGID)
    assert misplacement_mm(found, MOVED) < 0.5


def noise():
    return np.random.default_rng(2).rayleigh(20, (1, *DIFFUSION_SHAPE)).astype(np.float32)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (noise(), "chance"),
        (np.zeros((1, *DIFFUSION_SHAPE)), "the diffusion series shows nothing"),
        (np.full((1, *DIFFUSION_SHAPE), np.nan), "the diffusion series shows nothing"),
    ],
    ids=["noise", "nothing", "undefined"],
)
def test_images_without_content_leave_the_geometry_of_the_files(array, reason):
    series = DiffusionSeries(array, DIFFUSION_AFFINE, np.zeros(1))
    check_is_undefined(*align_diffusion(series, REFERENCE, MASK, QUICK), reason)


def check_is_undefined(found, _, reason):
    assert found.status is Status.UNDEFINED
    assert found.kind is AlignmentKind.NONE
    np.testing.assert_array_equal(np.eye(4), found.reference_to_diffusion)
    assert reason in found.sentence
    (caveat,) = found.caveats
    assert caveat.code == "diffusion_alignment_undetermined"
    assert caveat.message == found.sentence


def test_a_constant_reference_leaves_the_geometry_of_the_files():
    flat = Volume(np.ones(ANATOMY_SHAPE), REFERENCE.affine)
    check_is_undefined(*align_diffusion(diffusion(STILL), flat, MASK), "the reference shows")
    check_is_undefined(*align_diffusion(diffusion(STILL), flat), "hold only 0 %")


def test_an_empty_mask_leaves_the_geometry_of_the_files():
    empty = np.zeros(ANATOMY_SHAPE, bool)
    check_is_undefined(*align_diffusion(diffusion(STILL), REFERENCE, empty), "0 % of the breasts")


def test_a_mask_too_thin_to_compare_in_leaves_the_geometry_of_the_files():
    thin = np.zeros(ANATOMY_SHAPE, bool)
    thin[30:32] = MASK[30:32]
    check_is_undefined(*align_diffusion(diffusion(STILL), REFERENCE, thin), "too little")


def test_a_field_of_view_that_misses_the_breasts_leaves_the_geometry_of_the_files():
    away = DIFFUSION_AFFINE.copy()
    away[2, 3] += 90
    series = DiffusionSeries(diffusion(STILL).array, away, np.array([0.0, 0.0, 800.0]))
    check_is_undefined(*align_diffusion(series, REFERENCE, MASK), "% of the breasts")


@pytest.mark.parametrize(
    ("settings", "transform", "reason"),
    [
        (replace(QUICK_RIGID, max_mean_mm=3.0), MOVED, "more than is plausible"),
        (replace(QUICK_RIGID, max_displacement_mm=4.0), MOVED, "more than is plausible"),
        (
            replace(QUICK, max_volume_change=0.04, min_gain=9.0),
            np.diag([1, 1.1, 1, 1]),
            "volumes",
        ),
    ],
    ids=["mean", "longest", "volume"],
)
def test_an_implausible_transform_is_refused_with_the_reason(settings, transform, reason):
    found = align_diffusion(diffusion(transform), REFERENCE, MASK, settings)
    check_is_undefined(*found, reason)


def test_an_implausible_stretch_leaves_the_rigid_transform():
    settings = replace(QUICK, max_volume_change=0.04)
    found, _ = align_diffusion(diffusion(BENT), REFERENCE, MASK, settings)
    assert found.kind is AlignmentKind.RIGID
    assert found.status is Status.OK


def test_alignment_that_was_not_asked_for_is_measured_only():
    settings = AlignmentSettings(most_freedom=AlignmentKind.NONE)
    found, provenance = align_diffusion(diffusion(MOVED), REFERENCE, MASK, settings)
    assert found.status is Status.NOT_COMPUTED
    np.testing.assert_array_equal(np.eye(4), found.reference_to_diffusion)
    assert np.isfinite(found.before.mutual_information)
    assert "geometry of the files" in provenance.method


def test_two_runs_agree_to_the_last_bit_and_leave_the_input_alone(after_move):
    series, mask = diffusion(MOVED), MASK.astype(np.uint8)
    again, provenance = align_diffusion(series, REFERENCE, mask)
    np.testing.assert_array_equal(
        after_move[0].reference_to_diffusion, again.reference_to_diffusion
    )
    assert after_move[0].after == again.after
    assert after_move[1] == provenance
    np.testing.assert_array_equal(diffusion(MOVED).array, series.array)
    np.testing.assert_array_equal(anatomy()[0].array, REFERENCE.array)


def test_the_lowest_b_value_is_averaged_over_its_repeats():
    array = np.stack([np.full((1, 2, 2), v) for v in (4, 100, 6)]).astype(np.int16)
    array[1:, 0, 0, 0] = 12
    mean = lowest_b_image(DiffusionSeries(array, np.eye(4), np.array([50.0, 800.0, 50.0])))
    np.testing.assert_array_equal([[8, 5], [5, 5]], mean.array[0])


def test_a_mask_on_another_grid_is_refused():
    with pytest.raises(GeometryError, match="share one grid"):
        align_diffusion(diffusion(STILL), REFERENCE, np.ones((2, 2, 2), bool))


def test_an_alignment_of_kind_none_must_be_the_identity(after_move):
    found, _ = after_move
    with pytest.raises(GeometryError, match="must be the identity"):
        DiffusionAlignment(
            found.reference_to_diffusion,
            AlignmentKind.NONE,
            Status.OK,
            "",
            found.before,
            found.after,
            0.0,
            0.0,
            1.0,
        )


def test_the_inverse_leads_back(after_move):
    found, _ = after_move
    both = found.reference_to_diffusion @ found.diffusion_to_reference
    np.testing.assert_allclose(np.eye(4), both, atol=1e-12)


def test_the_method_names_the_steps_and_their_papers(after_move):
    _, provenance = after_move
    assert "stretch and shears" in provenance.method
    assert any("Mattes" in text for text in provenance.references)
    assert provenance.settings["inset_mm"] == 4.0
