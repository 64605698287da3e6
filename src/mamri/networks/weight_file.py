"""Weights of a network as a safetensors file, of half-precision numbers if wanted; never pickle.

Names are those of the torch module of the same plan. Half precision keeps each weight to 0.05 %,
less than the bfloat16 that networks are computed in, and halves the file.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mamri.records import ModelError

_FLOATS = (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64))


def save_weights(path: Path, arrays: Mapping[str, np.ndarray], *, half: bool = True) -> None:
    """Write weights.

    Parameters
    ----------
    path : Path
        File to write, ``*.safetensors``; the same weights always make the same bytes.
    arrays : mapping of str to float array
        Left as they are.
    half : bool
        In half precision; else in single precision.

    Raises
    ------
    ModelError
        If an array holds anything but floats, or a number that the precision cannot hold.
    """
    kind = np.float16 if half else np.float32
    path.write_bytes(save({name: _as_kind(name, array, kind) for name, array in arrays.items()}))


def load_weights(path: Path) -> dict[str, np.ndarray]:
    """Read weights as they are stored.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to float16 array
        float32 where another program stored them so.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or holds anything but finite floats.
    """
    try:
        arrays = load(path.read_bytes())
    except OSError as error:
        raise ModelError(
            f"weights must be a readable file, {path.name} is not ({error.strerror}); restore it "
            "from where the model came from"
        ) from error
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"weights must be a safetensors file of float16 or float32, {path.name} is damaged or "
            f"of another kind ({error}); restore it from where the model came from"
        ) from error
    for name, array in arrays.items():
        if array.dtype not in _FLOATS[:2] or not np.isfinite(array).all():
            raise ModelError(
                f"weights must be finite float16 or float32, {name} in {path.name} is not (stored "
                f"as {array.dtype}); restore the file from where the model came from"
            )
    return arrays


def _as_kind(name: str, array: np.ndarray, kind: type[np.floating]) -> np.ndarray:
    if array.dtype not in _FLOATS:
        raise ModelError(
            f"weights must be float16, float32 or float64, {name} is {array.dtype}; leave it out "
            "or convert it first"
        )
    with np.errstate(over="ignore"):
        stored = np.ascontiguousarray(array, kind)
    if not np.isfinite(stored).all():
        raise ModelError(
            f"weights must be finite and at most {np.finfo(kind).max:g}, {name} is not; "
            "train with a lower learning rate or rescale the network"
        )
    return stored
