"""Networks without weights: they call bright things breast and very bright ones glandular."""

import numpy as np

from mamri.findings import LesionCalibration, LesionNetwork
from mamri.networks.network_plan import NetworkKind, NetworkPlan, volume_plan
from mamri.records import Volume
from mamri.segmentation.anatomy_model import DETAIL_CLASSES, FIELD_CLASSES
from mamri.segmentation.learned_anatomy import AnatomyNetworks

_SURE = 12.0


def _plan(channels: int, classes: int) -> NetworkPlan:
    return volume_plan(
        NetworkKind.PLAIN, in_channels=channels, classes=classes, features=(1, 1), blocks=(1, 1)
    )


class FakeField:
    """Bright is breast; the first columns are right, or left where it errs."""

    def __init__(self, *, errs: bool = False) -> None:
        self.plan = _plan(1, len(FIELD_CLASSES))
        self._errs = errs

    def __call__(self, image: np.ndarray) -> np.ndarray:
        batch = image if image.ndim == 5 else image[None]
        out = np.zeros((len(batch), len(FIELD_CLASSES), *batch.shape[2:]), np.float32)
        bright = batch[:, 0] > 1.0
        first = np.arange(batch.shape[-1]) < batch.shape[-1] / 2
        right = first != self._errs
        out[:, 1] = _SURE * (bright & right)
        out[:, 2] = _SURE * (bright & ~right)
        out[:, 0] = _SURE * ~bright
        return out if image.ndim == 5 else out[0]


class FakeDetail:
    """Bright is breast, brighter fibroglandular; outside the coarse breast it is background."""

    def __init__(self, *, finds_nothing: bool = False) -> None:
        self.plan = _plan(2, len(DETAIL_CLASSES))
        self._finds_nothing = finds_nothing
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, image: np.ndarray) -> np.ndarray:
        batch = image if image.ndim == 5 else image[None]
        self.shapes.append(batch.shape[2:])
        out = np.zeros((len(batch), len(DETAIL_CLASSES), *batch.shape[2:]), np.float32)
        middle = 0.5 * (batch[:, 0].min() + batch[:, 0].max())
        breast = batch[:, 0] > batch[:, 0].min() + 0.25 * (2 * middle - 2 * batch[:, 0].min())
        gland = batch[:, 0] > middle + 0.25 * (batch[:, 0].max() - middle)
        out[:, 1] = _SURE * (breast & ~gland)
        out[:, 2] = _SURE * gland
        out[:, 0] = _SURE * ~breast
        if self._finds_nothing:
            out[:, 0] = 2 * _SURE
        return out if image.ndim == 5 else out[0]


def fake_networks(*, errs: bool = False) -> AnatomyNetworks:
    return AnatomyNetworks(FakeField(errs=errs), FakeDetail(), "fake", "1")


def balls(
    *centres_x_mm: float,
    spacing: tuple[float, float, float] = (3.0, 2.0, 2.0),
    first_x_mm: float = -200.0,
    columns: int = 200,
    radius_mm: float = 45.0,
) -> tuple[Volume, np.ndarray]:
    """Bright balls with a brighter core before a dark chest, and patient x of every voxel."""
    shape = (50, 80, columns)
    affine = np.array(
        [
            [0.0, 0.0, spacing[2], first_x_mm],
            [0.0, spacing[1], 0.0, -80.0],
            [spacing[0], 0.0, 0.0, -75.0],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )
    index = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    z, y, x = (
        affine[row] @ np.stack([*(i.ravel() for i in index), np.ones(index[0].size)])
        for row in (2, 1, 0)
    )
    array = np.full(index[0].size, 10.0, np.float32)
    for centre in centres_x_mm:
        distance = np.sqrt((x - centre) ** 2 + y**2 + z**2)
        array[distance < radius_mm] = 100.0
        array[distance < radius_mm / 3] = 200.0
    return Volume(array.reshape(shape), affine), x.reshape(shape)


# Certain regions of 10 mm have a confidence of about 0.9, of 4 mm of 0.3.
_CALIBRATION = LesionCalibration(-5.0, (0.3, 0.0, 2.2, 0.0, 0.0, 0.0), {"0.5": 0.2, "0.25": 0.8})


class BrightIsLesion:
    """Calls a third of the largest rise lesion; keeps what it was shown."""

    def __init__(self) -> None:
        self.plan = volume_plan(
            NetworkKind.PLAIN, in_channels=4, classes=3, features=(1, 1), blocks=(1, 1)
        )
        self.seen: list[np.ndarray] = []

    def __call__(self, image: np.ndarray) -> np.ndarray:
        self.seen.append(image)
        rise = image[2]
        out = np.zeros((3, *rise.shape), np.float32)
        out[1] = 12.0 * np.sign(rise - 0.4 * rise.max())
        return out


def bright_is_lesion(engine: BrightIsLesion | None = None) -> LesionNetwork:
    return LesionNetwork(engine or BrightIsLesion(), _CALIBRATION, "fake", "1")
