"""The training stream: endless pairs of a random image and its labels.

Pair k depends on the seed and k alone, so a run can be stopped, continued, and divided between
processes: process p of n takes ``first=p, step=n``.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from mamri.records import InputError
from mamri.training.cached_anatomy import CachedAnatomy, to_device
from mamri.training.contrast import draw_contrast
from mamri.training.draws import Draws, seeded_draws
from mamri.training.level import MAX_LEVEL, level_and_spread
from mamri.training.random_crop import Crop, random_crop, sample_image
from mamri.training.render import render
from mamri.training.scan import ScanRecipe, acquire, cut_region, draw_scan
from mamri.training.settings import RandomisationSettings

Pair = tuple[torch.Tensor, torch.Tensor]
Triple = tuple[torch.Tensor, torch.Tensor, torch.Tensor]

# What the draws of one pair are for.
_PLACE, _LOOK, _OTHER_LOOK = 0, 1, 2


def training_stream(
    cache: Sequence[CachedAnatomy],
    settings: RandomisationSettings,
    seed: int,
    device: torch.device | str = "cpu",
    *,
    first: int = 0,
    step: int = 1,
) -> Iterator[Pair]:
    """Endless random pairs to train on.

    Parameters
    ----------
    cache : sequence of CachedAnatomy
        Each pair takes one at random.
    settings : RandomisationSettings
    seed : int, not negative
    device : torch.device or str
        Where pairs are made and stay. Anatomies are moved there when drawn; on a GPU hand over
        anatomies that are there already (`to_device`).
    first, step : int
        Numbers of the pairs: ``first``, ``first + step``, and so on.

    Yields
    ------
    image : (1, S, R, C) float32, or (4, S, R, C) where ``settings.dynamic``
        Normalised as `level.normalised` does, up to `ScanSettings.level_jitter`. Dynamic images
        share one level over all phases, and their differences keep its scale.
    target : (S, R, C) int64

    Raises
    ------
    InputError
        If the cache is empty or a number is out of range.
    """
    _check(cache, seed, first, step)
    for index in itertools.count(first, step):
        yield training_pair(cache, settings, seed, index, device)


def consistency_stream(
    cache: Sequence[CachedAnatomy],
    settings: RandomisationSettings,
    seed: int,
    device: torch.device | str = "cpu",
    *,
    first: int = 0,
    step: int = 1,
) -> Iterator[Triple]:
    """Endless pairs of two looks of the same crop, to train consistency.

    The first look and the target are those of `training_stream`; the second look shows the same
    field of view.

    Parameters
    ----------
    cache, settings, seed, device, first, step
        As for `training_stream`.

    Yields
    ------
    image, other image, target
        As `training_stream` has them.

    Raises
    ------
    InputError
        If the cache is empty or a number is out of range.
    """
    _check(cache, seed, first, step)
    where = torch.device(device)
    for index in itertools.count(first, step):
        anatomy, crop = _place(cache, settings, seed, index, where)
        image, scan = _look(anatomy, crop, settings, seeded_draws(seed, index, _LOOK, where))
        draws = seeded_draws(seed, index, _OTHER_LOOK, where)
        other, _ = _look(anatomy, crop, settings, draws, field_of=scan)
        yield image, other, _seen(crop.target, scan)


def training_pair(
    cache: Sequence[CachedAnatomy],
    settings: RandomisationSettings,
    seed: int,
    index: int,
    device: torch.device | str = "cpu",
) -> Pair:
    """One pair of the stream.

    Parameters
    ----------
    cache, settings, seed, device
        As for `training_stream`.
    index : int
        Number of the pair.

    Returns
    -------
    image, target
        As `training_stream` yields them.
    """
    where = torch.device(device)
    anatomy, crop = _place(cache, settings, seed, index, where)
    image, scan = _look(anatomy, crop, settings, seeded_draws(seed, index, _LOOK, where))
    return image, _seen(crop.target, scan)


def _check(cache: Sequence[CachedAnatomy], seed: int, first: int, step: int) -> None:
    if not cache or seed < 0 or first < 0 or step < 1:
        raise InputError(
            "a stream needs at least one anatomy, seed and first of at least 0 and step of at "
            f"least 1, got {len(cache)} anatomies, {seed=}, {first=}, {step=}; change them"
        )


def _place(
    cache: Sequence[CachedAnatomy],
    settings: RandomisationSettings,
    seed: int,
    index: int,
    device: torch.device,
) -> tuple[CachedAnatomy, Crop]:
    draws = seeded_draws(seed, index, _PLACE, device)
    anatomy = to_device(cache[draws.index(len(cache))], device)
    return anatomy, random_crop(anatomy, settings.spatial, draws)


def _look(
    anatomy: CachedAnatomy,
    crop: Crop,
    settings: RandomisationSettings,
    draws: Draws,
    field_of: ScanRecipe | None = None,
) -> tuple[torch.Tensor, ScanRecipe]:
    """One random image of a crop, normalised, and how it was acquired."""
    contrast = draw_contrast(anatomy, settings.contrast, draws, dynamic=settings.dynamic)
    scan = draw_scan(settings.scan, settings.spatial, draws, phases=contrast.n_images)
    if field_of is not None:
        scan = replace(scan, cut_axis=field_of.cut_axis, cut=field_of.cut)
    image = sample_image(render(anatomy, crop.box, contrast, draws), crop)
    image = acquire(
        image, scan, settings.scan, draws, crop.placement.anterior, settings.spatial.spacing_mm
    )
    mean, sd = level_and_spread(image)
    scale, shift = settings.scan.level_jitter * draws.normal(2)
    mean, sd = mean - shift.item() * sd, sd * torch.exp(scale).item()
    if settings.dynamic:
        before, early, late = image
        image = torch.stack([before - mean, early - mean, early - before, late - early])
    else:
        image = image.sub_(mean)
    return image.div_(sd).clamp_(-MAX_LEVEL, MAX_LEVEL), scan


def _seen(target: torch.Tensor, scan: ScanRecipe) -> torch.Tensor:
    """Labels without those outside the acquired field of view."""
    if scan.cut:
        s, r, c = target.shape
        target = target.clone()
        target[cut_region(scan, (s, r, c))] = 0
    return target
