"""Intensities as an nnU-Net model was trained on them."""

import numpy as np

from mamri.records import InputError
from mamri.segmentation.nnunet.recipe import ChannelRule, IntensityScheme

_SMALLEST_SPREAD = 1e-8  # a.u.; nnU-Net's guard against images of one value


def normalized(image: np.ndarray, mask: np.ndarray, rules: tuple[ChannelRule, ...]) -> np.ndarray:
    """Values of each channel by its rule.

    Parameters
    ----------
    image : (C, Z, Y, X) float32, a.u.
    mask : (Z, Y, X) bool
        Voxels that count where a rule is masked; the others keep their value there.
    rules : tuple of ChannelRule
        One for each channel.

    Returns
    -------
    (C, Z, Y, X) float32

    Raises
    ------
    InputError
        If a channel of colours does not hold values of 0 to 255.
    """
    return np.stack(
        [_channel(values, mask, rule) for values, rule in zip(image, rules, strict=True)]
    )


def _channel(values: np.ndarray, mask: np.ndarray, rule: ChannelRule) -> np.ndarray:
    values = values.astype(np.float32)
    if rule.scheme is IntensityScheme.Z_SCORE:
        counted = values[mask] if rule.is_masked else values
        scored = (values - counted.mean()) / max(counted.std(), _SMALLEST_SPREAD)
        return np.where(mask, scored, values) if rule.is_masked else scored
    if rule.scheme is IntensityScheme.CT:
        cut = np.clip(values, rule.lower, rule.upper)
        return (cut - np.float32(rule.mean)) / np.float32(max(rule.spread or 0, _SMALLEST_SPREAD))
    if rule.scheme is IntensityScheme.RESCALE_01:
        lifted = values - values.min()
        return lifted / max(lifted.max(), _SMALLEST_SPREAD)
    if rule.scheme is IntensityScheme.RGB_01:
        if values.min() < 0 or values.max() > 255:
            raise InputError(
                f"channel {rule.name} takes colours of 0 to 255, got {values.min():g} to "
                f"{values.max():g}; give the channel that the model was trained on"
            )
        return values / np.float32(255)
    return values
