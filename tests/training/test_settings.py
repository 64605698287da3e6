import math

import pytest

from mamri.records import InputError
from mamri.training import ContrastSettings, ScanSettings, SpatialSettings


@pytest.mark.parametrize(
    ("group", "setting"),
    [
        (SpatialSettings, {"shape": (96, 96)}),
        (SpatialSettings, {"shape": (96, 96, 4)}),
        (SpatialSettings, {"mirror_probability": 1.5}),
        (SpatialSettings, {"scaling": -0.1}),
        (SpatialSettings, {"elastic_sd_mm": 10.0}),  # a deformation that folds
        (SpatialSettings, {"spacing_mm": math.nan}),
        (ContrastSettings, {"mean_range": (0.8, 0.2)}),
        (ContrastSettings, {"max_clusters": 0}),
        (ContrastSettings, {"min_fat_contrast": 0.9}),
        (ScanSettings, {"noise_range": (0.0, 0.1)}),
        (ScanSettings, {"thickness_mm": (1.5,)}),
        (ScanSettings, {"max_coil_gain": 0.5}),
    ],
)
def test_impossible_settings_are_refused_by_name(group: type, setting: dict) -> None:
    (name,) = setting
    with pytest.raises(InputError, match=rf"{name}.*got.*; "):
        group(**setting)
