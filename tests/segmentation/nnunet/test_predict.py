import numpy as np
import pytest

from mamri.records import InputError, ModelError
from mamri.segmentation.nnunet import predict_labels
from mamri.segmentation.nnunet.recipe import NnunetRecipe

from .example_recipe import FunctionEngine, bands, recipe

RNG = np.random.default_rng(3)
ENGINES = [FunctionEngine(bands)]


def blocks(shape: tuple[int, ...] = (6, 20, 16)) -> np.ndarray:
    """An image of ones with a block of twos in it, zeros around."""
    image = np.zeros((1, *shape), np.float32)
    image[:, 1:, 2:-3, 3:-2] = 1
    image[:, 3:5, 6:12, 5:9] = 2
    return image


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_labels_return_to_the_place_of_the_image(axes):
    image = blocks()

    found = predict_labels(image, (1.0, 1.0, 1.0), recipe=recipe(axes=axes), engines=ENGINES)

    assert np.array_equal(image[0], found)
    assert np.uint8 == found.dtype


def test_the_voxels_of_the_model_may_differ_along_each_axis():
    image = blocks((12, 40, 32))
    seen = []
    engine = FunctionEngine(lambda batch: (seen.append(batch.shape), bands(batch))[1])
    odd = recipe(axes=(2, 0, 1), spacing_mm=(3.0, 0.5, 1.0), patch=(4, 64, 64))

    found = predict_labels(image, (1.0, 1.5, 2.0), recipe=odd, engines=[engine])

    # After cropping 11 x 35 x 27 voxels of 1, 1.5 and 2 mm: 18 x 22 x 52 of the model's.
    assert {(1, 1, 4, 64, 64)} == set(seen)
    assert np.mean(image[0] == found) > 0.97
    assert set(np.unique(found)) == {0, 1, 2}


def test_networks_of_slices_see_every_slice_of_the_image():
    image = blocks()
    flat = recipe(spacing_mm=(1.0, 1.0), patch=(8, 8))
    engine = FunctionEngine(bands, dimensions=2)

    found = predict_labels(image, (5.0, 1.0, 1.0), recipe=flat, engines=[engine])

    assert np.array_equal(image[0], found)


def test_logits_of_folds_are_averaged():
    image = np.ones((1, 4, 8, 8), np.float32)
    strong = FunctionEngine(lambda b: np.concatenate([0 * b, 5 * b, 0 * b], 1))
    weak = FunctionEngine(lambda b: np.concatenate([0 * b, 0 * b, 4 * b], 1))

    def label(*engines: FunctionEngine) -> set[int]:
        found = predict_labels(image, (1.0,) * 3, recipe=recipe(), engines=engines)
        return set(np.unique(found))

    assert {1} == label(strong, weak)
    assert {2} == label(strong, weak, weak)


def test_overlapping_regions_are_painted_in_their_order():
    image = RNG.normal(size=(1, 4, 8, 8)).astype(np.float32)
    regions = recipe(labels=((1, "whole"), (2, "core")), region_values=(1, 2))
    engine = FunctionEngine(lambda b: np.concatenate([b + 1, b - 1], 1), classes=2)

    found = predict_labels(image, (1.0,) * 3, recipe=regions, engines=[engine])

    assert np.array_equal(np.where(image[0] > 1, 2, np.where(image[0] > -1, 1, 0)), found)


def test_equal_logits_are_the_lower_label():
    equal = FunctionEngine(lambda b: np.concatenate([0 * b] * 3, 1))

    found = predict_labels(np.ones((1, 4, 8, 8)), (1.0,) * 3, recipe=recipe(), engines=[equal])

    assert not found.any()


def test_channels_and_networks_must_fit_the_recipe():
    image = blocks()
    with pytest.raises(InputError, match="1 channels"):
        predict_labels(np.concatenate([image, image]), (1.0,) * 3, recipe=recipe(), engines=ENGINES)
    with pytest.raises(ModelError, match="takes networks of"):
        predict_labels(
            image, (1.0,) * 3, recipe=recipe(), engines=[FunctionEngine(bands, classes=2)]
        )
    with pytest.raises(ModelError, match="at least one network"):
        predict_labels(image, (1.0,) * 3, recipe=recipe(), engines=[])
    with pytest.raises(InputError, match="at least one voxel"):
        predict_labels(image, (0.01,) * 3, recipe=recipe(), engines=ENGINES)


@pytest.mark.parametrize(
    "changes",
    [
        {"axes": (0, 1, 1)},
        {"mirror_axes": (3,)},
        {"labels": ((1, "a"), (3, "b"))},
        {"labels": ()},
        {"patch": (8, 8)},
        {"spacing_mm": (1.0, 0.0, 1.0)},
        {"region_values": (1,)},
    ],
)
def test_recipes_that_do_not_hold_together_are_refused(changes):
    with pytest.raises(ModelError, match="correct them"):
        recipe(**changes)


def test_a_recipe_survives_json():
    import json

    for one in (recipe(), recipe(region_values=(2, 1), mirror_axes=(0, 2))):
        assert one == NnunetRecipe.from_json(json.loads(json.dumps(one.to_json())))
    with pytest.raises(ModelError, match="import the model again"):
        NnunetRecipe.from_json({**recipe().to_json(), "channels": [{"scheme": "other"}]})
