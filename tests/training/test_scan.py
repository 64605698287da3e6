import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from mamri.training import ScanSettings, SpatialSettings
from mamri.training.axis_operator import AxisRecipe
from mamri.training.draws import Draws, seeded_draws
from mamri.training.receive_field import draw_receive_field
from mamri.training.scan import ScanRecipe, acquire, cut_region, draw_scan
from mamri.training.smooth_field import evaluate_field

SPATIAL = SpatialSettings(shape=(32, 32, 32))
QUIET = ScanSettings(bias_sd=0, coil_probability=0, g_factor_sd=0)
PLAIN = ScanRecipe(
    axes=(AxisRecipe(),) * 3, shifts=((0.0, 0.0, 0.0),), resampling="linear", noise=1e-6,
    mask_below=0, spike=0, spike_waves=(0, 0, 0, 0), gamma=1, clip_percent=0, is_inverted=False,
    cut_axis=0, cut=0,
)  # fmt: skip
FRONT = torch.tensor([0.0, -1.0, 0.0])


def _draws(index: int = 0) -> Draws:
    return seeded_draws(5, index, 1, torch.device("cpu"))


def _body() -> torch.Tensor:
    """Tissue of brightness 1 in the back half."""
    image = torch.zeros(1, 32, 32, 32)
    image[:, :, 16:] = 1
    return image


def _acquired(recipe: ScanRecipe, settings: ScanSettings = QUIET) -> torch.Tensor:
    return acquire(_body(), recipe, settings, _draws(), FRONT, 1.5)


def test_artefacts_come_as_often_as_asked() -> None:
    drawn = [draw_scan(ScanSettings(), SPATIAL, _draws(k)) for k in range(1000)]
    shares = {
        0.2: [any(a.ghost for a in d.axes) for d in drawn],
        0.08: [any(a.wrap for a in d.axes) for d in drawn],
        0.15: [d.mask_below > 0 for d in drawn],
        0.04: [d.spike > 0 for d in drawn],
        0.1: [d.cut != 0 for d in drawn],
    }
    shares[0.15001] = [any(a.motion for a in d.axes) for d in drawn]
    for wanted, found in shares.items():
        assert abs(np.mean(found) - wanted) < 5 * math.sqrt(wanted * (1 - wanted) / 1000)


def test_resolutions_keep_their_bounds_and_one_axis_is_thick() -> None:
    settings = ScanSettings(thick_probability=1.0, thickness_mm=(3, 6), in_plane_mm=(0.6, 2))
    for k in range(50):
        mm = sorted(a.resolution * 1.5 for a in draw_scan(settings, SPATIAL, _draws(k)).axes)
        assert 0.6 <= mm[0] == mm[1] <= 2
        assert 3 <= mm[2] <= 6


def test_a_perfect_scan_shows_the_image() -> None:
    torch.testing.assert_close(_body(), _acquired(PLAIN), atol=1e-4, rtol=0)


def test_air_is_rician_noise_and_not_zero() -> None:
    image = _acquired(replace(PLAIN, noise=0.05))
    air, tissue = image[:, :, :15], image[:, :, 17:]

    # Rayleigh distribution: mean 1.2533 and standard deviation 0.6551 of the noise.
    assert abs(float(air.mean()) / 0.05 - 1.2533) < 0.03
    assert abs(float(air.std()) / 0.05 - 0.6551) < 0.03
    assert abs(float(tissue.std()) / 0.05 - 1) < 0.05
    assert float(air.min()) > 0


def test_masked_air_is_zero() -> None:
    image = _acquired(replace(PLAIN, noise=0.05, mask_below=0.05))

    assert 0 == float(image[:, :, :16].max())
    assert float(image[:, :, 16:].min()) > 0


def test_thick_slices_make_every_voxel_like_its_neighbours() -> None:
    thick = AxisRecipe(resolution=4.0)
    image = _acquired(
        replace(PLAIN, axes=(thick, AxisRecipe(), AxisRecipe()), noise=0.05, resampling="nearest")
    )[0]

    assert torch.equal(image[4], image[7])
    assert not torch.equal(image[4], image[8])


def test_spikes_are_waves_of_the_wanted_brightness() -> None:
    image = _acquired(replace(PLAIN, spike=0.1, spike_waves=(3.0, 0.0, 4.0, 0.0)))
    s, c = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    expected = 1 + 0.1 * torch.cos(2 * torch.pi * (3 * s + 4 * c) / 32)

    torch.testing.assert_close(expected, image[0, :, 24], atol=1e-4, rtol=0)


def test_brightness_is_clipped_and_bent() -> None:
    ramp = torch.linspace(0.1, 1, 32).expand(1, 32, 32, 32).contiguous()
    plain = acquire(ramp.clone(), PLAIN, QUIET, _draws(), FRONT, 1.5)
    bent = acquire(ramp.clone(), replace(PLAIN, gamma=2.0), QUIET, _draws(), FRONT, 1.5)
    clipped = acquire(ramp.clone(), replace(PLAIN, clip_percent=20), QUIET, _draws(), FRONT, 1.5)

    torch.testing.assert_close(plain**2, bent, atol=1e-4, rtol=1e-4)
    assert 0.1 < float((clipped >= clipped.max()).float().mean()) < 0.3


def test_inversion_turns_tissue_and_leaves_air() -> None:
    ramp = torch.linspace(0, 1, 32).expand(1, 32, 32, 32).contiguous()
    plain = acquire(ramp.clone(), PLAIN, QUIET, _draws(), FRONT, 1.5)[0, 16, 16]
    turned = acquire(ramp.clone(), replace(PLAIN, is_inverted=True), QUIET, _draws(), FRONT, 1.5)
    turned = turned[0, 16, 16]

    assert bool((turned[3:].diff() < 0).all())
    torch.testing.assert_close(plain[:2], turned[:2])
    torch.testing.assert_close(
        turned[3:] + plain[3:], torch.full((29,), float(1.1 * plain.max())), atol=0.02, rtol=0
    )


@pytest.mark.parametrize(("cut", "zero"), [(0.25, slice(0, 8)), (-0.25, slice(24, 32))])
def test_a_cut_field_of_view_is_zero_at_one_end(cut: float, zero: slice) -> None:
    recipe = replace(PLAIN, noise=0.05, cut=cut, cut_axis=2)

    dark = (_acquired(recipe) == 0).all(dim=2).all(dim=1)[0]

    assert list(range(32))[zero] == dark.nonzero()[:, 0].tolist()
    assert (slice(None), slice(None), zero) == cut_region(recipe, (32, 32, 32))


def test_phases_lie_where_the_patient_was() -> None:
    recipe = replace(PLAIN, shifts=((0, 0, 0), (0, 3, 0)))

    before, after = acquire(_body().repeat(2, 1, 1, 1), recipe, QUIET, _draws(), FRONT, 1.5)

    torch.testing.assert_close(before[:, :-3], after[:, 3:], atol=1e-4, rtol=0)


def test_coils_brighten_the_skin_and_corrected_images_are_noisy_inside() -> None:
    coils = ScanSettings(
        bias_sd=0, g_factor_sd=0, coil_probability=1, coil_radius_mm=(15, 15),
        corrected_probability=0,
    )  # fmt: skip
    skin, depth = [], []
    for k in range(20):
        field = draw_receive_field(_body()[0], coils, _draws(k), FRONT, 1.5)
        assert field.signal is not None
        gain = evaluate_field(field.signal, (32, 32, 32), torch.device("cpu"))[0]
        skin.append(float(gain[:, 16:18].mean()))
        depth.append(float(gain[:, 29:].mean()))
        corrected = replace(coils, corrected_probability=1.0)
        even = draw_receive_field(_body()[0], corrected, _draws(k), FRONT, 1.5)
        assert even.signal is not None
        assert even.noise is not None
        assert torch.all(even.signal == 1)
        assert float(even.noise.max()) > float(even.noise.min())
    assert np.mean(skin) > 1.5 * np.mean(depth)


def test_without_bias_and_coils_fields_are_even() -> None:
    field = draw_receive_field(_body()[0], QUIET, _draws(), FRONT, 1.5)

    assert field.signal is not None
    assert torch.all(field.signal == 1)
