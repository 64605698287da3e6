"""Signals of one physically simulated contrast, ready to be looked up voxel by voxel."""

from dataclasses import dataclass

import numpy as np
import torch

from mamri.records import GeometryError


@dataclass(frozen=True, slots=True, eq=False)
class SignalTable:
    """Signal of each tissue at each uptake; made by `signal_table`.

    Parameters
    ----------
    signal : (T, 256, 256) float32 tensor, a.u.
        By phase, tissue code and uptake byte; 0 for tissues without a row and for air.
    n_tissues : int
        Rows that the table was made from.
    times_s : tuple of float, s
        Of the phases, from the injection; empty where they are not known.
    """

    signal: torch.Tensor
    n_tissues: int
    times_s: tuple[float, ...] = ()

    @property
    def n_phases(self) -> int:
        """Phases: 1 for a single contrast."""
        return int(self.signal.shape[0])


def signal_table(
    signals: np.ndarray, *, max_uptake: float = 2.55, times_s: tuple[float, ...] = ()
) -> SignalTable:
    """Prepare the signals of one contrast.

    Parameters
    ----------
    signals : (n_tissues, n_uptake) or (n_tissues, n_uptake, T) float, a.u.
        Rows are tissue codes from 0 (air). The columns are spread evenly over the relative uptakes
        from 0 to ``max_uptake``; values between are interpolated. T phases, of which the first is
        before contrast.
    max_uptake : float
        Relative uptake of the last column, which also stands for higher ones. 2.55 is the highest
        that an uptake byte holds.
    times_s : tuple of float, s
        Of the T phases, from the injection.

    Returns
    -------
    SignalTable

    Raises
    ------
    GeometryError
        If the shape or the times do not fit, a signal is negative or not finite, or the highest
        uptake is not above 0.
    """
    if not max_uptake > 0:
        raise GeometryError(f"the highest uptake must be above 0, got {max_uptake}; give it")
    signals = np.asarray(signals, np.float64)
    if signals.ndim == 2:
        signals = signals[:, :, None]
    if signals.ndim != 3 or not 2 <= signals.shape[0] <= 256 or 0 in signals.shape:
        raise GeometryError(
            "a signal table must be (2 to 256 tissues, uptake) or (tissues, uptake, phases), got "
            f"{signals.shape}; put tissue codes along the first axis"
        )
    if not np.all(np.isfinite(signals)) or signals.min() < 0:
        raise GeometryError(
            "signals must be finite and not negative, got others; take the magnitude"
        )
    n_tissues, n_uptake, n_phases = signals.shape
    if times_s and len(times_s) != n_phases:
        raise GeometryError(
            f"a signal table needs a time for each of its {n_phases} phases, got {len(times_s)}; "
            "give all or none"
        )
    at = np.minimum(np.arange(256) / 100 / max_uptake, 1) * (n_uptake - 1)
    low = np.minimum(at.astype(int), max(n_uptake - 2, 0))
    high = np.minimum(low + 1, n_uptake - 1)
    rest = (at - low)[:, None]
    full = np.zeros((256, 256, n_phases), np.float32)
    full[1:n_tissues] = (signals[:, low] * (1 - rest) + signals[:, high] * rest)[1:]
    signal = torch.from_numpy(np.ascontiguousarray(np.moveaxis(full, 2, 0)))
    return SignalTable(signal, n_tissues, tuple(times_s))
