"""How sure a finding of the lesion network is: a logistic function fitted on held-out women.

The network's own probabilities are those of voxels, trained with lesions in focus; a finding is a
whole region, and most regions of small, unsure voxels are nothing. So the share of true findings
among regions like it is what is told (logistic calibration [1]_, with size beside the score).

References
----------
.. [1] Platt JC. Probabilistic outputs for support vector machines and comparisons to regularized
   likelihood methods. In: Advances in large margin classifiers. MIT Press, 1999:61-74.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from mamri.records import InputError

FEATURES = (
    "logit_peak", "logit_mean", "log_diameter", "log_contrast", "interior", "vessel",
)  # fmt: skip
_CLIP = 1e-3  # probabilities nearer to 0 or 1 are not told apart


@dataclass(frozen=True, slots=True)
class LesionCalibration:
    """Coefficients of the logistic function, and confidences by false positives per breast.

    Parameters
    ----------
    intercept : float
    coefficients : tuple of float
        Of `FEATURES`, in order.
    operating_points : mapping of str to float
        Least confidence of a finding by the false positives per breast that it left on held-out
        simulated women, such as ``{"0.5": 0.31}``.
    """

    intercept: float
    coefficients: tuple[float, ...]
    operating_points: Mapping[str, float]

    def __post_init__(self) -> None:
        if len(self.coefficients) != len(FEATURES):
            raise InputError(
                f"a calibration needs a coefficient for each of {', '.join(FEATURES)}, got "
                f"{len(self.coefficients)}; take that of the model's card"
            )

    def confidence(self, features: np.ndarray) -> np.ndarray:
        """Share of true findings among those with such features, 0 to 1.

        Parameters
        ----------
        features : (..., 6) float
            As `region_features` gives them.
        """
        return np.asarray(special.expit(self.intercept + features @ np.array(self.coefficients)))

    def least_confidence(self, false_positives: float) -> float:
        """Confidence to ask for so that so many false positives per breast were left.

        Raises
        ------
        InputError
            If the model has no such operating point.
        """
        point = self.operating_points.get(f"{false_positives:g}")
        if point is None:
            raise InputError(
                "false positives per breast must be one of "
                f"{', '.join(self.operating_points)}, got {false_positives:g}; choose one of these"
            )
        return point


def region_features(
    probability: np.ndarray,
    *,
    contrast: float,
    diameter_mm: float,
    interior: float,
    vessel: float,
) -> tuple[float, ...]:
    """What the confidence of a region rests on.

    Parameters
    ----------
    probability : (N,) float
        Of lesion, in the voxels of the region.
    contrast : float
        Enhancement in the region over that of its surroundings, at least 0.
    diameter_mm : float, mm
        Of the ball of equal volume.
    interior : float
        Share of its surroundings that is breast without skin, 0 to 1: low at the chest wall and
        in the armpit.
    vessel : float
        Mean probability of vessel in and around it, 0 to 1.

    Returns
    -------
    six float
        In the order of `FEATURES`.
    """
    peak, mean = np.clip(
        [np.percentile(probability, 95), probability.mean()], _CLIP, 1 - _CLIP
    ).tolist()
    return (
        float(special.logit(peak)),
        float(special.logit(mean)),
        float(np.log(diameter_mm)),
        float(np.log(np.clip(contrast, 0.1, 100.0))),
        interior,
        vessel,
    )
