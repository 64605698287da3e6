"""Brightness of every tissue in one random image, as tables.

Two ways lead to the same kind of table: random brightness (a Gaussian mixture with clusters inside
tissues, Billot 2023 and Zalevskyi 2024, cited in `ContrastSettings`), and signals simulated by
physics with a little of everything added that the simulation leaves out.
"""

from dataclasses import dataclass

import torch

from mamri.training.cached_anatomy import CachedAnatomy
from mamri.training.draws import Draws
from mamri.training.settings import ContrastSettings, Range
from mamri.training.signal_table import SignalTable

# A texture byte of 128 is the tissue's mean, and so many steps are one standard deviation.
TEXTURE_ZERO = 128
TEXTURE_STEPS_PER_SD = 40.0


@dataclass(frozen=True, slots=True, eq=False)
class TextureRecipe:
    """How the texture inside tissues is made.

    Parameters
    ----------
    grain, uptake : float
        Standard deviations of texture for one of grain and of uptake.
    coarse, fine : float
        Weights of two random smooth fields.
    knots_mm : (coarse, fine) of float, mm
    """

    grain: float
    uptake: float
    coarse: float
    fine: float
    knots_mm: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class FatResidual:
    """Fat that suppression missed.

    Parameters
    ----------
    amount : float
        Signal over the brightest tissue.
    is_patchy : bool
    knot_mm : float, mm
        Size of the patches.
    """

    amount: float
    is_patchy: bool
    knot_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Brightness by tissue; K images (phases) of one exam.

    Parameters
    ----------
    by_texture : (256, 256) float32 tensor or None
        By tissue and texture byte, the same in all images.
    by_uptake : (K, 256, 256) float32 tensor or None
        By tissue and uptake byte, added to the former.
    texture : TextureRecipe
        Makes the texture bytes; without ``by_texture`` its weights scale the image instead.
    fat : FatResidual or None
    is_physical, is_inverted : bool
    """

    by_texture: torch.Tensor | None
    by_uptake: torch.Tensor | None
    texture: TextureRecipe
    fat: FatResidual | None
    is_physical: bool
    is_inverted: bool

    @property
    def n_images(self) -> int:
        """Images that it makes."""
        return 1 if self.by_uptake is None else int(self.by_uptake.shape[0])


def draw_contrast(
    anatomy: CachedAnatomy, settings: ContrastSettings, draws: Draws, *, dynamic: bool = False
) -> Contrast:
    """Draw the contrast of one image, or of three phases.

    Parameters
    ----------
    anatomy : CachedAnatomy
    settings : ContrastSettings
    draws : Draws
    dynamic : bool
        Phases before contrast, first after, and last.

    Returns
    -------
    Contrast
        On the CPU on the random path, on the anatomy's device on the physics path.
    """
    tables = [t for t in anatomy.signal_tables if not dynamic or t.n_phases >= 2]
    is_physical = draws.chance(settings.physics_probability) and bool(tables)
    is_inverted = draws.chance(settings.inversion_probability) and not dynamic
    if is_physical:
        table = tables[draws.index(len(tables))]
        return _physical(anatomy, table, settings, draws, dynamic, is_inverted)
    by_texture = _mixture(anatomy, settings, draws)
    if is_inverted:
        by_texture = _inverted(by_texture[None], anatomy.present)[0]
    by_uptake = _enhancement(anatomy, settings, draws) if dynamic else None
    texture = _mixture_texture(settings, draws)
    return Contrast(by_texture, by_uptake, texture, None, False, is_inverted)


def _mixture(anatomy: CachedAnatomy, settings: ContrastSettings, draws: Draws) -> torch.Tensor:
    """Means, spreads and clusters of 256 tissues over the texture, (256, 256)."""
    fat = list(anatomy.coding.fat_tissues)
    means = _between(settings.mean_range, draws.uniforms(256))
    shared = _between(settings.mean_range, draws.uniforms(settings.shared_means))
    group = (draws.uniforms(256) * settings.shared_means).long()
    takes_shared = draws.uniforms(256) < settings.shared_mean_probability
    means = torch.where(takes_shared, shared[group], means)
    spread = torch.ones(256)
    if fat:
        level = float(means[fat[0]])
        means = _away_from(means, level, settings)
        means[fat] = level
        spread[fat] = settings.fat_texture
    sds = _between(settings.sd_range, draws.uniforms(256)) * torch.sign(draws.normal(256)) * spread
    texture = (torch.arange(256) - TEXTURE_ZERO) / TEXTURE_STEPS_PER_SD
    # Each tissue is cut into clusters at random levels of the texture.
    n_cuts = settings.max_clusters - 1
    cuts = 1.5 * draws.normal(256, n_cuts, 1)
    numbers = torch.arange(n_cuts)[None, :, None]
    in_use = (draws.uniforms(256, 1, 1) * settings.max_clusters).floor() > numbers
    steps = settings.cluster_sd * draws.normal(256, n_cuts, 1) * in_use * spread[:, None, None]
    clusters = (steps * torch.sign(texture - cuts)).sum(1) / 2
    table = means[:, None] + sds[:, None] * texture + clusters
    table[0] = 0
    return table.clamp_(min=0)


def _away_from(means: torch.Tensor, fat: float, settings: ContrastSettings) -> torch.Tensor:
    """Means that differ from that of fat by the least contrast at least."""
    least = settings.min_fat_contrast
    away = torch.where(means < fat, -1.0, 1.0)
    # Where there is no room on one side of fat there is on the other.
    low, high = settings.mean_range
    away = torch.where((away < 0) & (fat - least < low), 1.0, away)
    away = torch.where((away > 0) & (fat + least > high), -1.0, away)
    return torch.where((means - fat).abs() < least, fat + away * least, means)


def _mixture_texture(settings: ContrastSettings, draws: Draws) -> TextureRecipe:
    """Random weights whose squares add to 1."""
    weights = draws.normal(4)
    weights[2:] = weights[2:].abs()
    grain, uptake, coarse, fine = (weights / weights.norm().clamp(min=1e-3)).tolist()
    low, high = settings.texture_knots_mm
    middle = (low * high) ** 0.5
    knots = (draws.log_uniform((middle, high)), draws.log_uniform((low, middle)))
    return TextureRecipe(
        grain / settings.grain_sd, uptake / settings.uptake_sd, coarse, fine, knots
    )


def _enhancement(anatomy: CachedAnatomy, settings: ContrastSettings, draws: Draws) -> torch.Tensor:
    """Rise of each tissue before contrast (none), at the first and at the last phase."""
    amount = draws.uniforms(256)
    first = _between(settings.enhancement_range, amount**2)
    strong = list(anatomy.coding.enhancing_tissues)
    first[strong] = _between(settings.strong_enhancement_range, amount)[strong]
    last = first * _between(settings.delay_range, draws.uniforms(256))
    if draws.chance(settings.one_phase_probability):
        last = first
    rise = torch.stack([torch.zeros(256), first, last])
    rise[:, [0, *anatomy.coding.fat_tissues]] = 0
    return rise[:, :, None] * (torch.arange(256) / 100)


def _physical(
    anatomy: CachedAnatomy,
    table: SignalTable,
    settings: ContrastSettings,
    draws: Draws,
    dynamic: bool,
    is_inverted: bool,
) -> Contrast:
    phases = _phases(table, settings, draws) if dynamic else [draws.index(table.n_phases)]
    signal = table.signal[phases]
    fat = list(anatomy.coding.fat_tissues)
    is_suppressed = bool(fat) and not bool(signal[:, fat].any())
    # The brightest tissue of the anatomy at neutral uptake before contrast is 1.
    present = list(anatomy.present) or [1]
    signal = signal / signal[0, present, 100].amax().clamp(min=1e-9)
    jitter = torch.exp(settings.tissue_jitter * draws.normal(256, 1))
    signal = signal * jitter.to(signal.device)
    if is_suppressed:
        signal[:, fat] = draws.uniform(settings.suppressed_fat)
    if is_inverted:
        signal = _inverted(signal, anatomy.present)
    low, high = settings.texture_knots_mm
    middle = (low * high) ** 0.5
    texture = TextureRecipe(
        grain=draws.uniform(settings.grain_weights),
        uptake=0.0,
        coarse=0.05 * draws.uniform((0, 1)),
        fine=0.05 * draws.uniform((0, 1)),
        knots_mm=(draws.log_uniform((middle, high)), draws.log_uniform((low, middle))),
    )
    return Contrast(
        None, signal, texture, _fat_residual(anatomy, settings, draws), True, is_inverted
    )


def _phases(table: SignalTable, settings: ContrastSettings, draws: Draws) -> list[int]:
    """Phase before contrast, first after it and last, by their times where those are known.

    The last is never before the first, even where the ranges overlap.
    """
    first, last = [1], [table.n_phases - 1]
    if table.times_s:
        first, last = (
            [n for n, time in enumerate(table.times_s) if n and low <= time <= high] or phases
            for (low, high), phases in (
                (settings.first_phase_s, first),
                (settings.last_phase_s, last),
            )
        )
    early = first[draws.index(len(first))]
    last = [n for n in last if n >= early] or [early]
    late = last[draws.index(len(last))]
    return [0, early, early if draws.chance(settings.one_phase_probability) else late]


def _fat_residual(
    anatomy: CachedAnatomy, settings: ContrastSettings, draws: Draws
) -> FatResidual | None:
    if not anatomy.coding.fat_tissues or not draws.chance(settings.fat_residual_probability):
        return None
    return FatResidual(
        amount=draws.uniform((0, settings.max_fat_residual)),
        is_patchy=draws.chance(settings.patchy_probability),
        knot_mm=draws.uniform((40, 100)),
    )


def _inverted(tables: torch.Tensor, present: tuple[int, ...]) -> torch.Tensor:
    """Dark for bright in every tissue but air."""
    top = tables[:, list(present) or [1]].amax()
    inverted = (top - tables).clamp_(min=0)
    inverted[:, 0] = 0
    return inverted


def _between(bounds: Range, share: torch.Tensor) -> torch.Tensor:
    return bounds[0] + (bounds[1] - bounds[0]) * share
