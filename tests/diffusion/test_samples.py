import numpy as np
import pytest

from mamri.diffusion.samples import voxel_samples
from mamri.records import GeometryError, InputError

SIGNALS = np.arange(24.0).reshape(3, 2, 2, 2)
B_VALUES = np.array([800.0, 0.0, 400.0])


def samples_of(signals=SIGNALS, b_values=B_VALUES, **options):
    return voxel_samples(signals, b_values, **{"noise_floor": 0.0, "min_distinct": 2} | options)


def test_images_are_taken_in_order_of_b_and_in_ms_per_square_micrometre():
    samples = samples_of()
    ((where, signal),) = samples.slabs()
    np.testing.assert_allclose([0.0, 0.4, 0.8], samples.b)
    np.testing.assert_array_equal(SIGNALS.reshape(3, 8)[[1, 2, 0]], signal)
    assert slice(0, 8) == where
    assert (2, 2, 2) == samples.shape


def test_images_below_the_least_b_value_are_left_out():
    np.testing.assert_allclose([0.4, 0.8], samples_of(min_b=400.0).b)


def test_a_mask_chooses_the_voxels():
    mask = np.zeros((2, 2, 2), bool)
    mask[1, 0, 1] = mask[0, 1, 1] = True
    ((where, signal),) = samples_of(mask=mask).slabs()
    np.testing.assert_array_equal([3, 5], where)
    np.testing.assert_array_equal(SIGNALS.reshape(3, 8)[[1, 2, 0]][:, [3, 5]], signal)


@pytest.mark.parametrize("mask", [None, np.ones(10, bool)])
def test_every_voxel_comes_once_whatever_the_size_of_a_slab(monkeypatch, mask):
    monkeypatch.setattr("mamri.diffusion.samples._SLAB_VOXELS", 4)
    signals = np.arange(20.0).reshape(2, 10)
    parts = [signal for _, signal in samples_of(signals, np.array([0.0, 1]), mask=mask).slabs()]
    assert [4, 4, 2] == [part.shape[1] for part in parts]
    np.testing.assert_array_equal(signals, np.concatenate(parts, axis=1))


def test_signals_beyond_single_precision_become_infinite_without_a_warning():
    ((_, signal),) = samples_of(np.array([[1e300], [1.0]]), np.array([0.0, 1])).slabs()
    assert np.isinf(signal[0, 0])


@pytest.mark.parametrize(
    ("error", "message", "change"),
    [
        (GeometryError, "every image needs one b-value", {"b_values": B_VALUES[:2]}),
        (GeometryError, "every image needs one b-value", {"signals": np.float64(3.0)}),
        (GeometryError, "on the grid of the images", {"mask": np.ones((2, 2), bool)}),
        (InputError, "b-values must be finite", {"b_values": np.array([0.0, -1, 800])}),
        (InputError, "b-values must be finite", {"b_values": np.array([0.0, np.nan, 800])}),
        (InputError, "a noise floor must be finite", {"noise_floor": -1.0}),
        (InputError, "a noise floor must be finite", {"noise_floor": np.nan}),
        (InputError, "a least b-value must be finite", {"min_b": np.inf}),
        (InputError, "3 different b-values", {"b_values": np.array([0.0, 0, 800])}),
        (InputError, "of at least 500 s/mm2", {"min_b": 500.0}),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_a_remedy(error, message, change):
    with pytest.raises(error, match=message) as caught:
        samples_of(**{"min_distinct": 3} | change)
    assert "; " in str(caught.value)
