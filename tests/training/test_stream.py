from dataclasses import replace
from itertools import islice

import pytest
import torch

from mamri.records import InputError
from mamri.training import (
    CachedAnatomy,
    RandomisationSettings,
    ScanSettings,
    consistency_stream,
    training_pair,
    training_stream,
)


def _pairs(chest: CachedAnatomy, small: RandomisationSettings, n: int, **kw: int) -> list:
    return list(islice(training_stream([chest], small, 11, **kw), n))


def test_the_same_seed_gives_the_same_bytes(
    chest: CachedAnatomy, small: RandomisationSettings
) -> None:
    for (a, ta), (b, tb) in zip(_pairs(chest, small, 6), _pairs(chest, small, 6), strict=True):
        assert torch.equal(a, b)
        assert torch.equal(ta, tb)


def test_a_pair_does_not_depend_on_what_came_before(
    chest: CachedAnatomy, small: RandomisationSettings
) -> None:
    whole = _pairs(chest, small, 7)
    image, target = training_pair([chest], small, 11, 6)
    (late,) = _pairs(chest, small, 1, first=6)
    odd = _pairs(chest, small, 3, first=1, step=2)

    for other in (image, late[0]):
        assert torch.equal(whole[6][0], other)
    assert torch.equal(whole[6][1], target)
    assert torch.equal(whole[5][0], odd[2][0])


def test_seeds_and_pairs_differ(chest: CachedAnatomy, small: RandomisationSettings) -> None:
    images = [pair[0] for pair in _pairs(chest, small, 4)]
    images.append(training_pair([chest], small, 12, 0)[0])

    assert not any(torch.equal(a, b) for i, a in enumerate(images) for b in images[:i])


def test_the_number_of_threads_does_not_matter(chest: CachedAnatomy) -> None:
    # Large enough that torch divides the work.
    large = RandomisationSettings()
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append([training_pair([chest], large, 2, k) for k in range(4)])
    finally:
        torch.set_num_threads(before)
    for (a, ta), (b, tb) in zip(*results, strict=True):
        assert torch.equal(ta, tb)
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_images_are_normalised_and_finite(
    chest: CachedAnatomy, small: RandomisationSettings
) -> None:
    for image, target in _pairs(chest, small, 60):
        assert (1, 24, 28, 32) == tuple(image.shape)
        assert (24, 28, 32) == tuple(target.shape)
        assert (torch.float32, torch.int64) == (image.dtype, target.dtype)
        assert bool(torch.isfinite(image).all())
        assert float(image.abs().max()) <= 20
        assert 0 <= int(target.min())
        assert int(target.max()) <= 7


def test_dynamic_images_have_four_channels_of_one_scale(
    chest: CachedAnatomy, small: RandomisationSettings
) -> None:
    for image, _ in _pairs(chest, replace(small, dynamic=True), 12):
        before, early, difference, late = image
        assert bool(torch.isfinite(late).all())
        kept = image.abs().amax(0) < 20
        torch.testing.assert_close((early - before)[kept], difference[kept], atol=1e-4, rtol=1e-4)


def test_two_looks_show_one_crop(chest: CachedAnatomy, small: RandomisationSettings) -> None:
    triples = list(islice(consistency_stream([chest], small, 11), 6))

    for (image, target), (first, second, same) in zip(
        _pairs(chest, small, 6), triples, strict=True
    ):
        assert torch.equal(image, first)
        assert torch.equal(target, same)
        assert not torch.equal(first, second)


def test_what_the_scan_leaves_out_has_no_labels(
    chest: CachedAnatomy, small: RandomisationSettings
) -> None:
    cut = replace(small, scan=ScanSettings(cut_probability=1.0, max_cut=0.4))
    for k in range(10):
        image, other, target = next(consistency_stream([chest], cut, 3, first=k))
        whole = training_pair([chest], replace(small, scan=ScanSettings(cut_probability=0)), 3, k)[
            1
        ]
        lost = (target == 0) & (whole != 0)
        assert torch.all(target[~lost] == whole[~lost])
        assert torch.equal(target, training_pair([chest], cut, 3, k)[1])
        for look in (image, other):
            # Zeros are one level after normalisation, the darkest of all.
            assert torch.all(look[0][lost] == look.min())


def test_the_cache_is_left_as_it_was(chest: CachedAnatomy, small: RandomisationSettings) -> None:
    names = ("tissues", "share", "uptake", "grain", "target")
    before = {name: getattr(chest, name).clone() for name in names}
    tables = [table.signal.clone() for table in chest.signal_tables]

    _pairs(chest, small, 20)
    _pairs(chest, replace(small, dynamic=True), 10)

    assert all(torch.equal(before[name], getattr(chest, name)) for name in names)
    assert all(torch.equal(a, b.signal) for a, b in zip(tables, chest.signal_tables, strict=True))


def test_global_random_numbers_are_neither_used_nor_changed(
    chest: CachedAnatomy, small: RandomisationSettings
) -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first = training_pair([chest], small, 1, 0)[0]

    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(1)
    assert torch.equal(first, training_pair([chest], small, 1, 0)[0])


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"first": -1}, {"step": 0}])
def test_impossible_streams_are_refused(
    chest: CachedAnatomy, small: RandomisationSettings, wrong: dict
) -> None:
    with pytest.raises(InputError, match="change them"):
        next(training_stream([chest], small, **{"seed": 0} | wrong))
    with pytest.raises(InputError, match="0 anatomies"):
        next(training_stream([], small, 0))
