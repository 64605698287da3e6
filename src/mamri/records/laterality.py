"""Side of the body, always from patient coordinates."""

from enum import IntEnum


class Laterality(IntEnum):
    """Side of the patient; the value is the label in breast masks (0 is background)."""

    RIGHT = 1
    LEFT = 2

    @property
    def word(self) -> str:
        """Lower-case word used in results: ``right`` or ``left``."""
        return self.name.lower()
