"""The one door to elastix: two images and a parameter map in, transform parameters out.

Images are handed over in the frame of their own grid (x, y, z = columns, rows, slices in mm from
the first voxel of the full grid), so direction matrices, oblique or mirrored, never reach elastix.
"""

from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk

from mamri.records import MamriError

# Same samples, same result on every run; any number would do.
_RANDOM_SEED = "20240615"


class RegistrationError(MamriError):
    """A registration did not come to an end; the phase concerned stays as it was."""


def run_elastix(
    fixed: sitk.Image,
    moving: sitk.Image,
    mask: sitk.Image,
    *,
    parameters: Mapping[str, str],
    threads: int,
) -> dict[str, tuple[str, ...]]:
    """Register two images and return elastix's transform parameter map.

    Nothing is written to disk or printed.

    Parameters
    ----------
    fixed, moving : image, float32
    mask : image, uint8
        Where samples of the fixed image are taken.
    parameters : mapping of str to str
        What differs from the common part: transform, resolutions, iterations, grid.
    threads : int

    Returns
    -------
    dict of str to tuple of str

    Raises
    ------
    RegistrationError
        If elastix gives up, e.g. for lack of overlap or of structure.
    """
    elastix = sitk.ElastixImageFilter()
    elastix.LogToConsoleOff()
    elastix.LogToFileOff()
    elastix.SetOutputDirectory("")  # any other value writes files and prints
    elastix.SetNumberOfThreads(threads)
    elastix.SetFixedImage(fixed)
    elastix.SetMovingImage(moving)
    elastix.SetFixedMask(mask)
    complete = _COMMON | dict(parameters)
    elastix.SetParameterMap(sitk.ParameterMap({key: [value] for key, value in complete.items()}))
    try:
        elastix.Execute()
    except RuntimeError as error:
        raise RegistrationError(
            "registration needs two overlapping images with structure, got a pair on which "
            "elastix gave up; check the phases, or choose the method 'none'"
        ) from error
    result = elastix.GetTransformParameterMap(0).asdict()
    return {key: tuple(value) for key, value in result.items()}


def grid_image(
    array: np.ndarray,
    spacing: tuple[float, float, float],
    origin: tuple[float, float, float],
) -> sitk.Image:
    """SimpleITK image in the frame of its grid.

    Parameters
    ----------
    array : (S, R, C) real
    spacing, origin : (slice, row, column) float, mm

    Returns
    -------
    SimpleITK.Image
    """
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing[::-1])
    image.SetOrigin(origin[::-1])
    return image


_COMMON = {
    "Registration": "MultiResolutionRegistration",
    "FixedImagePyramid": "FixedSmoothingImagePyramid",
    "MovingImagePyramid": "MovingSmoothingImagePyramid",
    "Interpolator": "LinearInterpolator",
    "Metric": "AdvancedMattesMutualInformation",
    "NumberOfHistogramBins": "32",
    "ImageSampler": "RandomCoordinate",
    "NewSamplesEveryIteration": "true",
    "Optimizer": "AdaptiveStochasticGradientDescent",
    "AutomaticParameterEstimation": "true",
    "ErodeMask": "false",
    "HowToCombineTransforms": "Compose",
    "AutomaticTransformInitialization": "false",
    "Resampler": "DefaultResampler",
    "ResampleInterpolator": "FinalNearestNeighborInterpolator",
    "WriteResultImage": "false",
    "RandomSeed": _RANDOM_SEED,
}
