"""Pictures of what a network looked at: which cases, and where the map lies."""

import base64
import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from mamri.pipeline import saliency_pictures as module

# Cases 24 to 39 were not trained on; odd ones are malignant.
PNG = "data:image/png;base64,"
ROWS = np.array([30, 24, 27, 25])
SAID = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.95, 0.05]])


def _pixels(picture: str) -> np.ndarray:
    assert picture.startswith(PNG)
    image = Image.open(io.BytesIO(base64.b64decode(picture.removeprefix(PNG))))
    assert "PNG" == image.format
    return np.asarray(image.convert("RGB"), float)


def _pictures(small_network, y, said=SAID):
    return module.saliency_pictures(small_network.trained.fitted, ROWS, said, np.array(y))


def test_the_surest_right_and_the_surest_wrong_case_are_shown(small_network):
    found = _pictures(small_network, [0, 0, 1, 1])

    assert [(30, 0, 0), (25, 1, 0)] == [(p["row"], p["outcome"], p["said"]) for p in found]
    for one in found:
        assert {"row", "outcome", "said", "picture"} == set(one)
        assert (160, 320, 3) == _pixels(one["picture"]).shape


@pytest.mark.parametrize(("y", "row"), [([0, 1, 1, 0], 25), ([1, 0, 0, 1], 25)])
def test_where_all_are_right_or_all_are_wrong_one_is_shown(small_network, y, row):
    found = _pictures(small_network, y)

    assert [row] == [one["row"] for one in found]


def test_the_left_half_is_grey_and_the_right_half_carries_the_map(small_network, monkeypatch):
    """A made-up map, 1 in the upper half of the image: orange there, grey elsewhere."""
    asked = []

    def cam(member, x, target):
        asked.append((x.shape, target))
        seen = np.zeros(x.shape[1:])
        seen[:, : x.shape[2] // 2] = 1
        return seen

    monkeypatch.setattr(module, "hires_cam", cam)

    (one,) = _pictures(small_network, [0, 1, 1, 0])

    pixels = _pixels(one["picture"])
    # Enlarging mixes the halves where they meet, and rounds.
    plain, over = pixels[:, 10:150], pixels[:, 170:310]
    assert [((3, 40, 40, 40), 0)] == asked
    np.testing.assert_allclose(plain[..., 0], plain[..., 2], atol=1)
    np.testing.assert_allclose(plain[90:], over[90:], atol=1)
    grey = plain[:70]
    expected = 0.4 * grey + 0.6 * 255 * np.array([0.90, 0.62, 0.0])
    assert np.abs(expected - over[:70]).mean() < 1.5  # of 255


def test_the_finding_is_in_the_middle_and_brighter_than_its_surroundings(small_network):
    """Row 25 is malignant: its early difference fills the middle of the slice through it."""
    (one,) = _pictures(small_network, [0, 1, 1, 0])

    plain = _pixels(one["picture"])[:, :160, 0]
    assert plain[70:90, 70:90].mean() > plain[:20, :20].mean() + 30


def test_a_network_of_photographs_has_no_pictures():
    fitted = SimpleNamespace(members=((SimpleNamespace(), None),))

    assert [] == module.saliency_pictures(fitted, ROWS, SAID, np.zeros(4, int))
