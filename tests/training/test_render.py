from dataclasses import replace

import torch
from training.chest import FAT

from mamri.training import CachedAnatomy
from mamri.training.contrast import Contrast, FatResidual, TextureRecipe
from mamri.training.draws import Draws, seeded_draws
from mamri.training.render import render

EVEN = TextureRecipe(grain=0, uptake=0, coarse=0, fine=0, knots_mm=(30.0, 10.0))
BOX = (slice(4, 30), slice(10, 60), slice(3, 70))


def _draws() -> Draws:
    return seeded_draws(0, 0, 1, torch.device("cpu"))


def _tables() -> torch.Tensor:
    table = torch.rand(256, 256, generator=torch.Generator().manual_seed(4))
    table[0] = 0
    return table


def _slowly(anatomy: CachedAnatomy, table: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """The formula, one tissue after the other."""
    image = torch.zeros(level.shape)
    for code in (0, *anatomy.present):
        share = anatomy.share[BOX] / 255
        image += (anatomy.tissues[0][BOX] == code) * share * table[code][level]
        image += (anatomy.tissues[1][BOX] == code) * (1 - share) * table[code][level]
    return image


def test_tissues_are_mixed_by_their_shares(chest: CachedAnatomy) -> None:
    contrast = Contrast(None, _tables()[None], EVEN, None, True, False)

    image = render(chest, BOX, contrast, _draws())

    torch.testing.assert_close(_slowly(chest, _tables(), chest.uptake[BOX].long()), image[0])


def test_phases_add_to_what_texture_makes(chest: CachedAnatomy) -> None:
    rise = torch.stack([torch.zeros(256, 256), _tables()])
    contrast = Contrast(_tables(), rise, EVEN, None, False, False)

    before, after = render(chest, BOX, contrast, _draws())

    neutral = torch.full(before.shape, 128)
    torch.testing.assert_close(_slowly(chest, _tables(), neutral), before)
    torch.testing.assert_close(_slowly(chest, _tables(), chest.uptake[BOX].long()), after - before)


def test_grain_scales_physical_images_either_way(chest: CachedAnatomy) -> None:
    even = Contrast(None, _tables()[None], EVEN, None, True, False)
    plain = render(chest, BOX, even, _draws())
    for weight in (1.0, -0.5):
        image = render(chest, BOX, replace(even, texture=replace(EVEN, grain=weight)), _draws())
        factor = (1 + weight * (chest.grain[BOX].float() - 100) / 100).clamp(min=0)
        torch.testing.assert_close(plain[0] * factor, image[0])


def test_texture_follows_grain_and_random_fields(chest: CachedAnatomy) -> None:
    ramp = ((torch.arange(256) - 128) / 40).expand(256, 256).clone()
    recipe = TextureRecipe(grain=5, uptake=0, coarse=0, fine=0, knots_mm=(30.0, 10.0))
    by_grain = render(chest, BOX, Contrast(ramp, None, recipe, None, False, False), _draws())
    expected = (5 * (chest.grain[BOX].float() - 100) / 100).clamp(-128 / 40, 127 / 40)
    torch.testing.assert_close(expected, by_grain[0], atol=0.03, rtol=0)  # a step is 1/40

    fields = replace(recipe, grain=0, coarse=0.6, fine=0.8)
    random = render(chest, BOX, Contrast(ramp, None, fields, None, False, False), _draws())
    assert 0.6 < float(random.std()) < 1.4


def test_unsuppressed_fat_is_in_fat_alone(chest: CachedAnatomy) -> None:
    nothing = torch.zeros(1, 256, 256)
    for is_patchy in (False, True):
        fat = FatResidual(amount=0.5, is_patchy=is_patchy, knot_mm=60.0)
        image = render(chest, BOX, Contrast(None, nothing, EVEN, fat, True, False), _draws())[0]
        first, second = chest.tissues[0][BOX], chest.tissues[1][BOX]
        pure = (first == FAT) & (chest.share[BOX] == 255)
        assert float(image[(first != FAT) & (second != FAT)].max()) == 0
        assert float(image[pure].max()) <= 0.5
        assert (float(image[pure].std()) > 0.05) == is_patchy
