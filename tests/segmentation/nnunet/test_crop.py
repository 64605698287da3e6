import numpy as np
import pytest

from mamri.records import InputError
from mamri.segmentation.nnunet.crop import find_content


def test_content_is_what_any_channel_holds_and_the_holes_in_it():
    image = np.zeros((2, 9, 9, 9), np.float32)
    image[0, 2:7, 2:7, 2:5] = 1
    image[1, 2:7, 2:7, 4:7] = -1
    image[:, 4, 4, 4] = 0
    image[:, 4, 4, 2] = 0  # a notch in the face, no hole

    content = find_content(image)

    assert (slice(2, 7),) * 3 == content.box
    assert content.mask[2, 2, 2]
    assert 1 == (~content.mask).sum()


def test_an_image_without_zeros_stays_whole():
    content = find_content(np.ones((1, 2, 3, 4)))

    assert (slice(0, 2), slice(0, 3), slice(0, 4)) == content.box
    assert content.mask.all()


@pytest.mark.parametrize("value", [0, np.nan, np.inf])
def test_empty_and_broken_images_are_refused(value):
    with pytest.raises(InputError, match="a model needs"):
        find_content(np.full((1, 3, 3, 3), value))
