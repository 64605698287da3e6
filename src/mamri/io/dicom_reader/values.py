"""Typed access to the raw header values of one image."""

import datetime
import math
import re
import struct
from dataclasses import dataclass, field
from typing import Any

from pydicom.charset import python_encoding

from mamri.io.dicom_reader import _tag_table as tags

_LETTER_BYTES = {"H": 2, "I": 4, "f": 4, "d": 8}
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{1,9})?")


@dataclass(slots=True, eq=False)
class HeaderValues:
    """Header values of one image (a classic file, or one frame of an Enhanced file).

    Every accessor gives None (or an empty result) for a value that is absent or unreadable, and
    never NaN or infinity.

    Parameters
    ----------
    raw : dict of tag to bytes
    little : bool
        Whether binary numbers are little-endian.
    """

    raw: dict[int, bytes]
    little: bool = True
    _numbers: dict[int, tuple[float, ...]] = field(default_factory=dict)

    def text(self, tag: int) -> str:
        """Value as text without padding; empty where absent.

        Bytes outside ASCII follow the declared character set; what it cannot decode is replaced.
        """
        value = self.raw.get(tag)
        if not value:
            return ""
        encoding = "ascii" if value.isascii() else self.encoding
        return value.decode(encoding, errors="replace").strip(" \0")

    def texts(self, tag: int) -> tuple[str, ...]:
        """Values separated by backslashes, each without padding."""
        text = self.text(tag)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    @property
    def encoding(self) -> str:
        """Python codec of the declared character set; ``ascii`` where it is unknown."""
        names = self.raw.get(tags.SPECIFIC_CHARACTER_SET, b"").decode("ascii", "replace")
        first = next((name.strip(" \0") for name in names.split("\\") if name.strip(" \0")), "")
        return python_encoding.get(first, "ascii") if first else "iso8859"

    @property
    def has_unknown_charset(self) -> bool:
        """Whether a declared character set is not one of the standard's."""
        names = self.raw.get(tags.SPECIFIC_CHARACTER_SET, b"").decode("ascii", "replace")
        return any(
            name.strip(" \0") not in python_encoding
            for name in names.split("\\")
            if name.strip(" \0")
        )

    def numbers(self, tag: int) -> tuple[float, ...]:
        """All values as finite numbers; empty where absent or if any is not a finite number."""
        if tag in self._numbers:
            return self._numbers[tag]
        value = self.raw.get(tag)
        found = () if not value else _finite(_decode(value, tags.KINDS[tag], self.little))
        self._numbers[tag] = found
        return found

    def number(self, tag: int) -> float | None:
        """First value as a finite number, or None."""
        found = self.numbers(tag)
        return found[0] if found else None

    def integer(self, tag: int) -> int | None:
        """First value as a whole number, or None."""
        value = self.number(tag)
        return None if value is None or value != int(value) else int(value)

    def private_number(self, tag: int) -> float | None:
        """First value of a private attribute, if its block belongs to the expected creator."""
        return self.number(tag) if self.owns(tag) else None

    def owns(self, tag: int) -> bool:
        """Whether a private attribute is present and its block belongs to the expected creator."""
        creator, name = tags.PRIVATE_CREATORS[tag]
        return tag in self.raw and self.text(creator).casefold() == name.casefold()

    def is_unreadable(self, tag: int) -> bool:
        """Whether a numeric attribute has a value, but not a finite number."""
        return bool(self.raw.get(tag, b"").strip(b" \0")) and not self.numbers(tag)

    def date_ordinal(self, tag: int) -> int | None:
        """Date as a day number, or None where absent or impossible."""
        text = self.text(tag)
        match = _DATE.fullmatch(text[:10]) or _DATE.fullmatch(text[:8])  # a date, or date and time
        if not match:
            return None
        try:
            return datetime.date(*(int(part) for part in match.groups())).toordinal()
        except ValueError:
            return None

    def time_of_day_s(self, tag: int) -> float | None:
        """Time of day in seconds, or None where absent or impossible."""
        return parse_time_s(self.text(tag))


def parse_time_s(text: str) -> float | None:
    """Seconds since midnight of a DICOM time (HHMMSS.FFFFFF, parts optional from the right)."""
    match = _TIME.fullmatch(text.strip())
    if not match:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    return hours * 3600.0 + minutes * 60.0 + seconds + float(match.group(4) or 0)


def encode_value(tag: int, value: Any) -> bytes:
    """Raw little-endian bytes of a value as `HeaderValues` keeps them; inverse of its accessors."""
    kind = tags.KINDS[tag]
    parts = list(value) if isinstance(value, list | tuple) or _is_multi(value) else [value]
    if kind in (tags.TEXT, tags.DECIMAL):
        return "\\".join(str(part) for part in parts).encode("utf-8")
    cast = int if kind in "HI" else float
    return struct.pack(f"<{len(parts)}{kind}", *(cast(part) for part in parts))


def _is_multi(value: Any) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, str | bytes)


def _decode(value: bytes, kind: str, little: bool) -> list[float]:
    if kind == tags.DECIMAL:
        return _decimals(value)
    width = _LETTER_BYTES[kind]
    if kind == "I" and len(value) == 2:  # some writers store unsigned longs as shorts
        kind, width = "H", 2
    if len(value) % width:
        return _decimals(value)
    count = len(value) // width
    return [float(part) for part in struct.unpack(f"{'<' if little else '>'}{count}{kind}", value)]


def _decimals(value: bytes) -> list[float]:
    try:
        return [float(part) for part in value.rstrip(b" \0").split(b"\\")]
    except ValueError:
        return []


def _finite(values: list[float]) -> tuple[float, ...]:
    return tuple(values) if all(map(math.isfinite, values)) else ()
