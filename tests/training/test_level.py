import torch

from mamri.training.level import bright_level, normalised


def _image() -> torch.Tensor:
    return torch.rand(40, 40, 40, generator=torch.Generator().manual_seed(0)) ** 2


def test_normalised_images_do_not_depend_on_scale_and_offset() -> None:
    image = _image()

    torch.testing.assert_close(
        normalised(image, image), normalised(50 * image + 3, 50 * image + 3), atol=1e-3, rtol=1e-3
    )


def test_normalised_images_have_mean_zero_and_deviation_one() -> None:
    image = normalised(_image(), _image())

    assert abs(float(image.mean())) < 0.03  # half percents at both ends are left out
    assert abs(float(image.std()) - 1) < 0.03


def test_an_image_of_nothing_stays_finite() -> None:
    nothing = torch.zeros(8, 8, 8)

    assert torch.equal(nothing, normalised(nothing, nothing))
    assert 1 == float(bright_level(nothing))


def test_a_sliver_in_air_does_not_explode() -> None:
    air = 1e-3 * _image()
    air[0, 0, :9] = 1

    assert 20 == float(normalised(air, air).max())


def test_the_bright_level_is_of_tissue_not_of_air() -> None:
    image = torch.zeros(20, 20, 20)
    image[:3] = torch.linspace(1, 2, 1200).reshape(3, 20, 20)

    assert abs(float(bright_level(image, 50)) - 1.5) < 0.02
