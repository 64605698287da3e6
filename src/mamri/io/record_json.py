"""Frozen records as plain JSON values and back, by the types of their fields.

Fields may be words, numbers, enumerations, other records, tuples and mappings of these, or `Any`
for plain values whose meaning is another's. A field with a default may be missing; a key that is
no field is refused.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from mamri.records import InputError

Record = TypeVar("Record")


def record_to_json(record: Any) -> dict[str, Any]:
    """Plain values of a record, keys in the order of its fields.

    Parameters
    ----------
    record : dataclass instance

    Returns
    -------
    dict of str to plain value
        A mapping called ``extra`` is left out while it is empty.
    """
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: _plain(v) for name, v in values.items() if name != "extra" or v}


def record_from_json(kind: type[Record], values: Any, place: str = "$") -> Record:
    """Read a record from plain values.

    Parameters
    ----------
    kind : dataclass
    values : mapping of str to plain value
        As ``json.loads`` gives them.
    place : str
        Where in the document they stand, for messages.

    Returns
    -------
    Record

    Raises
    ------
    InputError
        If a key is missing or unknown, or a value of the wrong kind.
    MamriError
        Whatever the record itself refuses.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{place} must be an object, got {_said(values)}; correct it")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InputError(
            f"{place} may hold {', '.join(known)}, got also {', '.join(map(str, unknown))}; "
            + ("move what is more under extra" if "extra" in known else "remove or correct it")
        )
    missing = [
        name
        for name, field in known.items()
        if name not in values and field.default is MISSING and field.default_factory is MISSING
    ]
    if missing:
        raise InputError(f"{place} must hold {', '.join(missing)}, which it lacks; add it")
    types = get_type_hints(kind)
    return kind(**{k: _read(types[k], value, f"{place}.{k}") for k, value in values.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if is_dataclass(value):
        return record_to_json(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _read(kind: Any, value: Any, place: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (UnionType, Union):  # of one kind and None
        (one,) = (k for k in inner if k is not type(None))
        return None if value is None else _read(one, value, place)
    if origin is tuple:
        return _read_tuple(inner, value, place)
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise InputError(f"{place} must be an object, got {_said(value)}; correct it")
        return {key: _read(inner[1], item, f"{place}.{key}") for key, item in value.items()}
    if is_dataclass(kind):
        return record_from_json(kind, value, place)  # type: ignore[arg-type]
    if issubclass(kind, StrEnum):
        if value not in list(kind):
            raise InputError(f"{place} must be one of {', '.join(kind)}, got {_said(value)}")
        return kind(value)
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise InputError(f"{place} must be {_NAMES[kind]}, got {_said(value)}; correct it")
    return kind(value)


def _read_tuple(inner: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    is_open = len(inner) == 2 and inner[1] is Ellipsis
    if not isinstance(value, list) or not (is_open or len(value) == len(inner)):
        wanted = "a list" if is_open else f"a list of {len(inner)}"
        raise InputError(f"{place} must be {wanted}, got {_said(value)}; correct it")
    kinds = (inner[0],) * len(value) if is_open else inner
    return tuple(
        _read(kind, item, f"{place}[{n}]")
        for n, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _said(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}..."


_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
