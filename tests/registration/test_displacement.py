import numpy as np
import pytest

from mamri.registration.displacement import (
    jacobian_determinant,
    sampled_displacement,
    warp,
)

SHAPE = (14, 18, 16)


def constant(*voxels):
    def at(axes):
        return np.array(voxels).reshape(3, 1, 1, 1) + np.zeros((3, *(len(a) for a in axes)))

    return sampled_displacement(SHAPE, (4.0, 5.0, 3.0), at)


def everywhere(displacement):
    return displacement.at([np.arange(n, dtype=float) for n in displacement.shape])


def test_a_smooth_displacement_is_kept_between_lattice_points():
    def wave(s, r, c):
        return np.stack([np.sin(r / 9), np.cos(c / 8), 0.5 * np.sin(s / 7)])

    def at(axes):
        return wave(*np.meshgrid(*axes, indexing="ij"))

    field = everywhere(sampled_displacement(SHAPE, (4.0, 4.0, 4.0), at))
    assert field == pytest.approx(wave(*np.indices(SHAPE)), abs=0.01)


def test_whole_voxel_shifts_copy_voxels():
    image = np.random.default_rng(0).integers(0, 900, SHAPE).astype(np.int16)
    out = np.empty_like(image)
    warp(image, constant(2.0, 0.0, -1.0), out=out)
    np.testing.assert_array_equal(image[2:, :, :-1], out[:-2, :, 1:])


def test_a_zero_displacement_is_bit_identical_also_for_floats():
    image = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    image[3, 3, 3] = np.nan
    out = np.empty_like(image)
    warp(image, constant(0.0, 0.0, 0.0), out=out)
    np.testing.assert_array_equal(image, out)


def test_integers_are_rounded_and_clipped_to_their_range():
    image = np.zeros(SHAPE, np.uint8)
    image[:, :, 8:] = 255  # cubic interpolation overshoots on both sides of the step
    out = np.empty_like(image)
    warp(image, constant(0.0, 0.0, 0.4), out=out)
    inner = out[7, 9]
    assert inner[5] == 0
    assert inner[10] == 255
    assert np.all(np.diff(inner.astype(int)) >= 0)


def test_the_jacobian_of_a_stretch_is_its_volume_ratio():
    s, r, c = np.indices(SHAPE).astype(float)
    field = np.stack([0.1 * s, -0.2 * r, 0.05 * c + 0.3 * s])
    np.testing.assert_allclose(jacobian_determinant(field), 1.1 * 0.8 * 1.05)


def test_a_folded_field_has_a_negative_jacobian():
    s = np.indices(SHAPE).astype(float)[0]
    field = np.stack([-1.5 * s, 0 * s, 0 * s])
    assert jacobian_determinant(field).max() < 0


def test_a_single_slice_has_a_jacobian():
    assert jacobian_determinant(np.zeros((3, 1, 5, 5))) == pytest.approx(np.ones((1, 5, 5)))
