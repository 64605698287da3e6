from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mamri.io._scanner_label_table import SeriesKind
from mamri.io.dicom_writer.planned_series import PlannedSeries, PlannedVolume
from mamri.io.dicom_writer.stored_pixels import pixel_form
from mamri.io.dicom_writer.values import decimal
from mamri.io.scanner_habits import GE_HABITS, PHILIPS_HABITS, SIEMENS_HABITS
from mamri.records import Acquisition


def _series(images: np.ndarray) -> PlannedSeries:
    volume = PlannedVolume(images, np.eye(4), ("ORIGINAL", "PRIMARY"), SIEMENS_HABITS.start)
    return PlannedSeries(SeriesKind.T2, "key", "name", (volume,), Acquisition())


@given(st.integers(0, 65535))
def test_rescaled_signal_comes_back_by_rounding(highest: int) -> None:
    images = np.unique(np.linspace(0, highest, 500).astype(np.int32))[None, None]
    form = pixel_form(_series(images), PHILIPS_HABITS)
    assert form.slope is not None
    stored = form.stored(images)
    assert stored.max() <= 2**form.bits_stored - 1
    # As readers compute it: 32-bit floats, from the slope as it is written.
    slope = np.float32(float(decimal(form.slope)))
    np.testing.assert_array_equal(images, np.rint(stored.astype(np.float32) * slope))


@given(st.integers(0, 65535))
def test_signal_that_is_not_rescaled_is_stored_as_it_is(highest: int) -> None:
    images = np.array([[[0, highest]]])
    for habits in (SIEMENS_HABITS, GE_HABITS, replace(PHILIPS_HABITS, rescaled=False)):
        form = pixel_form(_series(images), habits)
        assert form.slope is None
        np.testing.assert_array_equal(images, form.stored(images))
        assert highest < 2 ** (form.bits_stored - form.signed)
