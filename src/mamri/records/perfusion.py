"""Pharmacokinetics of a finding."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mamri.records.caveat import Status


@dataclass(frozen=True, slots=True)
class FindingPerfusion:
    """A tissue model fitted to the mean concentration curve of a finding.

    Parameters
    ----------
    status : Status
        ``not_computed`` where the exam does not bear it, ``undefined`` where the curve of this
        finding gave no answer.
    reason : str
        Why a value is missing, in words that go on after the finding is named; empty where none is.
    model : str or None
        Name of the tissue model.
    assumed_vp : float or None
        Plasma volume fraction that was held fixed; None where it was fitted.
    ktrans_per_min, kep_per_min : float, per minute
    ve, vp : float, volume fraction
        NaN where undefined.
    standard_errors : mapping of parameter to float
        In the units of the parameters; NaN where undefined. They hold the scatter about the fitted
        curve, the noise of the baseline and the spread of assumed T1 and plasma, not the doubt
        about arterial input and relaxivity.
    ktrans_median_per_min, ktrans_p90_per_min : float, per minute
        Over the voxels of the finding that were fitted; NaN where there are none.
    fitted_percent : float, %
        Share of its voxels that were fitted.
    """

    status: Status
    reason: str = ""
    model: str | None = None
    assumed_vp: float | None = None
    ktrans_per_min: float = float("nan")
    kep_per_min: float = float("nan")
    ve: float = float("nan")
    vp: float = float("nan")
    standard_errors: Mapping[str, float] = field(default_factory=dict)
    ktrans_median_per_min: float = float("nan")
    ktrans_p90_per_min: float = float("nan")
    fitted_percent: float = float("nan")
