"""How images are prepared for an imported nnU-Net model, and its answers read, as data.

nnU-Net reads a file with its axes reversed (z, y, x), turns them into the order of its plans, cuts
zeros away, normalises, resamples, asks the network patch by patch, and goes the same way back [1]_.

References
----------
.. [1] Isensee F, Jaeger PF, Kohl SAA, et al. nnU-Net: a self-configuring method for deep
   learning-based biomedical image segmentation. Nat Methods 2021;18:203-211.
   doi:10.1038/s41592-020-01008-z
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mamri.records import ModelError


class IntensityScheme(StrEnum):
    """How the values of a channel are normalised."""

    Z_SCORE = "z_score"
    CT = "ct"
    NONE = "none"
    RESCALE_01 = "rescale_01"
    RGB_01 = "rgb_01"


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """Normalisation of one channel.

    Parameters
    ----------
    name : str
        What the model's authors call the channel.
    scheme : IntensityScheme
    is_masked : bool
        Whether mean and spread are those of the voxels that are not zero (z_score only).
    mean, spread, lower, upper : float or None
        Of the training data, for ct: values are cut to lower and upper first.

    Raises
    ------
    ModelError
        If ct lacks one of the four.
    """

    name: str
    scheme: IntensityScheme
    is_masked: bool = False
    mean: float | None = None
    spread: float | None = None
    lower: float | None = None
    upper: float | None = None

    def __post_init__(self) -> None:
        numbers = (self.mean, self.spread, self.lower, self.upper)
        if self.scheme is IntensityScheme.CT and None in numbers:
            raise ModelError(
                f"CT normalisation needs mean, spread and limits of the training data, got "
                f"{numbers}; use a result folder whose plans.json holds them"
            )


@dataclass(frozen=True, slots=True)
class ResamplingRule:
    """Interpolation between the grid of an image and that of a model.

    Parameters
    ----------
    order : int
        Degree of the spline.
    order_between_slices : int
        Degree across slices where they are resampled one by one.
    is_by_slice : bool or None
        Whether they are; None decides by the voxel sizes.
    """

    order: int
    order_between_slices: int = 0
    is_by_slice: bool | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.order <= 5 and 0 <= self.order_between_slices <= 5):
            raise ModelError(f"splines have degrees 0 to 5, got {self}; correct the plans")


@dataclass(frozen=True, slots=True)
class NnunetRecipe:
    """All that prediction needs beside the networks.

    Parameters
    ----------
    channels : tuple of ChannelRule
    is_reoriented : bool
        Whether files are turned to right-anterior-superior order before their axes are reversed.
    axes : permutation of (0, 1, 2)
        Reversed file axes (z, y, x) in the order of the plans.
    spacing_mm : tuple of 2 or 3 float
        Voxel size that networks see, in the order of the plans; two for networks of slices, which
        lie along the first axis.
    patch : tuple of int
        Voxels a network sees at once.
    mirror_axes : tuple of int
        Axes of the patch along which answers are averaged over mirror images.
    image_resampling, logit_resampling : ResamplingRule
    labels : tuple of (int, str)
        Values and names in the mask, background excluded.
    region_values : tuple of int or None
        For overlapping regions: the value that each output of the network writes, later ones over
        earlier ones. None where outputs exclude each other.

    Raises
    ------
    ModelError
        If these do not fit each other.
    """

    channels: tuple[ChannelRule, ...]
    is_reoriented: bool
    axes: tuple[int, int, int]
    spacing_mm: tuple[float, ...]
    patch: tuple[int, ...]
    mirror_axes: tuple[int, ...]
    image_resampling: ResamplingRule
    logit_resampling: ResamplingRule
    labels: tuple[tuple[int, str], ...]
    region_values: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        fits = (
            bool(self.channels)
            and bool(self.labels)
            and sorted(self.axes) == [0, 1, 2]
            and len(self.patch) in (2, 3)
            and len(self.spacing_mm) == len(self.patch)
            and min(self.patch) > 0
            and min(self.spacing_mm) > 0
            and set(self.mirror_axes) <= set(range(len(self.patch)))
        )
        values = [value for value, _ in self.labels]
        if self.region_values is None:
            fits = fits and values == list(range(1, len(values) + 1))
        else:
            fits = fits and set(self.region_values) == set(values) and min(values) > 0
        if not fits:
            raise ModelError(
                "a model needs channels, labels counted from 1, two or three sizes of patch and "
                "voxel and mirror axes among those, got "
                f"{len(self.channels)} channels, labels {values}, patch {self.patch}, voxels "
                f"{self.spacing_mm}, axes {self.axes}, mirrors {self.mirror_axes}; correct them"
            )

    @property
    def outputs(self) -> int:
        """Outputs of the network."""
        return len(self.labels) + 1 if self.region_values is None else len(self.region_values)

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain values."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "NnunetRecipe":
        """The recipe of a ``model.json``.

        Raises
        ------
        ModelError
            If a value is missing, unknown or of the wrong kind.
        """
        try:
            channels = tuple(
                ChannelRule(**{**rule, "scheme": IntensityScheme(rule["scheme"])})
                for rule in values["channels"]
            )
            regions = values["region_values"]
            return NnunetRecipe(
                channels=channels,
                is_reoriented=bool(values["is_reoriented"]),
                axes=tuple(values["axes"]),
                spacing_mm=tuple(float(size) for size in values["spacing_mm"]),
                patch=tuple(int(size) for size in values["patch"]),
                mirror_axes=tuple(int(axis) for axis in values["mirror_axes"]),
                image_resampling=ResamplingRule(**values["image_resampling"]),
                logit_resampling=ResamplingRule(**values["logit_resampling"]),
                labels=tuple((int(value), str(name)) for value, name in values["labels"]),
                region_values=None if regions is None else tuple(int(value) for value in regions),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                "the recipe of an imported model is incomplete or of the wrong kind "
                f"({type(error).__name__}: {error}); import the model again"
            ) from error
