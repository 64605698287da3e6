"""Private attributes, at the blocks where scanners write them."""

from pydicom.dataset import Dataset, PrivateBlock

from mamri.io.dicom_writer.planned_series import PlannedSeries, PlannedVolume
from mamri.io.dicom_writer.stored_pixels import PixelForm
from mamri.io.dicom_writer.values import decimal
from mamri.io.scanner_habits import PrivateBValue, ScannerHabits

_SIEMENS = "SIEMENS MR HEADER"
_GE_PARAMETERS = "GEMS_PARM_01"
_PHILIPS = "Philips Imaging DD 001"
_PHILIPS_MR = "Philips MR Imaging DD 001"
# GE adds this to the b-value of (0043,1039), whose further values are flags.
_GE_B_OFFSET = 1_000_000_000
# Philips: precise value = displayed value / (slope * scale slope); the ratio is arbitrary.
_PRECISE_PER_DISPLAYED = 10.0


def add_private(
    d: Dataset,
    series: PlannedSeries,
    volume: PlannedVolume,
    form: PixelForm,
    habits: ScannerHabits,
) -> None:
    """Private attributes of the images of one volume."""
    label = habits.labels[series.kind]
    if habits.slice_duration_private and volume.duration_s is not None and series.is_timed:
        _block(d, 0x0019, _SIEMENS).add_new(0x0B, "DS", decimal(1000 * volume.duration_s))
    if volume.b_value is not None:
        _add_b_value(d, volume.b_value, habits)
    if form.slope is not None:
        scale = 1 / (form.slope * _PRECISE_PER_DISPLAYED)
        _block(d, 0x2005, _PHILIPS_MR).add_new(0x0E, "FL", scale)
    if habits.private_sequence_name is not None:
        group, element, creator = habits.private_sequence_name
        _block(d, group, creator).add_new(element, "LO", label.sequence_name)


def _add_b_value(d: Dataset, b: float, habits: ScannerHabits) -> None:
    if habits.private_b_value is PrivateBValue.SIEMENS:
        block = _block(d, 0x0019, _SIEMENS)
        block.add_new(0x0C, "IS", round(b))
        block.add_new(0x0D, "CS", "ISOTROPIC" if b else "NONE")
    elif habits.private_b_value is PrivateBValue.GE:
        value = [_GE_B_OFFSET + round(b), 8, 0, 0]
        _block(d, 0x0043, _GE_PARAMETERS).add_new(0x39, "IS", value)
    elif habits.private_b_value is PrivateBValue.PHILIPS:
        _block(d, 0x2001, _PHILIPS).add_new(0x03, "FL", b)
    if habits.diffusion_direction_private:
        _block(d, 0x2001, _PHILIPS).add_new(0x04, "CS", "I" if b else "N")


def _block(d: Dataset, group: int, creator: str) -> PrivateBlock:
    return d.private_block(group, creator, create=True)
