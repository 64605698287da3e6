"""Names of tissues, as mamri says them, for the many ways in which others do."""

import re
from collections.abc import Sequence

# mamri's name and what data sets and models call the same.
_SYNONYMS = {
    "right_breast": ("right_breast", "breast_right", "right", "breast_r", "r_breast"),
    "left_breast": ("left_breast", "breast_left", "left", "breast_l", "l_breast"),
    "breast": ("breast", "breasts", "whole_breast"),
    "fibroglandular": (
        "fibroglandular",
        "fibroglandular_tissue",
        "fgt",
        "dense_tissue",
        "glandular_tissue",
    ),
    "vessel": ("vessel", "vessels", "blood_vessel", "blood_vessels"),
    "lesion": (
        "lesion",
        "lesions",
        "tumor",
        "tumors",
        "tumour",
        "tumours",
        "breast_lesion",
        "breast_tumor",
        "breast_tumour",
        "primary_tumor",
        "primary_tumour",
    ),
    "skin": ("skin",),
    "nipple": ("nipple", "nipples"),
    "muscle": ("muscle", "pectoral_muscle", "pectoralis"),
    "heart": ("heart",),
}
_KNOWN = {other: ours for ours, others in _SYNONYMS.items() for other in others}
# A model of one side alone may mean anything by it; a model of both means the breasts.
_SIDES = {"right", "left"}


def known_names(names: Sequence[str]) -> tuple[str | None, ...]:
    """Names that mamri has for the labels of a model.

    Parameters
    ----------
    names : sequence of str
        Of all labels of one model, background excluded, as its authors write them.

    Returns
    -------
    tuple of (str or None)
        None where mamri has no such name, or two labels would share one.

    Examples
    --------
    >>> known_names(["left", "right", "Primary tumor", "implant"])
    ('left_breast', 'right_breast', 'lesion', None)
    """
    plain = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in names]
    has_both = set(plain) >= _SIDES
    found = [None if name in _SIDES and not has_both else _KNOWN.get(name) for name in plain]
    return tuple(name if found.count(name) == 1 else None for name in found)
