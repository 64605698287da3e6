"""The one family of errors that mamri raises on purpose.

Every message has three parts: what was needed, what came, what to do. None contains patient data.
"""


class MamriError(Exception):
    """Base of every error that mamri raises on purpose."""


class InputError(MamriError):
    """The input as a whole cannot be used (no files, several patients, unknown layout)."""


class GeometryError(InputError):
    """Shapes, affines, slices or grids do not fit together."""


class DicomError(InputError):
    """A DICOM file or series cannot be read safely."""


class TimingError(InputError):
    """Phases cannot be ordered or timed with certainty."""


class ModelError(MamriError):
    """A model that was asked for is missing or does not fit."""
