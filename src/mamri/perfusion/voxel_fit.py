"""A fit of a list of voxels, before it becomes maps."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class VoxelFit:
    """Parameters of V voxels.

    Parameters
    ----------
    parameters : dict of name to (V,) float32
    standard_errors : dict of name to (V,) float32
        For a residual standard deviation of 1 mM.
    sum_of_squares : (V,) float32, mM^2
    status : (V,) uint8
        Of `FitStatus`.
    n_parameters : int
        How many were fitted.
    """

    parameters: dict[str, np.ndarray]
    standard_errors: dict[str, np.ndarray]
    sum_of_squares: np.ndarray
    status: np.ndarray
    n_parameters: int
