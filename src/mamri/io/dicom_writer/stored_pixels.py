"""How signal becomes stored pixels: width, sign, rescaling."""

from dataclasses import dataclass

import numpy as np

from mamri.io.dicom_writer.planned_series import PlannedSeries
from mamri.io.dicom_writer.values import decimal
from mamri.io.scanner_habits import ScannerHabits

HIGHEST = 65535  # unsigned 16 bit
_HIGHEST_SIGNED = 32767
_HIGHEST_12_BIT = 4095


@dataclass(frozen=True, slots=True)
class PixelForm:
    """Pixel format of one series.

    Parameters
    ----------
    slope : float or None
        Signal of one stored step; None where the stored value is the signal.
    bits_stored : int
    signed : bool
    """

    slope: float | None
    bits_stored: int
    signed: bool

    def stored(self, images: np.ndarray) -> np.ndarray:
        """Pixels of images, little-endian 16 bit, contiguous."""
        if self.slope is not None:
            images = np.rint(images / self.slope)
        return np.ascontiguousarray(images, dtype="<i2" if self.signed else "<u2")

    def window(self, images: np.ndarray) -> tuple[str, str]:
        """Window centre and width that show all but the brightest half percent."""
        high = round(float(np.percentile(images[:, ::4, ::4], 99.5))) or 1
        return decimal(high / 2), decimal(high)


def pixel_form(series: PlannedSeries, habits: ScannerHabits) -> PixelForm:
    """Pixel format that a scanner of these habits chooses for a series.

    Rescaled signal fills the stored range, so that a step is never larger than 1 and rounding the
    rescaled value gives the whole number back.
    """
    highest = series.highest
    wide = highest > _HIGHEST_12_BIT
    if habits.rescaled:
        levels = HIGHEST if wide else _HIGHEST_12_BIT
        slope = float(decimal(highest / levels)) if highest else 1.0
        return PixelForm(slope, 16 if wide else 12, False)
    if habits.signed_pixels and highest <= _HIGHEST_SIGNED:
        return PixelForm(None, 16, True)
    return PixelForm(None, 16 if wide else 12, False)
