"""Files to the order of a model and back, whatever their order."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mamri.io.model_channels import read_channels, write_mask
from mamri.records import GeometryError

DATA = np.random.default_rng(0).normal(size=(4, 5, 6)).astype(np.float32)
PLAIN = np.diag([2.0, 0.7, 1.3, 1])


def write(path: Path, data: np.ndarray, affine: np.ndarray = PLAIN) -> Path:
    image = nib.Nifti1Image(data, affine)
    image.header.set_sform(affine, code=1)
    image.header.set_qform(affine, code=1)
    nib.save(image, path)
    return path


def test_axes_are_reversed_and_channels_stacked(tmp_path):
    paths = [write(tmp_path / f"{k}.nii.gz", k * DATA) for k in (1, 2)]

    found = read_channels(paths, is_reoriented=False)

    assert np.array_equal(np.stack([DATA.T, 2 * DATA.T]), found.array)
    assert np.allclose((1.3, 0.7, 2.0), found.spacing_mm)


def test_turned_files_are_those_that_nibabel_calls_canonical(tmp_path):
    affine = np.array([[0, 0, -1.3, 9], [0.1, -0.7, 0, 3], [2.0, 0.05, 0, -7], [0, 0, 0, 1]])
    path = write(tmp_path / "odd.nii.gz", DATA, affine)

    found = read_channels([path], is_reoriented=True)

    canonical = nib.as_closest_canonical(nib.load(path))
    assert np.array_equal(np.asarray(canonical.dataobj).T, found.array[0])
    assert np.allclose(canonical.header.get_zooms()[::-1], found.spacing_mm)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(range(3)),
    signs=st.tuples(*[st.sampled_from([-1, 1])] * 3),
    is_reoriented=st.booleans(),
)
def test_masks_lie_where_their_image_lies(tmp_path, order, signs, is_reoriented):
    affine = np.zeros((4, 4))
    affine[order, range(3)] = np.array(signs) * (2.0, 0.7, 1.3)
    affine[:, 3] = 5, -6, 7, 1
    path = write(tmp_path / "image.nii.gz", DATA, affine)
    channels = read_channels([path], is_reoriented=is_reoriented)

    write_mask(tmp_path / "mask.nii.gz", (channels.array[0] > 0).astype(np.uint8), channels)

    mask = nib.load(tmp_path / "mask.nii.gz")
    assert np.allclose(affine, mask.affine, atol=1e-4)
    assert np.array_equal(DATA > 0, np.asarray(mask.dataobj))
    assert np.uint8 == mask.get_data_dtype()


def test_channels_on_other_grids_are_refused(tmp_path):
    first = write(tmp_path / "a.nii.gz", DATA)
    moved = PLAIN.copy()
    moved[0, 3] = 0.5
    for other in (
        write(tmp_path / "b.nii.gz", DATA[1:]),
        write(tmp_path / "c.nii.gz", DATA, moved),
    ):
        with pytest.raises(GeometryError, match="one grid"):
            read_channels([first, other], is_reoriented=False)
    with pytest.raises(GeometryError, match="one volume"):
        read_channels([write(tmp_path / "d.nii.gz", np.stack([DATA] * 2, -1))], is_reoriented=False)
