"""Rigid motion of the whole breast between two phases."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from mamri.registration.elastix import run_elastix


@dataclass(frozen=True, slots=True, eq=False)
class RigidMotion:
    """Where to find a fixed point in the moving image.

    Parameters
    ----------
    matrix : (4, 4) float
        (slice, row, column) position in mm from the first voxel of the grid, fixed to moving.
    """

    matrix: np.ndarray

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        """Moved positions; (3, ...) in and out, mm."""
        moved = np.tensordot(self.matrix[:3, :3], positions, axes=1)
        return moved + self.matrix[:3, 3].reshape(3, *(1,) * (positions.ndim - 1))

    @property
    def rotation_deg(self) -> float:
        """Angle of the rotation about its own axis, degrees."""
        cosine = (np.trace(self.matrix[:3, :3]) - 1) / 2
        return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def find_rigid_motion(
    fixed: sitk.Image, moving: sitk.Image, mask: sitk.Image, *, iterations: int, threads: int
) -> RigidMotion:
    """Rigid motion by mutual information [1]_ and adaptive stochastic gradient descent [2]_.

    Parameters
    ----------
    fixed, moving : image, float32
        On the working grid, see `grid_image`.
    mask : image, uint8
        Where similarity is measured.
    iterations : int
        For each of two resolutions.
    threads : int

    Returns
    -------
    RigidMotion

    Raises
    ------
    RegistrationError
        If elastix gives up.

    References
    ----------
    .. [1] Mattes D et al. PET-CT image registration in the chest using free-form deformations.
       IEEE Trans Med Imaging 2003;22:120-128. doi:10.1109/TMI.2003.809072
    .. [2] Klein S et al. Adaptive stochastic gradient descent optimisation for image
       registration. Int J Comput Vis 2009;81:227-239. doi:10.1007/s11263-008-0168-y
    """
    result = run_elastix(
        fixed,
        moving,
        mask,
        threads=threads,
        parameters={
            "Transform": "EulerTransform",
            "NumberOfResolutions": "2",
            "MaximumNumberOfIterations": str(iterations),
            "NumberOfSpatialSamples": "2048",
            "AutomaticScalesEstimation": "true",
        },
    )
    transform = sitk.Euler3DTransform()
    transform.SetCenter([float(value) for value in result["CenterOfRotationPoint"]])
    transform.SetParameters([float(value) for value in result["TransformParameters"]])
    rotation = np.array(transform.GetMatrix()).reshape(3, 3)[::-1, ::-1]  # x, y, z to s, r, c
    offset = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))[::-1]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, offset
    return RigidMotion(matrix)
