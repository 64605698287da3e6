"""A small residual network that tells classes of lesions from cubes around them; needs torch.

Residual blocks [1]_ of two 3x3x3 convolutions with group normalisation [2]_, which unlike batch
normalisation does not depend on the other lesions of a batch. The features are the mean and the
maximum within the outline of the lesion, of the maps behind each stage: fine maps tell its
enhancement and texture, coarse ones its shape and surroundings, and a second lesion in the cube is
not taken for it. A linear layer makes logits of them. Axes of a cube in torch are (N, C, S, R, K)
with slices from feet to head, rows from front to back, columns from right to left.

References
----------
.. [1] He K, Zhang X, Ren S, Sun J. Deep residual learning for image recognition. CVPR 2016:770-778.
   doi:10.1109/CVPR.2016.90
.. [2] Wu Y, He K. Group normalization. ECCV 2018:3-19. doi:10.1007/978-3-030-01261-8_1
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from mamri.networks.unet import rectified
from mamri.records import ModelError

MASK = "mask"  # name of the channel that outlines the lesion


@dataclass(frozen=True, slots=True)
class ClassifierPlan:
    """Shape of a lesion classifier, as data: the same for building, storing and loading.

    Parameters
    ----------
    channels : tuple of str
        Names of the images of a cube, in order; ``mask`` is the outline. Without one, features
        are of the whole cube.
    n_classes : int
        At least two.
    size : int
        Voxels along every edge of the cubes that the network is made for.
    width : int
        Maps of the first stage; each of the four stages doubles them. Assumption: 16, which makes
        0.9 million weights.
    strides : tuple of 5 int
        Of the first convolution and of the four stages. Assumption: (2, 1, 2, 2, 1): the first
        convolution at full resolution takes four times as long, and maps of 5 voxels along an edge
        still know the lesion from its surroundings.
    group_size : int
        Maps that are normalised together. Assumption: 8.
    norm_epsilon : float
        Added to the variance in group normalisation. The usual 1e-5 makes maps blind to how bright
        a lesion is beyond their biases, and the network jump near a cube of zeros, so that no
        attribution along a line from there adds up. Assumption: 1, the variance of a cube.
    dropout : float
        Share of features set to zero in training. Assumption: 0.3.

    Raises
    ------
    ModelError
        If a number is out of range or a name comes twice.
    """

    channels: tuple[str, ...]
    n_classes: int
    size: int = 40
    width: int = 16
    strides: tuple[int, ...] = (2, 1, 2, 2, 1)
    group_size: int = 8
    norm_epsilon: float = 1.0
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if not self.channels or len(set(self.channels)) != len(self.channels):
            raise ModelError(
                f"a classifier needs channels of different names, got {self.channels}; name each"
            )
        if self.n_classes < 2 or self.size < 8 or not 0 <= self.dropout < 1:
            raise ModelError(
                "a classifier needs two classes or more, cubes of 8 voxels or more and a dropout "
                f"from 0 to below 1, got {self.n_classes}, {self.size} and {self.dropout}; "
                "correct the plan"
            )
        if len(self.strides) != 5 or not all(1 <= stride <= 4 for stride in self.strides):
            raise ModelError(
                "a classifier needs strides of 1 to 4 for its first convolution and its four "
                f"stages, got {self.strides}; correct the plan"
            )
        if self.group_size < 1 or self.width < 1 or self.width % self.group_size:
            raise ModelError(
                "the width of a classifier must be a multiple of its group size, got "
                f"{self.width} and {self.group_size}; correct the plan"
            )
        if not 0 < self.norm_epsilon <= 100:
            raise ModelError(
                "a classifier needs a norm_epsilon above 0 and up to 100, got "
                f"{self.norm_epsilon}; correct the plan"
            )

    @property
    def n_features(self) -> int:
        """Number of features before the last layer: mean and maximum of the maps of each stage."""
        return 2 * (1 + 2 + 4 + 8) * self.width

    def to_json(self) -> dict[str, Any]:
        """The plan as plain values."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "ClassifierPlan":
        """The plan of plain values.

        Raises
        ------
        ModelError
            If a value is missing, unknown or of the wrong kind.
        """
        try:
            lists = {name: tuple(values[name]) for name in ("channels", "strides")}
            return ClassifierPlan(**{**values, **lists})
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                "the plan of a classifier needs channels, n_classes, size, width, strides, "
                f"group_size, norm_epsilon and dropout, got {sorted(values)}; use a plan that "
                "mamri wrote"
            ) from error


class LesionBlock(nn.Module):
    """Two convolutions beside a way past them; the rectifier follows the sum."""

    def __init__(self, plan: ClassifierPlan, channels: tuple[int, int], stride: int) -> None:
        super().__init__()
        first, out = channels
        self.conv1 = nn.Conv3d(first, out, 3, stride, 1, bias=False)
        self.norm1 = _normalisation(plan, out)
        self.conv2 = nn.Conv3d(out, out, 3, 1, 1, bias=False)
        self.norm2 = _normalisation(plan, out)
        self.pool = nn.AvgPool3d(stride, stride, ceil_mode=True) if stride > 1 else None
        self.project = nn.Conv3d(first, out, 1, bias=False) if first != out else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps of (N, C, S, R, K) maps."""
        past = x if self.pool is None else self.pool(x)
        past = past if self.project is None else self.project(past)
        x = rectified(self.norm1(self.conv1(x)), 0)
        return rectified(self.norm2(self.conv2(x)) + past, 0)


class LesionClassifier(nn.Module):
    """The network of a plan.

    Parameters
    ----------
    plan : ClassifierPlan
    """

    def __init__(self, plan: ClassifierPlan) -> None:
        super().__init__()
        self.plan = plan
        width = plan.width
        self.stem = nn.Conv3d(len(plan.channels), width, 3, plan.strides[0], 1, bias=False)
        self.norm = _normalisation(plan, width)
        widths = [width, width, 2 * width, 4 * width, 8 * width]
        self.stages = nn.ModuleList(
            LesionBlock(plan, (widths[n], widths[n + 1]), plan.strides[n + 1]) for n in range(4)
        )
        self.dropout = nn.Dropout(plan.dropout)
        self.head = nn.Linear(plan.n_features, plan.n_classes)

    def maps(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Maps (N, C', S', R', K') behind each of the four stages."""
        x = rectified(self.norm(self.stem(x)), 0)
        behind = []
        for stage in self.stages:
            x = stage(x)
            behind.append(x)
        return behind

    def outline(self, x: torch.Tensor) -> torch.Tensor:
        """Outline (N, 1, S, R, K) of (N, C, S, R, K) cubes; all of a cube that has none."""
        if MASK not in self.plan.channels:
            return torch.ones_like(x[:, :1])
        place = self.plan.channels.index(MASK)
        mask = x[:, place : place + 1].detach()
        return torch.where(mask.amax((2, 3, 4), keepdim=True) > 0, mask, torch.ones_like(mask))

    def features(self, x: torch.Tensor, outline: torch.Tensor | None = None) -> torch.Tensor:
        """Features (N, F) before the last layer of (N, C, S, R, K) cubes.

        ``outline`` (N, 1, S, R, K) is where maps are pooled, that of the cubes unless given.
        """
        outline = self.outline(x) if outline is None else outline
        return torch.cat([pooled(maps, outline) for maps in self.maps(x)], 1)

    def forward(self, x: torch.Tensor, outline: torch.Tensor | None = None) -> torch.Tensor:
        """Logits (N, n_classes) of (N, C, S, R, K) cubes; ``outline`` as in `features`."""
        return self.head(self.dropout(self.features(x, outline)))


def pooled(maps: torch.Tensor, outline: torch.Tensor) -> torch.Tensor:
    """Mean and maximum of (N, C, s, r, k) maps, none below 0, within an outline, (N, 2 C).

    The outline (N, 1, S, R, K) from 0 to 1 is averaged onto the voxels of the maps: these shares
    weigh the mean, and the maximum is of voxels that have any.
    """
    slices, rows, columns = maps.shape[2:]
    share = nn.functional.adaptive_avg_pool3d(outline, (slices, rows, columns))
    mean = (maps * share).sum((2, 3, 4)) / share.sum((2, 3, 4))
    return torch.cat([mean, maps.masked_fill(share <= 0, 0).amax((2, 3, 4))], 1)


def build_classifier(plan: ClassifierPlan, *, seed: int | None = None) -> LesionClassifier:
    """A network with random weights, the same for the same seed.

    Convolutions start as He 2015 for rectifiers; the last layer starts small, so that the first
    probabilities are nearly equal. Torch's own random numbers are left as they were.

    Parameters
    ----------
    plan : ClassifierPlan
    seed : int, optional

    Returns
    -------
    LesionClassifier

    References
    ----------
    .. [1] He K, Zhang X, Ren S, Sun J. Delving deep into rectifiers. ICCV 2015:1026-1034.
       doi:10.1109/ICCV.2015.123 (equation 10)
    """
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        network = LesionClassifier(plan)
        for module in network.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.normal_(network.head.weight, std=0.01)
        nn.init.zeros_(network.head.bias)
    return network


def _normalisation(plan: ClassifierPlan, maps: int) -> nn.GroupNorm:
    return nn.GroupNorm(maps // plan.group_size, maps, eps=plan.norm_epsilon)


def n_weights(network: nn.Module) -> int:
    """Number of weights that training changes."""
    return sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
