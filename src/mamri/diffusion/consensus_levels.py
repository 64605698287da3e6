"""Words for the ADC of a breast lesion, as the EUSOBI working group defines them.

The levels describe; they are no thresholds of malignancy, and the group asks for quality assurance
before any threshold is applied. They rest on published ranges of kinds of lesions and belong to the
ADC of a small region on the darkest part of the lesion.

References
----------
.. [1] Baltzer P, Mann RM, Iima M et al. Diffusion-weighted imaging of the breast: a consensus and
   mission statement from the EUSOBI International Breast Diffusion-Weighted Imaging working group.
   Eur Radiol 2020;30:1436-1450. doi:10.1007/s00330-019-06510-3 (PMC7033067)
"""

from enum import StrEnum


class DiffusionLevel(StrEnum):
    """How freely water diffuses in a lesion, by its ADC."""

    VERY_LOW = "very low"
    LOW = "low"
    INTERMEDIATE = "intermediate"
    HIGH = "high"
    VERY_HIGH = "very high"


CONSENSUS_LEVELS: tuple[tuple[DiffusionLevel, float, float], ...] = (
    # level, above, up to and including; 1e-3 mm2/s, from [1]. A value on a limit belongs to the
    # lower level (assumption where the statement writes ranges).
    (DiffusionLevel.VERY_LOW, 0.0, 0.9),
    (DiffusionLevel.LOW, 0.9, 1.3),
    (DiffusionLevel.INTERMEDIATE, 1.3, 1.7),
    (DiffusionLevel.HIGH, 1.7, 2.1),
    (DiffusionLevel.VERY_HIGH, 2.1, float("inf")),
)


def diffusion_level(adc: float) -> DiffusionLevel | None:
    """Consensus level of an apparent diffusion coefficient [1]_.

    Parameters
    ----------
    adc : float, 1e-3 mm2/s

    Returns
    -------
    DiffusionLevel or None
        None where the ADC is NaN, infinite or negative.

    References
    ----------
    .. [1] Baltzer P, Mann RM, Iima M et al. Diffusion-weighted imaging of the breast: a consensus
       and mission statement from the EUSOBI International Breast Diffusion-Weighted Imaging working
       group. Eur Radiol 2020;30:1436-1450. doi:10.1007/s00330-019-06510-3

    Examples
    --------
    >>> diffusion_level(1.02).value
    'low'
    >>> diffusion_level(float("nan")) is None
    True
    """
    if not 0 <= adc < float("inf"):
        return None
    return next(level for level, _, up_to in CONSENSUS_LEVELS if adc <= up_to)
