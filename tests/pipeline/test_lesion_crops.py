"""Crops of an analysis hold the phases that were searched, the T2 image and the ADC map."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from example_result import AFFINE, SHAPE, example_result

from mamri.findings import CropSettings
from mamri.pipeline.lesion_crops import make_crops
from mamri.records import Volume

SETTINGS = CropSettings(8.0, 1.0)


def _crops(result=None, phases=(1, 3), *, adc: bool = True, **exam):
    result = result or example_result()
    whole = replace(result.exam, **exam)
    regions = SimpleNamespace(phases=phases, lesions=result.lesions)
    maps = {"adc": Volume(np.full(SHAPE, 1.5), AFFINE)} if adc else {}
    found = SimpleNamespace(findings=result.findings, maps=maps)
    return make_crops(whole, whole.dynamic, result.anatomy, regions, found, SETTINGS), whole


def test_every_finding_has_a_crop_of_all_images():
    t2 = Volume(np.full(SHAPE, 700.0), AFFINE)

    crops, exam = _crops(t2=t2)

    result = example_result()
    assert [f.id for f in result.findings] == [crop.finding for crop in crops]
    assert [f.side for f in result.findings] == [crop.side for crop in crops]
    for crop in crops:
        assert ["pre", "first_post", "late", "t2", "adc"] == list(crop.images)
        assert crop.mask.any()
        assert {"dynamic", "t2"} == set(crop.landmarks)
        seen = crop.images["adc"] > 0
        np.testing.assert_allclose(crop.images["t2"][seen], 700, rtol=1e-5)
        np.testing.assert_allclose(crop.images["adc"][crop.mask], 1.5, rtol=1e-5)
        for name, phase in (("pre", 0), ("first_post", 1), ("late", 3)):
            array = exam.dynamic.array[phase]
            values = crop.images[name][seen]
            assert array.min() - 1e-3 <= values.min()
            assert values.max() <= array.max() + 1e-3


def test_landmarks_leave_the_findings_out():
    result = example_result()
    array = result.exam.dynamic.array.astype(float).copy()
    array[:, result.lesions.array > 0] = 1e7
    bright = replace(result.exam.dynamic, array=array)

    (crop, *_), _ = _crops(dynamic=bright, adc=False)
    (plain, *_), _ = _crops(adc=False)

    np.testing.assert_equal(plain.landmarks["dynamic"].mean, crop.landmarks["dynamic"].mean)
    assert ["pre", "first_post", "late"] == list(crop.images)


def test_nothing_is_cut_without_phases_before_and_after_contrast():
    assert () == _crops(phases=())[0]
    after = example_result()
    times = after.exam.dynamic.times_s + 1000.0
    assert () == _crops(dynamic=replace(after.exam.dynamic, times_s=times))[0]


def test_a_t2_image_elsewhere_is_left_out():
    far = AFFINE.copy()
    far[:3, 3] += 5000

    (crop, *_), _ = _crops(t2=Volume(np.full(SHAPE, 700.0), far))

    assert "t2" not in crop.images
    assert {"dynamic"} == set(crop.landmarks)
