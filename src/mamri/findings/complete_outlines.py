"""Outlines of a network completed by the enhancement that they lie in.

The network says where lesions are; how far one reaches is said better by the image where a region
enhances clearly more than its surroundings. Parts of one such region become one finding.
"""

import numpy as np

# Assumption. On the simulated women that calibration used, no region of which outlines hold less
# was worth joining; the least that helped had 0.19 of it.
LEAST_SHARE = 0.15


def complete_outlines(
    labels: np.ndarray, enhancing: np.ndarray, *, least_share: float = LEAST_SHARE
) -> np.ndarray:
    """Join each outline with the enhancing regions that it touches.

    Parameters
    ----------
    labels : (S, R, C) int
        Outlines by number from 1, the surest first.
    enhancing : (S, R, C) int
        Enhancing regions by number, such as those of `detect_findings`.
    least_share : float
        Share of a region that outlines must hold already: an outline that lies in a large region
        with a small part of it is a lesion in background enhancement, not the edge of a larger one.

    Returns
    -------
    (S, R, C) int
        Outlines under their own numbers; of those that an enhancing region joins, the surest stays.
        What already belongs to a surer outline is not taken from it.

    Examples
    --------
    >>> labels, enhancing = np.array([0, 1, 0, 2, 0, 3]), np.array([0, 7, 7, 7, 0, 0])
    >>> complete_outlines(labels, enhancing).tolist()
    [0, 1, 1, 1, 0, 3]
    """
    out = labels.copy()
    sizes = np.bincount(enhancing.ravel())
    held = np.bincount(enhancing[labels > 0], minlength=sizes.size)
    joins = held >= least_share * sizes
    joins[0] = False
    for number in np.unique(labels[labels > 0]):
        if not (out == number).any():
            continue  # joined to a surer one
        touched = np.unique(enhancing[out == number])
        touched = touched[joins[touched]]
        if touched.size:
            region = np.isin(enhancing, touched)
            # Whole outlines, not only the parts of them that lie in the region.
            parts = np.unique(out[region & (out > number)])
            joined = (region & (out == 0)) | np.isin(out, parts[parts > 0])
            out[joined] = number
    return out
