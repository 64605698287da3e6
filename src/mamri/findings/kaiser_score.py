"""Kaiser score: a published decision tree for enhancing lesions, with the path that led to it.

Three questions at most: spicules (the root sign), the delayed phase of the worst definite curve,
and then margin, internal enhancement or oedema. An answer that is not known is never guessed: the
score is then the range of all that the open answers allow.

References
----------
.. [1] Baltzer PAT, Dietzel M, Kaiser WA. A simple and robust classification tree for
   differentiation between benign and malignant lesions in MR-mammography. Eur Radiol
   2013;23:2051-2060. doi:10.1007/s00330-013-2804-3
.. [2] Dietzel M, Baltzer PAT. How to use the Kaiser score as a clinical decision rule for diagnosis
   in multiparametric breast MRI: a pictorial essay. Insights Imaging 2018;9:325-335.
   doi:10.1007/s13244-018-0611-8
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mamri.records import DelayedPhase


class KaiserQuestion(StrEnum):
    """Questions of the tree, in the words of its authors."""

    ROOT_SIGN = "root sign"
    CURVE = "curve type"
    MARGIN = "margin"
    INTERNAL_ENHANCEMENT = "internal enhancement"
    OEDEMA = "perifocal or diffuse ipsilateral oedema"


_PERSISTENT, _PLATEAU, _WASHOUT = DelayedPhase
# The third question of each branch, its two answers (that of the lower score first) and the scores.
# From a public calculator that cites [1] and [2]; to be checked against the flowchart of [2].
_BRANCHES: dict[tuple[bool, DelayedPhase], tuple[KaiserQuestion | None, tuple[int, ...]]] = {
    (False, _PERSISTENT): (KaiserQuestion.MARGIN, (1, 3)),
    (False, _PLATEAU): (KaiserQuestion.MARGIN, (2, 5)),
    (False, _WASHOUT): (KaiserQuestion.INTERNAL_ENHANCEMENT, (4, 8)),
    (True, _PERSISTENT): (None, (6,)),
    (True, _PLATEAU): (KaiserQuestion.OEDEMA, (7, 10)),
    (True, _WASHOUT): (KaiserQuestion.OEDEMA, (9, 11)),
}
_ANSWERS = {
    KaiserQuestion.ROOT_SIGN: ("absent", "present"),
    KaiserQuestion.MARGIN: ("circumscribed", "not circumscribed"),
    KaiserQuestion.INTERNAL_ENHANCEMENT: ("homogeneous", "heterogeneous"),
    KaiserQuestion.OEDEMA: ("absent", "present"),
}
UNKNOWN = "unknown"
# Highest score of each band and its BI-RADS categories; biopsy is recommended from 5 on.
_BANDS = ((4, "2 or 3"), (7, "4"), (11, "5"))


@dataclass(frozen=True, slots=True)
class KaiserDescriptors:
    """What the tree asks of a lesion; None where it is not known.

    Parameters
    ----------
    root_sign : bool or None
        At least one spicule.
    delayed : DelayedPhase or None
        Of the worst definite curve.
    circumscribed : bool or None
        Margin; a non-mass enhancement has it only if it is sharply defined.
    homogeneous : bool or None
        Internal enhancement; rim and clustered ring are heterogeneous.
    oedema : bool or None
        Around the lesion, or diffuse in its breast alone, on T2 or STIR.
    """

    root_sign: bool | None = None
    delayed: DelayedPhase | None = None
    circumscribed: bool | None = None
    homogeneous: bool | None = None
    oedema: bool | None = None


@dataclass(frozen=True, slots=True)
class KaiserScore:
    """A score, or the range that open answers leave.

    Parameters
    ----------
    lowest, highest : int
        1 to 11; equal where every question that was asked has an answer.
    path : tuple of (question, answer)
        In order; ends where an answer is ``unknown``, since the next question depends on it.
    """

    lowest: int
    highest: int
    path: tuple[tuple[str, str], ...]

    @property
    def is_known(self) -> bool:
        """Whether it is one number."""
        return self.lowest == self.highest

    @property
    def birads(self) -> str | None:
        """BI-RADS categories of the band; None where the range spans several."""
        low, high = (
            next(category for top, category in _BANDS if score <= top)
            for score in (self.lowest, self.highest)
        )
        return low if low == high else None


def kaiser_score(descriptors: KaiserDescriptors) -> KaiserScore:
    """Score of a lesion by the tree of [1]_ and [2]_, see the module.

    Parameters
    ----------
    descriptors : KaiserDescriptors

    Returns
    -------
    KaiserScore

    Examples
    --------
    >>> known = KaiserDescriptors(root_sign=True, delayed=DelayedPhase.WASHOUT, oedema=True)
    >>> kaiser_score(known).lowest
    11
    >>> open_oedema = kaiser_score(KaiserDescriptors(True, DelayedPhase.PLATEAU))
    >>> open_oedema.lowest, open_oedema.highest
    (7, 10)
    """
    scores = list(_scores(descriptors))
    return KaiserScore(min(scores), max(scores), tuple(_path(descriptors)))


def _scores(descriptors: KaiserDescriptors) -> Iterator[int]:
    """Scores of every branch that the known answers leave open."""
    for (root_sign, delayed), (question, values) in _BRANCHES.items():
        if descriptors.root_sign not in (None, root_sign):
            continue
        if descriptors.delayed not in (None, delayed):
            continue
        answer = None if question is None else _raises(descriptors, question)
        yield from values if answer is None else (values[answer],)


def _raises(descriptors: KaiserDescriptors, question: KaiserQuestion) -> bool | None:
    """Whether the answer to a third question is that of the higher score."""
    if question is KaiserQuestion.OEDEMA:
        return descriptors.oedema
    lower = (
        descriptors.circumscribed if question is KaiserQuestion.MARGIN else descriptors.homogeneous
    )
    return None if lower is None else not lower


def _path(descriptors: KaiserDescriptors) -> Iterator[tuple[str, str]]:
    root, delayed = descriptors.root_sign, descriptors.delayed
    yield _told(KaiserQuestion.ROOT_SIGN, root)
    if root is None:
        return
    yield KaiserQuestion.CURVE.value, UNKNOWN if delayed is None else delayed.value
    if delayed is None:
        return
    question, _ = _BRANCHES[root, delayed]
    if question is not None:
        yield _told(question, _raises(descriptors, question))


def _told(question: KaiserQuestion, answer: bool | None) -> tuple[str, str]:
    return question.value, UNKNOWN if answer is None else _ANSWERS[question][answer]
