"""What running a network needs: an image in, logits out, whatever computes them.

Code that uses networks takes an `Engine` and knows no backend; tests pass a fake.
`choose_engine.engine_of` makes one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from mamri.networks.network_plan import NetworkPlan
from mamri.records import ModelError


class Backend(StrEnum):
    """Library that computes a network."""

    OPENVINO = "openvino"
    TORCH = "torch"


class Device(StrEnum):
    """Where a network is computed."""

    CPU = "cpu"
    CUDA = "cuda"


class Precision(StrEnum):
    """Numbers that convolutions are computed in."""

    AUTO = "auto"
    BF16 = "bf16"
    F32 = "f32"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How networks are computed.

    Parameters
    ----------
    backend : Backend
        openvino, the fastest on CPUs, or torch, which needs the extra ``train`` and also runs on
        GPUs.
    device : Device
        cpu or cuda; OpenVINO takes the CPU only.
    precision : Precision
        auto takes bfloat16 where the processor computes in it, else 32-bit floats. Measured with
        the anatomy model on an exam of I-SPY 1, probabilities differ by 0.0001 on average, by less
        than 0.007 in 99.9 % of the voxels and by 0.02 at most, and volumes of breasts and tissue
        by 0.02 %; random networks differ by up to 0.06.
    threads : int or None
        CPU threads; None for one a core.

    Raises
    ------
    ModelError
        If there is no such backend, device or precision, no thread is left, or OpenVINO is asked
        for on a GPU.
    """

    backend: Backend = Backend.OPENVINO
    device: Device = Device.CPU
    precision: Precision = Precision.AUTO
    threads: int | None = None

    def __post_init__(self) -> None:
        for name, kind in (("backend", Backend), ("device", Device), ("precision", Precision)):
            word = getattr(self, name)
            if word not in list(kind):
                raise ModelError(
                    f"the {name} of an engine must be one of {', '.join(kind)}, got {word!r}; "
                    "choose one of them"
                )
            object.__setattr__(self, name, kind(word))  # plain words are taken too
        if self.threads is not None and self.threads < 1:
            raise ModelError(
                f"networks need at least one thread, got {self.threads}; give 1 or more, or None"
            )
        if self.backend is Backend.OPENVINO and self.device is not Device.CPU:
            raise ModelError(
                f"OpenVINO runs on the CPU here, got device {self.device}; choose the torch backend"
            )


class Engine(Protocol):
    """A network that is ready to run."""

    @property
    def plan(self) -> NetworkPlan:
        """Shape of the network."""
        ...

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Answer of the network before softmax.

        Parameters
        ----------
        image : (C, S, R, C') or (N, C, S, R, C') float32
            Already normalised; sizes multiples of ``plan.divisor``. One spatial axis less for a
            network of slices.

        Returns
        -------
        (K, S, R, C') or (N, K, S, R, C') float32
            Logits of the classes, the caller's to change.
        """
        ...


def as_batch(plan: NetworkPlan, image: np.ndarray) -> np.ndarray:
    """Image or images as a contiguous float32 batch that a network takes.

    Parameters
    ----------
    plan : NetworkPlan
    image : (C, ...) or (N, C, ...) real

    Returns
    -------
    (N, C, ...) float32
        A view where nothing had to change.

    Raises
    ------
    ModelError
        If axes, channels or sizes do not fit the network.
    """
    batch = image[None] if image.ndim == plan.dimensions + 1 else image
    fits = batch.ndim == plan.dimensions + 2 and batch.shape[1] == plan.in_channels
    if not fits or any(
        n == 0 or n % step for n, step in zip(batch.shape[2:], plan.divisor, strict=True)
    ):
        raise ModelError(
            f"the network needs {plan.in_channels} channels of {plan.dimensions} axes, sizes "
            f"multiples of {plan.divisor}, got an array of shape {image.shape}; pad it first, as "
            "networks.sliding_window does"
        )
    return np.ascontiguousarray(batch, np.float32)
