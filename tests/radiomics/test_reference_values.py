"""Every reference value of IBSI-1 that is at hand, through the function that users call."""

from pathlib import Path

import numpy as np
import pytest
from radiomics.reference_values import (
    CONFIGURATIONS,
    computed,
    misses,
    read_phantom,
    read_table,
)

from mamri.radiomics.region_grid import region_grid, sample_image


@pytest.fixture(scope="module")
def ibsi(shared_data: Path) -> Path:
    folder = shared_data / "ibsi"
    if not folder.is_dir():
        pytest.skip(f"no phantoms of IBSI at {folder}")
    return folder


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_reference_value_is_reached(ibsi: Path, name: str):
    configuration = CONFIGURATIONS[name]
    table = read_table(ibsi, configuration.table)

    assert configuration.n_values == len(table)
    assert {} == misses(computed(ibsi, configuration), table)


def test_the_resampled_phantom_has_the_published_size_and_intensities(ibsi: Path):
    # Reference values of configuration C, after interpolation: 45985 voxels within 100, mean -48.9
    # within 0.1, lowest -939 within 1, highest 521 within 5, box of 49 x 49 x 40.
    image, mask, spacing = read_phantom(ibsi, "ct_phantom")
    grid = region_grid(mask, spacing, 2.0)
    values = np.rint(sample_image(grid, image, grid.mask))[grid.mask]
    box = [np.ptp(index) + 1 for index in np.nonzero(grid.mask)]

    assert 45985 == pytest.approx(values.size, abs=100)
    assert -48.9 == pytest.approx(values.mean(), abs=0.1)
    assert -939 == pytest.approx(values.min(), abs=1)
    assert 521 == pytest.approx(values.max(), abs=5)
    assert [40, 49, 49] == box
