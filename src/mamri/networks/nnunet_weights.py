"""Weights of nnU-Net v2 checkpoints as weights of `unet.UNet`; needs the extra ``train``.

A checkpoint is a pickle, and a pickle can run any program. Only tensors and plain numbers are read
here; a checkpoint that asks for anything else is refused before it does anything. nnU-Net keeps
each layer under several names, of which one is used.
"""

import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mamri.networks.network_plan import NetworkKind, NetworkPlan
from mamri.networks.unet import build_network
from mamri.records import ModelError

# What the training log of a checkpoint holds beside plain numbers, under the names that numpy 1
# and numpy 2 pickle it by.
_SCALAR = np.float64(0).__reduce__()[0]
_NUMBERS: list[Any] = [
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i4", "i8", "?")),
]
# Wrappers of distributed and of compiled training.
_WRAPPERS = re.compile(r"^(module\.|_orig_mod\.)+")
# Second names of layers, that hold the same numbers.
_REPEATED = re.compile(r"\.all_modules\.|^decoder\.encoder\.")
# Biases that our convolutions have and nnU-Net's need not.
_BIAS = re.compile(r"\.conv\.bias$|^up\.\d+\.bias$")
_NAMES = {
    NetworkKind.PLAIN: (
        r"encoder\.stages\.(\d+)\.0\.convs\.(\d+)\.(conv|norm)",
        r"encoder.\1.\2.\3",
    ),
    NetworkKind.RESIDUAL: (
        r"encoder\.stages\.(\d+)\.blocks\.(\d+)\.(conv1|conv2)\.(conv|norm)",
        r"encoder.\1.\2.\3.\4",
    ),
}
_SHARED_NAMES = (
    (r"encoder\.stem\.convs\.0\.(conv|norm)", r"stem.\1"),
    (
        r"encoder\.stages\.(\d+)\.blocks\.(\d+)\.skip\.[01]\.(conv|norm)",
        r"encoder.\1.\2.project.\3",
    ),
    (r"decoder\.stages\.(\d+)\.convs\.(\d+)\.(conv|norm)", r"decoder.\1.\2.\3"),
    (r"decoder\.transpconvs\.(\d+)", r"up.\1"),
    (r"decoder\.seg_layers\.(\d+)", r"heads.\1"),
)


@dataclass(frozen=True, slots=True, eq=False)
class NnunetCheckpoint:
    """What a checkpoint says that its plans do not.

    Parameters
    ----------
    weights : mapping of str to float32 array
        By nnU-Net's names.
    trainer, configuration : str
        Empty where the checkpoint does not say.
    mirror_axes : tuple of int
        Axes of the patch along which the network may be asked again in a mirror.
    """

    weights: Mapping[str, np.ndarray]
    trainer: str
    configuration: str
    mirror_axes: tuple[int, ...]


def read_checkpoint(path: Path) -> NnunetCheckpoint:
    """Read a checkpoint without running anything that it holds.

    Parameters
    ----------
    path : Path
        ``checkpoint_final.pth`` of a fold.

    Returns
    -------
    NnunetCheckpoint

    Raises
    ------
    ModelError
        If the file is missing, damaged, no checkpoint of nnU-Net v2, or asks for code.
    """
    found = _loaded(path)
    weights = found.get("network_weights") if isinstance(found, dict) else None
    if not isinstance(weights, dict) or not all(map(torch.is_tensor, weights.values())):
        raise ModelError(
            f"a checkpoint of nnU-Net v2 was needed, {path.name} holds no network_weights; give a "
            "result folder of nnunetv2 (models of nnU-Net v1 cannot be imported)"
        )
    asked, axes = found.get("init_args"), found.get("inference_allowed_mirroring_axes")
    return NnunetCheckpoint(
        {_WRAPPERS.sub("", str(k)): w.to(torch.float32).numpy() for k, w in weights.items()},
        str(found.get("trainer_name", "")),
        str(asked.get("configuration", "")) if isinstance(asked, dict) else "",
        tuple(int(axis) for axis in axes or ()),
    )


def unet_weights(plan: NetworkPlan, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights of a checkpoint by the names of `unet.UNet`.

    Parameters
    ----------
    plan : NetworkPlan
    weights : mapping of str to float32 array
        By nnU-Net's names.

    Returns
    -------
    dict of str to float32 array
        All that the network needs. Biases that nnU-Net left out are zeros, and so are the heads
        of coarser stages where it kept one head; nothing but training uses those.

    Raises
    ------
    ModelError
        If one is missing, unknown or of another shape: the network is not the one of the plan.
    """
    with torch.device("meta"):
        needed = {k: tuple(w.shape) for k, w in build_network(plan).state_dict().items()}
    rules = [_NAMES[plan.kind], *_SHARED_NAMES]
    named = {
        _renamed(name, rules): np.ascontiguousarray(array, np.float32)
        for name, array in weights.items()
        if not _REPEATED.search(name)
    }
    last = f"heads.{len(plan.features) - 2}."
    for name, shape in needed.items():
        is_spare_head = name.startswith("heads.") and not name.startswith(last)
        if name not in named and (_BIAS.search(name) or is_spare_head):
            named[name] = np.zeros(shape, np.float32)
    wrong = sorted(k for k in needed.keys() | named.keys() if _shape(named, k) != needed.get(k))
    if wrong:
        raise ModelError(
            f"the weights must be those of the network that the plans describe, {len(wrong)} of "
            f"{len(needed)} differ (first: {wrong[0]}, needed {needed.get(wrong[0])}, got "
            f"{_shape(named, wrong[0])}); the trainer probably built a network of its own, which "
            "mamri does not have"
        )
    return named


def _loaded(path: Path) -> Any:
    try:
        with torch.serialization.safe_globals(_NUMBERS):
            # Mapped, not read: the optimiser's state, half of the file, is never touched.
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except FileNotFoundError as error:
        raise ModelError(
            f"a checkpoint was needed, {path.parent.name}/{path.name} does not exist; give the "
            "folder that nnU-Net trained into"
        ) from error
    except pickle.UnpicklingError as error:
        # torch's own message tells how to read the file unsafely: it must not reach the user.
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"asks for {asked[1]}" if asked else "asks for more"
        raise ModelError(
            f"a checkpoint must hold tensors and plain numbers only, {path.name} {what}: reading "
            "it could run a program; do not open it, and ask its authors for the weights alone"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"a whole checkpoint was needed, {path.name} cannot be read ({type(error).__name__}); "
            "copy it again from its source"
        ) from error


def _renamed(name: str, rules: list[tuple[str, str]]) -> str:
    layer, _, kind = name.rpartition(".")
    for pattern, ours in rules:
        if match := re.fullmatch(pattern, layer):
            return f"{match.expand(ours)}.{kind}"
    return name


def _shape(arrays: Mapping[str, np.ndarray], name: str) -> tuple[int, ...] | None:
    return arrays[name].shape if name in arrays else None
