"""Arrays that both kinds of predictor keep: calibration and domain."""

from collections.abc import Mapping

import numpy as np

from mamri.prediction.calibration import Calibration
from mamri.prediction.domain import Domain

_CALIBRATION = ("scores", "y", "member", "centre", "scale", "weights", "offsets")


def calibration_arrays(calibration: Calibration) -> dict[str, np.ndarray]:
    """Arrays of a calibration by name."""
    return {f"calibration.{name}": getattr(calibration, name) for name in _CALIBRATION}


def read_calibration(arrays: Mapping[str, np.ndarray]) -> Calibration:
    """Calibration from its arrays.

    Raises
    ------
    KeyError
        If one is missing.
    """
    return Calibration(*(arrays[f"calibration.{name}"] for name in _CALIBRATION))


def domain_arrays(domain: Domain) -> dict[str, np.ndarray]:
    """Arrays of a domain by name."""
    return {"domain.cases": domain.cases, "domain.limit": np.array([domain.limit])}


def read_domain(arrays: Mapping[str, np.ndarray]) -> Domain:
    """Domain from its arrays.

    Raises
    ------
    KeyError
        If one is missing.
    """
    return Domain(arrays["domain.cases"], float(arrays["domain.limit"][0]))
