"""Examples from labelled exams."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mamri.records import InputError
from mamri.training import (
    AugmentationSettings,
    PriorSettings,
    RealCase,
    RealExampleSettings,
    SpatialSettings,
    ViewSettings,
    is_real,
    normalised_channels,
    real_case,
    real_detail_example,
    real_example,
    real_field_example,
)

_SPATIAL = SpatialSettings(shape=(16, 24, 32), spacing_mm=2.0)
_SETTINGS = RealExampleSettings(_SPATIAL)


def _case(seed: int = 0, channels: int = 2) -> RealCase:
    """Right (1) and left (2) balls, brighter on the left, unknown in the last slices."""
    rng = np.random.default_rng(seed)
    s, r, c = np.indices((30, 30, 40))
    target = np.zeros((30, 30, 40), np.uint8)
    for value, column in ((1, 10), (2, 30)):
        target[(s - 15) ** 2 + (r - 15) ** 2 + (c - column) ** 2 < 49] = value
    image = np.stack([target * 100.0 + 50 + rng.standard_normal(target.shape)] * channels)
    target[26:] = 255
    return real_case(normalised_channels(image, is_shared=False), target, 2.0, mirrored=((1, 2),))


def test_an_example_depends_on_seed_and_number_alone() -> None:
    cases = [_case(0), _case(1)]
    one, other = (real_example(cases, _SETTINGS, 3, 5) for _ in range(2))

    assert (2, 16, 24, 32) == tuple(one[0].shape)
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])
    assert not torch.equal(one[0], real_example(cases, _SETTINGS, 3, 6)[0])
    assert not torch.equal(one[0], real_example(cases, _SETTINGS, 4, 5)[0])


def test_unknown_voxels_are_below_zero_and_nothing_is_255() -> None:
    targets = [real_example([_case()], _SETTINGS, 1, k)[1] for k in range(12)]
    values = set(torch.cat([t.flatten() for t in targets]).tolist())
    assert {-1, 0, 1, 2} == values


def test_mirroring_exchanges_the_sides() -> None:
    still = replace(
        _SPATIAL, shape=(24, 24, 40), rotation_deg=0, scaling=0, shear=0, elastic_sd_mm=0,
        focus_probability=0, centre_jitter=0,
    )  # fmt: skip
    look = AugmentationSettings(probability=0.0)
    for probability in (0.0, 1.0):
        settings = RealExampleSettings(replace(still, mirror_probability=probability), look)
        image, target = real_example([_case()], settings, 2, 0)
        columns = [float((target == value).nonzero()[:, 2].float().mean()) for value in (1, 2)]
        assert columns[0] < columns[1]  # class 1 stays the right one, whichever breast it was
        bright = image[0][target == 2].mean() > image[0][target == 1].mean()
        assert bool(bright) == (probability == 0.0)


def test_outside_the_exam_is_as_dark_as_its_darkest_voxel() -> None:
    settings = RealExampleSettings(
        replace(_SPATIAL, shape=(48, 48, 48)), AugmentationSettings(probability=0.0)
    )
    case = _case()
    image, target = real_example([case], settings, 2, 0)
    assert float(case.darkest[0]) == pytest.approx(float(image[0, 0, 0, 0]), abs=1e-3)
    assert 0 == int(target[0, 0, 0])


def test_plain_examples_show_exams_in_turn_unchanged() -> None:
    cases = [_case(0), _case(1)]
    image, target = real_example(cases, _SETTINGS, 9, 1, is_plain=True)
    known = target >= 0
    # Values of the exam itself, up to interpolation between voxels.
    inside = image[0][known & (target == 2)]
    assert float(inside.median()) == pytest.approx(
        float(cases[1].image[0][cases[1].target == 2].float().median()), rel=0.05
    )


def test_plain_examples_take_exams_in_turn() -> None:
    known = _case()
    unknown = replace(known, target=torch.full_like(known.target, 255), centres=())
    cases = [known, unknown]
    is_blank = [
        bool((real_example(cases, _SETTINGS, 9, k, is_plain=True)[1] < 1).all()) for k in range(8)
    ]
    assert [False, True] * 4 == is_blank


def test_crops_are_mostly_about_something() -> None:
    far = _case()
    found = [bool((real_example([far], _SETTINGS, 1, k)[1] > 0).any()) for k in range(30)]
    assert sum(found) >= 20


def test_field_examples_have_sizes_of_multiples_and_hold_a_breast() -> None:
    settings = RealExampleSettings(SpatialSettings(shape=(40, 40, 48), spacing_mm=2.0))
    for k in range(6):
        case = _case(channels=1)
        image, target = real_field_example([case], settings, ViewSettings(), 4, k, divisor=8)
        assert image.shape[1:] == target.shape
        assert all(size % 8 == 0 for size in target.shape)
        assert bool(((target == 1) | (target == 2)).any())


def test_detail_examples_bring_a_prior_that_is_near_the_truth() -> None:
    settings = RealExampleSettings(SpatialSettings(shape=(32, 32, 32), spacing_mm=1.2))
    image, target = real_detail_example([_case(channels=1)], settings, PriorSettings(), 4, 1)
    assert 2 == len(image)
    prior = (image[1] > 0).float()
    truth = ((target == 1) | (target == 2)).float()
    dice = 2 * float((prior * truth).sum()) / float(prior.sum() + truth.sum())
    assert 0.5 < dice < 0.999


def test_the_share_of_real_examples_is_kept() -> None:
    found = [is_real(0.3, 7, k) for k in range(600)]
    assert 0.3 == pytest.approx(np.mean(found), abs=0.06)
    assert not any(is_real(0.0, 7, k) for k in range(50))
    assert all(is_real(1.0, 7, k) for k in range(50))


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="noise_sd"):
        AugmentationSettings(noise_sd=3.0)
    with pytest.raises(InputError, match="bias_knot_mm"):
        AugmentationSettings(bias_knot_mm=(80.0, 40.0))
