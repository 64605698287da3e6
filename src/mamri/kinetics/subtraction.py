"""Post-contrast phase minus the signal before contrast."""

import numpy as np

from mamri.kinetics.baseline import baseline_signal
from mamri.kinetics.phase_choice import choose_phases
from mamri.kinetics.settings import DEFAULT_SETTINGS, KineticSettings
from mamri.records import DynamicSeries, TimingError, Volume


def subtraction(
    series: DynamicSeries, phase: int, settings: KineticSettings = DEFAULT_SETTINGS
) -> Volume:
    """One phase minus the baseline.

    Parameters
    ----------
    series : DynamicSeries
    phase : int
        Index of the phase, usually post-contrast.
    settings : KineticSettings
        Its ``phases.baseline`` says what is subtracted.

    Returns
    -------
    Volume
        int16 for integer series whose differences fit (rounded where the baseline is a mean of
        several phases), else float32; a.u.

    Raises
    ------
    TimingError
        If there is no pre-contrast phase.
    """
    choice, _ = choose_phases(series.times_s, settings.phases)
    if not choice.pre:
        raise TimingError(
            "a subtraction needs a phase at or before the injection, got times from "
            f"{series.times_s[0]:.0f} s on; give the pre-contrast phase with its time"
        )
    difference = baseline_signal(series.array, choice)
    np.subtract(series.array[phase], difference, out=difference, casting="unsafe")
    if series.array.dtype.kind not in "iu":
        return Volume(difference, series.affine)
    np.rint(difference, out=difference)
    limits = np.iinfo(np.int16)
    if difference.min() < limits.min or difference.max() > limits.max:
        return Volume(difference, series.affine)
    return Volume(difference.astype(np.int16), series.affine)
