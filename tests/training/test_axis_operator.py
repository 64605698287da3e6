import pytest
import torch

from mamri.training.axis_operator import AxisRecipe, acquisition_matrix, reconstruction_matrix

N = 48


def test_a_fine_acquisition_changes_nothing() -> None:
    recipe = AxisRecipe(resolution=0.7)

    torch.testing.assert_close(torch.eye(N), acquisition_matrix(N, recipe))


@pytest.mark.parametrize("resolution", [1.0, 1.5, 3.9])
@pytest.mark.parametrize("roll_off", [0.05, 1.0])
def test_an_even_image_stays_even(resolution: float, roll_off: float) -> None:
    recipe = AxisRecipe(resolution=resolution, roll_off=roll_off, motion=2.0)
    matrix = acquisition_matrix(N, recipe, shift=0.3)
    torch.testing.assert_close(matrix.sum(1), torch.ones(matrix.shape[0]))

    for kind in ("nearest", "linear", "cubic", "zero_filled"):
        back = reconstruction_matrix(N, matrix.shape[0], kind)
        torch.testing.assert_close(back.sum(1), torch.ones(N))


def test_thick_slices_cannot_hold_fine_waves_but_coarse_ones() -> None:
    # Twice the sample distance is the shortest wave that k-space reaches.
    matrix = acquisition_matrix(96, AxisRecipe(resolution=4.0, roll_off=0.3))
    at = torch.arange(96.0)
    inner = slice(6, 18)  # away from the ends
    fine = matrix @ torch.cos(2 * torch.pi * at / 5)
    coarse = matrix @ torch.cos(2 * torch.pi * at / 24)

    assert (24, 96) == matrix.shape
    assert float(fine[inner].abs().max()) < 0.03
    centres = (torch.arange(24) + 0.5) * 4 - 0.5
    expected = torch.cos(2 * torch.pi * centres / 24)
    torch.testing.assert_close(expected[inner], coarse[inner], atol=0.03, rtol=0)


def test_a_sharp_edge_of_k_space_rings_and_a_soft_one_does_not() -> None:
    step = (torch.arange(96) >= 48).float()
    sharp, soft = (
        reconstruction_matrix(96, 32, "zero_filled")
        @ acquisition_matrix(96, AxisRecipe(resolution=3.0, roll_off=r))
        @ step
        for r in (0.01, 1.0)
    )

    # Gibbs: 8.9 % of the step on each side, near the middle of the first ring.
    assert 0.07 < float(sharp.max()) - 1 < 0.1
    assert float(soft.max()) - 1 < 0.02


def test_a_shift_moves_the_patient() -> None:
    at = torch.arange(float(N))
    matrix = acquisition_matrix(N, AxisRecipe(), shift=1.5)

    torch.testing.assert_close((matrix @ at)[5:-5], (at - 1.5)[5:-5])


def test_motion_is_the_mean_of_two_positions() -> None:
    point = torch.zeros(N)
    point[20] = 1

    moved = acquisition_matrix(N, AxisRecipe(motion=4.0)) @ point

    torch.testing.assert_close(torch.tensor([0.5, 0.0, 0.5]), moved[[18, 20, 22]])


def test_ghosts_lie_on_both_sides() -> None:
    point = torch.zeros(N)
    point[20] = 1

    image = acquisition_matrix(N, AxisRecipe(ghost_shift=10, ghost=-0.1)) @ point

    torch.testing.assert_close(torch.tensor([-0.1, 1.0, -0.1]), image[[10, 20, 30]])
    torch.testing.assert_close(torch.tensor(1.2), image.abs().sum())


def test_what_wraps_comes_in_at_the_other_end() -> None:
    point = torch.zeros(N)
    point[40] = 1
    wrapped = AxisRecipe(wrap=12, is_wrapped_from_end=True)

    image = acquisition_matrix(N, wrapped) @ point

    assert 1 == image[40]
    assert 0 < float(image[40 - (N - 12)]) < 1
    assert 2 == int((image > 0).sum())
    other_end = acquisition_matrix(N, AxisRecipe(wrap=12)) @ point.flip(0)
    torch.testing.assert_close(image.flip(0), other_end)


def test_ramps_pass_reconstruction() -> None:
    samples = (torch.arange(12) + 0.5) * 4 - 0.5
    for kind in ("linear", "cubic"):
        back = reconstruction_matrix(N, 12, kind) @ samples
        torch.testing.assert_close(back[8:-8], torch.arange(float(N))[8:-8])
