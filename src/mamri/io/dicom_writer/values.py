"""Values as DICOM writes them: identifiers, decimals, dates and times."""

import hashlib
from datetime import datetime


def unique_identifier(*parts: object) -> str:
    """Identifier under 2.25 that follows from its parts.

    Examples
    --------
    >>> unique_identifier("a", 1) == unique_identifier("a", 1) != unique_identifier("a", 2)
    True
    """
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def decimal(value: float) -> str:
    """Decimal string of at most 16 characters."""
    return f"{value:.9g}"


def optional_decimal(value: float | None) -> str:
    """Decimal string, empty where the value is not known."""
    return "" if value is None else decimal(value)


def date_text(moment: datetime) -> str:
    """Date, YYYYMMDD."""
    return moment.strftime("%Y%m%d")


def time_text(moment: datetime) -> str:
    """Time of day, HHMMSS.FFFFFF."""
    return moment.strftime("%H%M%S.%f")


def datetime_text(moment: datetime) -> str:
    """Date and time, YYYYMMDDHHMMSS.FFFFFF."""
    return moment.strftime("%Y%m%d%H%M%S.%f")
