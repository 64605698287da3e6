"""Pictures of what a network of cubes looked at in cases that it had not seen."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from mamri.pipeline.image_learners import FittedImages
from mamri.prediction.image_inputs import network_inputs
from mamri.training.classifier_loop import TrainedClassifier
from mamri.training.saliency import hires_cam

_PIXELS = 160  # a side: assumption
_BRIGHTEST = 99.5  # percentile of the slice that is shown white: assumption


def saliency_pictures(
    fitted: FittedImages, rows: np.ndarray, said: np.ndarray, y: np.ndarray
) -> list[dict[str, Any]]:
    """HiResCAM for the most probable class, of the surest right and the surest wrong case.

    Parameters
    ----------
    fitted : FittedImages
    rows : (k,) int
        Test cases.
    said : (k, classes) float
        Probabilities.
    y : (k,) int

    Returns
    -------
    list of dict
        ``row``, ``outcome``, ``said`` (class numbers), ``picture`` (a data address): of the axial
        slices through the finding the one with the most of the map, early difference, beside it the
        same with the map.
    """
    member, scale = fitted.members[0]
    if not isinstance(member, TrainedClassifier):
        return []
    learner = fitted.learner
    most, right = said.argmax(axis=1), said.argmax(axis=1) == y
    found = []
    for wanted in (right, ~right):
        if not wanted.any():
            continue
        n = int(np.argmax(np.where(wanted, said.max(axis=1), -1)))
        x = network_inputs(
            learner.crops, rows[n : n + 1], learner.channels, learner.standard, scale
        )[0]
        seen = hires_cam(member, x, int(most[n]))
        early = x[learner.channels.index("early")] if "early" in learner.channels else x[0]
        shown = _slice(seen, learner.crops.mask[rows[n]])
        found.append(
            {
                "row": int(rows[n]),
                "outcome": int(y[n]),
                "said": int(most[n]),
                "picture": _picture(early[shown], seen[shown]),
            }
        )
    return found


def _slice(seen: np.ndarray, mask: np.ndarray) -> int:
    """The slice through the finding with the most of the map; the middle one of no finding."""
    through = np.flatnonzero(mask.any(axis=(1, 2)))
    if not through.size:
        return len(mask) // 2
    return int(through[np.argmax(seen[through].sum(axis=(1, 2)))])


def _picture(image: np.ndarray, seen: np.ndarray) -> str:
    white = max(float(np.percentile(image, _BRIGHTEST)), 1e-6)
    grey = np.clip(image / white, 0, 1)
    plain = np.repeat(grey[..., None], 3, axis=2)
    # Orange of Okabe and Ito, up to 60 % opaque.
    opaque = 0.6 * seen[..., None]
    over = (1 - opaque) * plain + opaque * np.array([0.90, 0.62, 0.0])
    both = np.concatenate([plain, over], axis=1)
    picture = Image.fromarray((255 * both).astype(np.uint8))
    picture = picture.resize((2 * _PIXELS, _PIXELS), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
