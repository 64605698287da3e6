"""What a segmentation network looks like, as data: the same for building, storing and importing.

A stage halves the resolution of the one before it by its stride; the first stage has stride 1. The
decoder goes back up stage by stage, as in the U-Net [1]_, and its variants are those of nnU-Net:
plain convolutions [2]_ or residual blocks in the encoder [3]_.

References
----------
.. [1] Ronneberger O, Fischer P, Brox T. U-Net: convolutional networks for biomedical image
   segmentation. MICCAI 2015:234-241. doi:10.1007/978-3-319-24574-4_28
.. [2] Isensee F, Jaeger PF, Kohl SAA, et al. nnU-Net: a self-configuring method for deep
   learning-based biomedical image segmentation. Nat Methods 2021;18:203-211.
   doi:10.1038/s41592-020-01008-z
.. [3] Isensee F, Wald T, Ulrich C, et al. nnU-Net revisited: a call for rigorous validation in 3D
   medical image segmentation. MICCAI 2024:488-498. doi:10.1007/978-3-031-72114-4_47
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import prod
from typing import Any

from mamri.records import ModelError

Sizes = tuple[int, ...]


class NetworkKind(StrEnum):
    """Family of an encoder."""

    PLAIN = "plain"
    RESIDUAL = "residual"


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """Shape of a U-Net.

    Parameters
    ----------
    kind : NetworkKind
        Encoder of plain convolutions, or of residual blocks behind a stem.
    in_channels, classes : int
        Channels of the image, and of the output before softmax.
    features : tuple of int
        Channels of each stage, finest first.
    strides, kernels : tuple of (S, R, C) of int
        One for each stage; two sizes for a network of slices.
    blocks : tuple of int
        Convolutions (plain) or residual blocks of each encoder stage.
    decoder_blocks : tuple of int
        Convolutions of each decoder stage, coarsest first; one fewer than stages.
    negative_slope : float
        Slope of the leaky rectifier below zero; 0.01 in nnU-Net.
    norm_epsilon : float
        Added to the variance in instance normalisation; 1e-5 in nnU-Net.

    Raises
    ------
    ModelError
        If the lists do not fit each other.
    """

    kind: NetworkKind
    in_channels: int
    classes: int
    features: Sizes
    strides: tuple[Sizes, ...]
    kernels: tuple[Sizes, ...]
    blocks: Sizes
    decoder_blocks: Sizes
    negative_slope: float = 0.01
    norm_epsilon: float = 1e-5

    def __post_init__(self) -> None:
        stages = len(self.features)
        lengths = (len(self.strides), len(self.kernels), len(self.blocks))
        if stages < 2 or set(lengths) != {stages} or len(self.decoder_blocks) != stages - 1:
            raise ModelError(
                "a network needs at least two stages with a stride, a kernel and a number of "
                f"blocks each, and one decoder stage fewer; got {stages} stages, {lengths} and "
                f"{len(self.decoder_blocks)}; correct the plan"
            )
        sizes = {len(size) for size in (*self.strides, *self.kernels)}
        if len(sizes) != 1 or not sizes <= {2, 3}:
            raise ModelError(
                f"strides and kernels need two or three sizes each, got {self.strides} and "
                f"{self.kernels}; correct the plan"
            )
        numbers = (self.in_channels, self.classes, *self.features, *self.blocks)
        if min(numbers) < 1 or min(min(s) for s in (*self.strides, *self.kernels)) < 1:
            raise ModelError(f"all sizes of a network must be at least 1, got {self}; correct it")
        if any(size % 2 == 0 for kernel in self.kernels for size in kernel):
            raise ModelError(f"kernels need odd sizes, got {self.kernels}; correct the plan")

    @property
    def dimensions(self) -> int:
        """2 for a network of slices, 3 for one of volumes."""
        return len(self.strides[0])

    @property
    def divisor(self) -> Sizes:
        """Sizes of the input along each axis must be multiples of these."""
        return tuple(
            prod(stride[axis] for stride in self.strides) for axis in range(self.dimensions)
        )

    def to_json(self) -> dict[str, Any]:
        """The plan as plain values for ``model.json``."""
        return {**asdict(self), "kind": self.kind.value}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "NetworkPlan":
        """The plan of a ``model.json``.

        Raises
        ------
        ModelError
            If a value is missing, unknown or of the wrong kind.
        """
        try:
            found: dict[str, Any] = {k: _as_tuples(v) for k, v in values.items()}
            return NetworkPlan(**{**found, "kind": NetworkKind(values["kind"])})
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                "the plan of a network needs kind, channels, classes, features, strides, kernels "
                f"and blocks, got {sorted(values)}; use a model folder that mamri wrote"
            ) from error


def volume_plan(
    kind: NetworkKind,
    *,
    in_channels: int,
    classes: int,
    features: Sizes,
    blocks: Sizes,
    negative_slope: float = 0.01,
) -> NetworkPlan:
    """Plan of a network of volumes that halves all axes between stages, kernels of 3.

    Parameters
    ----------
    kind : NetworkKind
    in_channels, classes : int
    features, blocks : tuple of int
        One for each stage.
    negative_slope : float

    Returns
    -------
    NetworkPlan
    """
    stages = len(features)
    return NetworkPlan(
        kind,
        in_channels,
        classes,
        features,
        strides=((1, 1, 1), *((2, 2, 2),) * (stages - 1)),
        kernels=((3, 3, 3),) * stages,
        blocks=blocks,
        decoder_blocks=(1,) * (stages - 1),
        negative_slope=negative_slope,
    )


def _as_tuples(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_as_tuples(item) for item in value)
    return value
