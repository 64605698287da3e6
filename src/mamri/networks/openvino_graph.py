"""A U-Net as an OpenVINO network, built from its plan and weights without torch.

The same layers as `unet`, which is where their order and names are explained; tests hold the two
together.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mamri.networks.network_plan import NetworkKind, NetworkPlan, Sizes
from mamri.networks.openvino_library import ov
from mamri.records import ModelError

Node = Any
_Take = Callable[..., Node]  # name and shape of a weight to its node


def openvino_network(plan: NetworkPlan, weights: Mapping[str, np.ndarray]) -> Any:
    """An `openvino.Model` that takes any number of images of any size.

    Parameters
    ----------
    plan : NetworkPlan
    weights : mapping of str to float array
        By the names of `unet.UNet`. Answers of coarser decoder stages are not used.

    Returns
    -------
    openvino.Model
        (N, C, ...) float32 to logits (N, K, ...) float32.

    Raises
    ------
    ModelError
        If a weight is missing, unknown or of another shape than the plan says.
    """
    ops = ov.opset15
    taken: set[str] = set()

    def take(name: str, shape: Sizes, as_shape: Sizes | None = None) -> Node:
        if name not in weights or weights[name].shape != shape:
            found = weights[name].shape if name in weights else "nothing"
            raise ModelError(
                f"the plan needs the weight {name} of shape {shape}, got {found}; use the weights "
                "and the plan of one model"
            )
        taken.add(name)
        return ops.constant(weights[name].astype(np.float32).reshape(as_shape or shape))

    image = ops.parameter([-1, plan.in_channels, *[-1] * plan.dimensions], np.float32)
    logits = _decoder(plan, take, _encoder(plan, take, image))
    unknown = [name for name in weights if name not in taken and not _is_unused(name)]
    if unknown:
        raise ModelError(
            f"the plan has no place for the weights {', '.join(sorted(unknown)[:3])} ..., "
            f"{len(unknown)} in all; use the weights and the plan of one model"
        )
    model = ov.Model([logits], [image], "network")
    # Names that are the same in every process.
    for number, node in enumerate(model.get_ordered_ops()):
        node.set_friendly_name(f"{node.get_type_name()}_{number}")
    model.input().set_names({"image"})
    model.output().set_names({"logits"})
    return model


def save_openvino_network(
    path: Path, plan: NetworkPlan, weights: Mapping[str, np.ndarray]
) -> tuple[Path, Path]:
    """Write a network as OpenVINO files with half-precision weights.

    Parameters
    ----------
    path : Path
        ``*.xml`` to write; the weights go beside it. The same network makes the same bytes.
    plan : NetworkPlan
    weights : mapping of str to float array

    Returns
    -------
    tuple of Path
        The ``*.xml`` and the ``*.bin``.

    Raises
    ------
    ModelError
        If weights and plan do not fit each other.
    """
    ov.save_model(openvino_network(plan, weights), path, compress_to_fp16=True)
    return path, path.with_suffix(".bin")


def _encoder(plan: NetworkPlan, take: _Take, x: Node) -> list[Node]:
    """Features of every stage, finest first."""
    ones = (1,) * plan.dimensions
    block: Callable[..., Node] = _conv_norm
    channels = plan.in_channels
    if plan.kind is NetworkKind.RESIDUAL:
        x = _conv_norm(plan, take, "stem", x, (channels, plan.features[0]), plan.kernels[0], ones)
        block, channels = _residual_block, plan.features[0]
    stages = []
    for n, out in enumerate(plan.features):
        for k in range(plan.blocks[n]):
            stride = plan.strides[n] if k == 0 else ones
            x = block(plan, take, f"encoder.{n}.{k}", x, (channels, out), plan.kernels[n], stride)
            channels = out
        stages.append(x)
    return stages


def _decoder(plan: NetworkPlan, take: _Take, stages: list[Node]) -> Node:
    ops, ones = ov.opset15, (1,) * plan.dimensions
    x, finest = stages[-1], len(plan.features) - 2
    for i, blocks in enumerate(plan.decoder_blocks):
        n = finest - i
        out, stride = plan.features[n], plan.strides[n + 1]
        zeros = (0,) * plan.dimensions
        kernel = take(f"up.{i}.weight", (plan.features[n + 1], out, *stride))
        x = ops.convolution_backprop_data(x, kernel, stride, None, zeros, zeros, ones)
        x = ops.add(x, take(f"up.{i}.bias", (out,), (1, out, *ones)))
        x = ops.concat([x, stages[n]], 1)
        for k in range(blocks):
            channels = (2 * out if k == 0 else out, out)
            x = _conv_norm(plan, take, f"decoder.{i}.{k}", x, channels, plan.kernels[n], ones)
    x = _convolution(plan, take, f"heads.{finest}", x, (plan.features[0], plan.classes), ones)
    return ops.add(x, take(f"heads.{finest}.bias", (plan.classes,), (1, plan.classes, *ones)))


def _residual_block(
    plan: NetworkPlan,
    take: _Take,
    name: str,
    x: Node,
    channels: tuple[int, int],
    kernel: Sizes,
    stride: Sizes,
) -> Node:
    ops, ones, zeros = ov.opset15, (1,) * plan.dimensions, (0,) * plan.dimensions
    out = channels[1]
    main = _conv_norm(plan, take, f"{name}.conv1", x, channels, kernel, stride)
    main = _conv_norm(plan, take, f"{name}.conv2", main, (out, out), kernel, ones, rectify=False)
    past = x
    if max(stride) > 1:
        past = ops.avg_pool(past, stride, zeros, zeros, stride, False)
    if channels[0] != out:
        past = _convolution(plan, take, f"{name}.project.conv", past, channels, ones)
        past = _normalised(plan, take, f"{name}.project.norm", past, out)
    return _rectified(plan, ops.add(main, past))


def _conv_norm(
    plan: NetworkPlan,
    take: _Take,
    name: str,
    x: Node,
    channels: tuple[int, int],
    kernel: Sizes,
    stride: Sizes,
    *,
    rectify: bool = True,
) -> Node:
    # The normalisation takes any constant out again, so the bias is checked and left out.
    take(f"{name}.conv.bias", (channels[1],))
    x = _convolution(plan, take, f"{name}.conv", x, channels, kernel, stride)
    x = _normalised(plan, take, f"{name}.norm", x, channels[1])
    return _rectified(plan, x) if rectify else x


def _convolution(
    plan: NetworkPlan,
    take: _Take,
    name: str,
    x: Node,
    channels: tuple[int, int],
    kernel: Sizes,
    stride: Sizes | None = None,
) -> Node:
    """Convolution without its bias."""
    ones = (1,) * plan.dimensions
    pads = tuple(size // 2 for size in kernel)
    weight = take(f"{name}.weight", (channels[1], channels[0], *kernel))
    return ov.opset15.convolution(x, weight, stride or ones, pads, pads, ones)


def _normalised(plan: NetworkPlan, take: _Take, name: str, x: Node, channels: int) -> Node:
    """Instance normalisation with scale and offset."""
    ops, shape = ov.opset15, (1, channels, *(1,) * plan.dimensions)
    axes = list(range(2, plan.dimensions + 2))
    x = ops.mvn(x, axes, True, plan.norm_epsilon, "inside_sqrt")
    x = ops.multiply(x, take(f"{name}.weight", (channels,), shape))
    return ops.add(x, take(f"{name}.bias", (channels,), shape))


def _rectified(plan: NetworkPlan, x: Node) -> Node:
    ops = ov.opset15
    if plan.negative_slope == 0:
        return ops.relu(x)
    return ops.prelu(x, ops.constant(np.array([plan.negative_slope], np.float32)))


def _is_unused(name: str) -> bool:
    """Whether a weight answers a coarser decoder stage, needed in training only."""
    return name.startswith("heads.")
