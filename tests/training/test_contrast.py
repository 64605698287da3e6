from dataclasses import replace

import numpy as np
import pytest
import torch
from training.chest import FAT, LESION

from mamri.training import CachedAnatomy, ContrastSettings, signal_table
from mamri.training.contrast import TEXTURE_ZERO, Contrast, draw_contrast
from mamri.training.draws import seeded_draws

SETTINGS = ContrastSettings()

# Of a series, the first before contrast.
TIMES_S = (-60.0, 50.0, 75.0, 105.0, 150.0, 210.0, 280.0, 360.0, 450.0)


def _contrasts(
    chest: CachedAnatomy, settings: ContrastSettings, n: int = 1000, dynamic: bool = False
) -> list[Contrast]:
    return [
        draw_contrast(chest, settings, seeded_draws(1, k, 1, torch.device("cpu")), dynamic=dynamic)
        for k in range(n)
    ]


def test_as_many_images_are_physical_and_inverted_as_asked(chest: CachedAnatomy) -> None:
    drawn = _contrasts(chest, SETTINGS)

    # Five standard errors of a share of 1,000.
    assert abs(np.mean([c.is_physical for c in drawn]) - 0.5) < 0.079
    assert abs(np.mean([c.is_inverted for c in drawn]) - 0.1) < 0.048


def test_without_tables_nothing_is_physical(chest: CachedAnatomy) -> None:
    drawn = _contrasts(replace(chest, signal_tables=()), SETTINGS, 50)

    assert not any(c.is_physical for c in drawn)


def test_air_is_dark_in_every_contrast(chest: CachedAnatomy) -> None:
    for dynamic in (False, True):
        for c in _contrasts(chest, SETTINGS, 50, dynamic):
            for table in (c.by_texture, c.by_uptake):
                assert table is None or float(table[..., 0, :].abs().max()) == 0


def test_an_inverted_contrast_exchanges_dark_and_bright(chest: CachedAnatomy) -> None:
    present = list(chest.present)
    for physics in (0.0, 1.0):
        plain, inverted = (
            _contrasts(
                chest,
                replace(SETTINGS, physics_probability=physics, inversion_probability=p),
                1,
            )[0]
            for p in (0.0, 1.0)
        )
        for a, b in (
            (plain.by_texture, inverted.by_texture),
            (plain.by_uptake, inverted.by_uptake),
        ):
            if a is not None and b is not None:
                total = (a + b)[..., present, :]
                torch.testing.assert_close(total, total.amax().expand_as(total))


def test_every_tissue_differs_from_fat(chest: CachedAnatomy) -> None:
    even = replace(SETTINGS, physics_probability=0, sd_range=(0, 0), max_clusters=1)
    for c in _contrasts(chest, even, 100):
        assert c.by_texture is not None
        means = c.by_texture[:, TEXTURE_ZERO]
        others = [code for code in chest.present if code != FAT]
        assert float((means[others] - means[FAT]).abs().min()) > 0.12 - 1e-5


def test_tissues_share_means_as_often_as_asked(chest: CachedAnatomy) -> None:
    even = replace(SETTINGS, physics_probability=0, sd_range=(0, 0), max_clusters=1,
                   shared_mean_probability=1.0, min_fat_contrast=0.0)  # fmt: skip
    for c in _contrasts(chest, even, 20):
        assert c.by_texture is not None
        assert len(c.by_texture[1:, TEXTURE_ZERO].unique()) <= 4


def test_clusters_are_steps_inside_a_tissue(chest: CachedAnatomy) -> None:
    stepped = replace(SETTINGS, physics_probability=0, sd_range=(0, 0), max_clusters=4)
    levels = []
    for c in _contrasts(chest, stepped, 20):
        assert c.by_texture is not None
        levels += [len(row.unique()) for row in c.by_texture[5:]]

    assert {1, 2, 3, 4} == set(levels)
    # One in four has no step; a few more have theirs beyond the texture.
    assert 0.25 < levels.count(1) / len(levels) < 0.32


def test_physical_tissues_keep_their_order_of_brightness(chest: CachedAnatomy) -> None:
    exact = replace(SETTINGS, physics_probability=1, tissue_jitter=0, inversion_probability=0)
    tables = [t.signal[p] for t in chest.signal_tables for p in range(t.n_phases)]
    for c in _contrasts(chest, exact, 30):
        assert c.by_uptake is not None
        found = c.by_uptake[0]
        torch.testing.assert_close(torch.tensor(1.0), found[list(chest.present), 100].max())
        assert any(torch.allclose(found * t[FAT, 0] / found[FAT, 0], t, atol=1e-5) for t in tables)


@pytest.mark.parametrize("physics", [0.0, 1.0])
def test_dynamic_contrasts_start_without_agent_and_lesions_enhance(
    chest: CachedAnatomy, physics: float
) -> None:
    coding = replace(chest.coding, enhancing_tissues=(LESION,))
    settings = replace(SETTINGS, physics_probability=physics)
    for c in _contrasts(replace(chest, coding=coding), settings, 30, dynamic=True):
        assert c.by_uptake is not None
        assert not c.is_inverted
        assert 3 == c.n_images
        before, first, _ = c.by_uptake[:, LESION]
        assert float(before.std()) < 1e-6  # the same at every uptake
        assert float((first - before)[100]) > 0.25
        assert torch.all(c.by_uptake[:, FAT].std(dim=0) < 0.03)


def test_fat_is_left_unsuppressed_as_often_as_asked(chest: CachedAnatomy) -> None:
    drawn = _contrasts(chest, replace(SETTINGS, physics_probability=1))
    left = [c.fat for c in drawn if c.fat is not None]

    assert abs(len(left) / 1000 - 0.4) < 0.078
    assert max(f.amount for f in left) <= 0.8
    assert abs(np.mean([f.is_patchy for f in left]) - 0.5) < 0.125


def test_a_contrast_without_fat_keeps_a_rest_of_it_like_suppression(chest: CachedAnatomy) -> None:
    signal = chest.signal_tables[0].signal.clone()
    signal[:, FAT] = 0
    settings = replace(SETTINGS, physics_probability=1.0, inversion_probability=0.0)
    table = replace(chest.signal_tables[0], signal=signal)

    drawn = _contrasts(replace(chest, signal_tables=(table,)), settings, 200)
    left = np.array([float(c.by_uptake[0, FAT, 100]) for c in drawn if c.by_uptake is not None])

    low, high = settings.suppressed_fat
    assert len(left) == 200
    assert low <= left.min() < low + 0.05
    assert high - 0.05 < left.max() <= high
    assert not signal[:, FAT].any()  # the table itself stays as it is


def _drawn_times(
    chest: CachedAnatomy,
    settings: ContrastSettings,
    *,
    times_s: tuple[float, ...] = TIMES_S,
    n: int = 300,
) -> np.ndarray:
    """Times of the three phases of n dynamic contrasts, (n, 3)."""
    # Every tissue is 1 in the first phase, 2 in the second, and so on.
    signal = np.broadcast_to(np.arange(len(times_s)) + 1.0, (65, 2, len(times_s)))
    series = replace(chest, signal_tables=(signal_table(signal, times_s=times_s),))
    exact = replace(settings, physics_probability=1.0, tissue_jitter=0.0)
    tables = [c.by_uptake for c in _contrasts(series, exact, n, dynamic=True)]
    phases = [table[:, LESION, 100] - 1 for table in tables if table is not None]
    assert n == len(phases)
    return np.array(times_s)[torch.stack(phases).round().long().numpy()]


@pytest.mark.parametrize(
    ("ranges", "first", "last"),
    [
        ({}, {50, 75, 105, 150}, {210, 280, 360, 450}),
        ({"first_phase_s": (60, 110), "last_phase_s": (300, 360)}, {75, 105}, {360}),
        # No phase lies there: the first after contrast and the last of all.
        ({"first_phase_s": (10, 20), "last_phase_s": (500, 600)}, {50}, {450}),
    ],
)
def test_phases_are_all_those_whose_times_lie_in_the_ranges(
    chest: CachedAnatomy, ranges: dict, first: set[float], last: set[float]
) -> None:
    times = _drawn_times(chest, replace(SETTINGS, one_phase_probability=0.0, **ranges))

    assert {-60.0} == set(times[:, 0])
    assert first == set(times[:, 1])
    assert last == set(times[:, 2])


def test_the_phase_before_contrast_is_never_one_after_it(chest: CachedAnatomy) -> None:
    settings = replace(SETTINGS, first_phase_s=(0.0, 100.0), last_phase_s=(0.0, 500.0))

    times = _drawn_times(chest, settings, times_s=(0.0, 90.0, 300.0))

    assert {0.0} == set(times[:, 0])
    assert {90.0} == set(times[:, 1])
    assert {90.0, 300.0} == set(times[:, 2])


@pytest.mark.parametrize(
    ("first", "last"),
    [((45.0, 160.0), (200.0, 500.0)), ((45.0, 300.0), (100.0, 500.0)), ((200, 500), (45, 160))],
)
def test_times_of_phases_ascend_even_where_ranges_overlap(
    chest: CachedAnatomy, first: tuple[float, float], last: tuple[float, float]
) -> None:
    times = _drawn_times(chest, replace(SETTINGS, first_phase_s=first, last_phase_s=last))

    assert np.all(times[:, 0] < times[:, 1])
    assert np.all(times[:, 1] <= times[:, 2])
    assert np.all((times[:, 1] >= first[0]) & (times[:, 1] <= first[1]))


@pytest.mark.parametrize("physics", [0.0, 1.0])
def test_as_many_dynamic_contrasts_have_one_phase_alone_as_asked(
    chest: CachedAnatomy, physics: float
) -> None:
    # Five standard errors of a share of 300.
    for probability, tolerance in ((0.0, 0.0), (1.0, 0.0), (0.3, 0.13)):
        settings = replace(SETTINGS, physics_probability=physics, one_phase_probability=probability)
        tables = [c.by_uptake for c in _contrasts(chest, settings, 300, dynamic=True)]
        alone = [torch.equal(t[1], t[2]) for t in tables if t is not None]
        assert 300 == len(alone)
        assert abs(np.mean(alone) - probability) <= tolerance
