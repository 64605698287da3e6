"""What the user can say where the headers do not."""

from dataclasses import dataclass

from mamri.records import Laterality


@dataclass(frozen=True, slots=True)
class DicomOptions:
    """Choices of the user for reading a DICOM examination.

    Parameters
    ----------
    times_s : tuple of float, s, or None
        Centre of each phase counted from the injection, in order of acquisition; replaces the times
        in the headers. If nothing in the headers separates the volumes of a series, exactly as many
        times as volumes allow them to be ordered by instance number.
    phase_sources : tuple of (source, s), or None
        The phases themselves: each a folder inside the input, a SeriesInstanceUID or a series
        number, with its time from injection.
    injection_s : float, s, or None
        Injection, counted from the start of the first phase.
    side : Laterality or None
        Which breast to read where the two were acquired as separate dynamic series.
    """

    times_s: tuple[float, ...] | None = None
    phase_sources: tuple[tuple[str, float], ...] | None = None
    injection_s: float | None = None
    side: Laterality | None = None
