import numpy as np
import pytest

from mamri.segmentation.tissue_refinement import RefinementSettings, refined_fibroglandular

SHAPE = (40, 40, 40)


def _strands() -> np.ndarray:
    """Sheets two voxels thick in one half of a cube."""
    index = np.indices(SHAPE)
    return (index[2] % 6 < 2) & (index[0] < 20)


def _blob(truth: np.ndarray) -> np.ndarray:
    """What a network that smooths says of strands: their half is glandular, more or less."""
    half = np.indices(SHAPE)[0] < 20
    return np.where(half, 0.45 + 0.2 * truth, 0.02).astype(np.float32)


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b)))


@pytest.mark.parametrize(("gland", "fat"), [(300.0, 100.0), (100.0, 300.0)])
def test_strands_come_out_whichever_tissue_is_brighter(gland: float, fat: float) -> None:
    truth = _strands()
    inside = np.ones(SHAPE, bool)
    share = np.where(np.indices(SHAPE)[0] < 20, 0.52 + 0.1 * truth, 0.02).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 15, SHAPE)
    bias = np.linspace(0.7, 1.4, SHAPE[1])[None, :, None]
    image = np.where(truth, gland, fat) * bias + noise

    refined = refined_fibroglandular(image, share, 1 - share, inside, spacing_mm=1.2)

    assert _dice(share > 0.5, truth) < 0.7
    assert _dice(refined > 0.5, truth) > 0.95


def test_an_image_without_contrast_leaves_the_network_its_answer() -> None:
    share = _blob(_strands())
    image = np.random.default_rng(1).normal(100, 20, SHAPE)
    inside = np.ones(SHAPE, bool)

    refined = refined_fibroglandular(image, share, 1 - share, inside, spacing_mm=1.2)

    np.testing.assert_allclose(share, refined, atol=1e-5)


def test_bright_tissue_far_from_what_the_network_found_is_not_taken_in() -> None:
    truth = _strands()
    share = _blob(truth)
    image = np.where(truth, 300.0, 100.0) + np.random.default_rng(2).normal(0, 15, SHAPE)
    image[36:] = 300.0  # muscle at the back
    inside = np.ones(SHAPE, bool)

    near = refined_fibroglandular(image, share, 1 - share, inside, spacing_mm=1.2)
    anywhere = refined_fibroglandular(
        image, share, 1 - share, inside, spacing_mm=1.2, settings=RefinementSettings(reach_mm=99.0)
    )

    assert not (near[36:] > 0.5).any()
    assert (anywhere[36:] > 0.5).any()


def test_nothing_is_glandular_outside_the_breast_or_without_an_answer() -> None:
    truth = _strands()
    share = _blob(truth)
    inside = np.zeros(SHAPE, bool)
    inside[:, 5:30] = True
    image = np.where(truth, 300.0, 100.0)

    refined = refined_fibroglandular(image, share, 1 - share, inside, spacing_mm=1.2)
    empty = refined_fibroglandular(image, 0 * share, 1 + 0 * share, inside, spacing_mm=1.2)

    assert not refined[~inside].any()
    assert not empty.any()
