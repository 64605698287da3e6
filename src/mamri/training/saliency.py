"""Where the network of cubes looks: what each voxel adds to a logit, and coarse maps for display.

Both describe the network, not the lesion: a voxel without attribution may still matter to the
disease. Attributions of integrated gradients add up to what they explain; HiResCAM does not, but is
smoother to look at.
"""

import numpy as np
import torch

from mamri.networks.lesion_classifier import pooled
from mamri.records import InputError
from mamri.training.classifier_loop import TrainedClassifier, check_cubes, parts_of, trained_network

_AT_ONCE = 8  # points of the path that are computed together
_POWER = 2  # of the substitution that places more points near the baseline


def integrated_gradients(
    trained: TrainedClassifier, crop: np.ndarray, target: int, *, steps: int = 64
) -> np.ndarray:
    """What each voxel adds to the logit of a class, compared with a cube of zeros.

    Along the straight line from the baseline x' = 0 to the cube x, with the logit F [1]_::

        IG_i = (x_i - x'_i) * integral over a from 0 to 1 of dF/dx_i (x' + a (x - x'))

    The attributions of all voxels and channels sum to F(x) - F(x'). Features are pooled within the
    outline of the lesion all along the line, at the cube of zeros too. The integral is a sum at the
    middles of equal steps of t, where a = t^2 (the paper takes equal steps of a): normalisation
    makes the logit change fastest near the baseline.

    Parameters
    ----------
    trained : TrainedClassifier
    crop : (C, N, N, N) float, standard deviations
        As `classifier_loop.fit_classifier` takes them.
    target : int
        The class.
    steps : int
        Points of the line. Assumption: 64, which leaves the sum within a few percent where the
        normalisation of the plan has an epsilon of about 1.

    Returns
    -------
    (C, N, N, N) float64, logits

    Raises
    ------
    InputError
        If the shape does not fit the plan, a number is not finite, or there is no such class.

    References
    ----------
    .. [1] Sundararajan M, Taly A, Yan Q. Axiomatic attribution for deep networks. ICML
       2017:3319-3328. arXiv:1703.01365 (equation 1)
    """
    x = _checked(trained, crop, target)
    if steps < 1:
        raise InputError(f"at least one step was needed, got {steps}; take about 64")
    network = trained_network(trained)
    outline = network.outline(x[None])
    middles = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    points = (middles**_POWER).float()
    shares = _POWER * middles ** (_POWER - 1) / steps  # da = 2 t dt
    total = torch.zeros(x.shape, dtype=torch.float64)
    for part in parts_of(np.arange(steps), _AT_ONCE):
        cubes = (points[part].view(-1, 1, 1, 1, 1) * x).requires_grad_()
        (gradient,) = torch.autograd.grad(
            network(cubes, outline.expand(len(cubes), -1, -1, -1, -1))[:, target].sum(), cubes
        )
        total += (shares[part].view(-1, 1, 1, 1, 1) * gradient).sum(0)
    return (x * total).numpy()


def hires_cam(
    trained: TrainedClassifier, crop: np.ndarray, target: int, *, stage: int = 1
) -> np.ndarray:
    """A coarse map of where the maps of a stage speak for a class, for display [1]_.

    With maps A_k of the stage and the logit F: ``relu(sum over k of dF/dA_k A_k)``, voxel by voxel,
    interpolated linearly to the voxels of the cube. Grad-CAM [2]_ takes the mean of dF/dA_k over
    the cube instead: as features are pooled within the outline, it lights up maps far from the
    lesion that the logit does not rest on.

    Parameters
    ----------
    trained : TrainedClassifier
    crop : (C, N, N, N) float, standard deviations
        As `classifier_loop.fit_classifier` takes them.
    target : int
        The class.
    stage : int
        From 0 to 3. Assumption: 1, the last with 10 voxels along an edge of a cube of 40; those
        behind it have 5.

    Returns
    -------
    (N, N, N) float64, dimensionless
        At least 0, and 1 at its largest; 0 throughout where nothing speaks for the class.

    Raises
    ------
    InputError
        If the shape does not fit the plan, a number is not finite, or there is no such class or
        stage.

    References
    ----------
    .. [1] Draelos RL, Carin L. Use HiResCAM instead of Grad-CAM for faithful explanations of
       convolutional neural networks. arXiv:2011.08891
    .. [2] Selvaraju RR, Cogswell M, Das A, et al. Grad-CAM: visual explanations from deep networks
       via gradient-based localization. ICCV 2017:618-626. doi:10.1109/ICCV.2017.74
    """
    x = _checked(trained, crop, target)
    network = trained_network(trained)
    if not 0 <= stage < len(network.stages):
        raise InputError(
            f"stages run from 0 to {len(network.stages) - 1}, got {stage}; choose one of them"
        )
    outline = network.outline(x[None])
    behind = network.maps(x[None].requires_grad_())
    features = torch.cat([pooled(maps, outline) for maps in behind], 1)
    logit = network.head(features)[0, target]
    (gradient,) = torch.autograd.grad(logit, behind[stage])
    coarse = (gradient * behind[stage].detach()).sum(1, keepdim=True).relu()
    fine = torch.nn.functional.interpolate(
        coarse, x.shape[1:], mode="trilinear", align_corners=False
    )[0, 0].double()
    largest = float(fine.max())
    return (fine / largest if largest > 0 else fine).numpy()


def _checked(trained: TrainedClassifier, crop: np.ndarray, target: int) -> torch.Tensor:
    """A copy of the cube as a tensor."""
    plan = trained.plan
    check_cubes(crop[None], plan.channels, plan.size)
    if not 0 <= target < plan.n_classes:
        raise InputError(
            f"classes run from 0 to {plan.n_classes - 1}, got {target}; choose one of them"
        )
    return torch.from_numpy(np.array(crop, np.float32))
