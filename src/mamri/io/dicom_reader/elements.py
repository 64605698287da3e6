"""Walk the elements of a DICOM header without recursion and without parsing what is not needed.

The walk collects the raw bytes of the wanted top-level elements, finds the pixel data, and measures
how deeply sequences are nested. It never follows nesting with function calls, so a hostile file
cannot exhaust the stack, and it allocates nothing that the header asks for.
"""

import struct
from collections.abc import Set
from dataclasses import dataclass

from mamri.io.dicom_reader._tag_table import PIXEL_DATA_TAGS

# Explicit value representations whose length takes four bytes, PS3.5 table 7.1-1.
_LONG = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)
_SHORT = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN"}
    | {b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
)
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
# Nesting of sequences that valid MR files stay far below (Enhanced MR: 5); parsers crash at 50 to
# 1000 levels.
MAX_NESTING = 32


class MalformedHeaderError(ValueError):
    """The bytes are not a well-formed sequence of DICOM elements; the text says in what way."""


class MoreBytesNeededError(Exception):
    """The header goes on beyond the bytes at hand."""


@dataclass(frozen=True, slots=True)
class Elements:
    """What a walk found.

    Parameters
    ----------
    values : dict of tag to bytes
        Raw value of each wanted top-level element that is present.
    pixel_tag : int or None
        Which kind of pixel data there is.
    pixel_offset : int
        Index of the first byte of the pixel data value.
    pixel_length : int or None, bytes
        Declared length; None where it is undefined (compressed fragments).
    """

    values: dict[int, bytes]
    pixel_tag: int | None
    pixel_offset: int
    pixel_length: int | None


def walk_elements(
    data: bytes,
    start: int,
    *,
    explicit: bool,
    little: bool,
    wanted: Set[int],
    whole_file: bool,
) -> Elements:
    """Collect wanted top-level elements up to the pixel data.

    Parameters
    ----------
    data : bytes
        The file, or its beginning.
    start : int
        Index of the first element after the file meta information.
    explicit, little : bool
        Transfer syntax: value representations written out; little-endian.
    wanted : set of tag numbers
    whole_file : bool
        Whether `data` is all there is.

    Raises
    ------
    MalformedHeaderError
        If lengths or value representations make no sense, or sequences nest deeper than
        `MAX_NESTING`.
    MoreBytesNeededError
        If the pixel data was not reached and `whole_file` is false.
    """
    order = "<" if little else ">"
    read_tag = struct.Struct(f"{order}HH").unpack_from
    read_short = struct.Struct(f"{order}H").unpack_from
    read_long = struct.Struct(f"{order}I").unpack_from
    item_mark = b"\xfe\xff\x00\xe0" if little else b"\xff\xfe\xe0\x00"
    values: dict[int, bytes] = {}
    position, size, last = start, len(data), -1
    while position + 8 <= size:
        group, element = read_tag(data, position)
        tag = (group << 16) | element
        vr, long_form = b"", True
        if explicit:
            vr = data[position + 4 : position + 6]
            long_form = vr in _LONG
            if not long_form and vr not in _SHORT:
                raise MalformedHeaderError("an element without a valid value representation")
        if not explicit:
            length, begin = read_long(data, position + 4)[0], position + 8
        elif long_form:
            if position + 12 > size:
                break
            length, begin = read_long(data, position + 8)[0], position + 12
        else:
            length, begin = read_short(data, position + 6)[0], position + 8
        if tag in PIXEL_DATA_TAGS:
            return Elements(values, tag, begin, None if length == _UNDEFINED else length)
        if tag <= last:
            raise MalformedHeaderError("elements out of order (a wrong length swallowed some)")
        last = tag
        if length == _UNDEFINED:
            nested_explicit = explicit and vr != b"UN"  # PS3.5 6.2.2: UN holds implicit items
            position = _skip_items(data, begin, None, nested_explicit, order, whole_file)
            continue
        if begin + length > size:
            break
        if (not explicit or vr in (b"SQ", b"UN")) and length > 8 * MAX_NESTING:
            # An item mark per level is the least that nesting takes: few marks need no walk.
            looks_nested = data.startswith(item_mark, begin)
            if looks_nested and data.count(item_mark, begin, begin + length) > MAX_NESTING:
                _skip_items(data, begin, begin + length, explicit and vr == b"SQ", order, True)
        if tag in wanted:
            values[tag] = data[begin : begin + length]
        position = begin + length
    if position == size and whole_file:
        return Elements(values, None, size, 0)
    if not whole_file:
        raise MoreBytesNeededError
    raise MalformedHeaderError("an element that reaches beyond the end of the file")


def _skip_items(
    data: bytes, start: int, end: int | None, explicit: bool, order: str, whole_file: bool
) -> int:
    """Index after a sequence whose items begin at `start`; checks the nesting on the way.

    `end` is the index after the sequence, or None where a delimiter closes it.
    """
    read_tag = struct.Struct(f"{order}HH").unpack_from
    read_short = struct.Struct(f"{order}H").unpack_from
    read_long = struct.Struct(f"{order}I").unpack_from
    # Open sequences and items: (is a sequence, end or None, explicit inside).
    stack: list[tuple[bool, int | None, bool]] = [(True, end, explicit)]
    position, size, depth = start, len(data), 1
    while stack:
        in_sequence, until, is_explicit = stack[-1]
        if until is not None and position >= until:
            stack.pop()
            depth -= in_sequence
            continue
        if position + 8 > size:
            raise _short_of_bytes(whole_file)
        group, element = read_tag(data, position)
        tag = (group << 16) | element
        if group == 0xFFFE:
            length = read_long(data, position + 4)[0]
            position += 8
            if tag == _ITEM and in_sequence:
                stack.append(
                    (False, None if length == _UNDEFINED else position + length, is_explicit)
                )
            elif (tag == _ITEM_END and not in_sequence) or (tag == _SEQUENCE_END and in_sequence):
                stack.pop()
                depth -= in_sequence
            else:
                raise MalformedHeaderError("a sequence with misplaced item marks")
            continue
        if in_sequence:
            raise MalformedHeaderError("a sequence without items")
        vr = data[position + 4 : position + 6] if is_explicit else b""
        if is_explicit and vr not in _LONG and vr not in _SHORT:
            raise MalformedHeaderError("an element without a valid value representation")
        if is_explicit and vr in _SHORT:
            position += 8 + read_short(data, position + 6)[0]
            continue
        at = position + (8 if is_explicit else 4)
        if at + 4 > size:
            raise _short_of_bytes(whole_file)
        length, position = read_long(data, at)[0], at + 4
        undefined = length == _UNDEFINED
        if undefined or vr == b"SQ":
            depth += 1
            if depth > MAX_NESTING:
                raise MalformedHeaderError(f"sequences nested deeper than {MAX_NESTING}")
            inside = is_explicit and vr != b"UN"
            stack.append((True, None if undefined else position + length, inside))
        else:
            position += length
    return position


def _short_of_bytes(whole_file: bool) -> Exception:
    if whole_file:
        return MalformedHeaderError("a sequence that reaches beyond the end of the file")
    return MoreBytesNeededError()
