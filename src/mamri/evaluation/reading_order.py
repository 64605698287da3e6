"""Order of reading for a crossed study of two modalities in two sessions.

In the first session a reader sees half of the cases in one modality and half in the other, and in
the second session, after a washout, each case in the modality it was not yet seen in.
"""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mamri.records import InputError

_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """How a study is read.

    Parameters
    ----------
    washout_weeks : float
        Least time between two readings of a case by the same reader. Four weeks are a habit of
        reader studies in radiology, an assumption of this module; pathologists ask for two weeks
        at least [1]_. Memorable cases may need more.
    days_per_session : int
        Days that a reader may take for a session; the washout starts after the last.
    seed : int
        Of halves and orders; the same seed gives the same plan.

    Raises
    ------
    InputError
        If a number is out of range.

    References
    ----------
    .. [1] Pantanowitz L, Sinard JH, Henricks WH, et al. Validating whole slide imaging for
       diagnostic purposes in pathology. Arch Pathol Lab Med 2013;137:1710-1722.
       doi:10.5858/arpa.2013-0093-CP
    """

    washout_weeks: float = 4.0
    days_per_session: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.washout_weeks > 0 and math.isfinite(self.washout_weeks)) or (
            self.days_per_session < 1
        ):
            raise InputError(
                f"a washout above 0 weeks and sessions of 1 day or more were needed, got "
                f"{self.washout_weeks} weeks and {self.days_per_session} days; 4 weeks are usual"
            )


@dataclass(frozen=True, slots=True)
class Reading:
    """One case that a reader reads.

    Parameters
    ----------
    reader : str
    session : int
        1 or 2.
    position : int
        Within the reader's session, from 1 on.
    case, modality : str
    earliest_day, latest_day : int
        Days after the start of the reader's first session, which is day 0.
    """

    reader: str
    session: int
    position: int
    case: str
    modality: str
    earliest_day: int
    latest_day: int


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """Every reading of a study, checked.

    Parameters
    ----------
    readings : tuple of Reading
        By reader, session and position.
    readers, cases, modalities : tuple of str
    washout_days : int

    Raises
    ------
    InputError
        If a reader does not read every case in every modality exactly once, reads one twice within
        the washout, or a position is there twice.
    """

    readings: tuple[Reading, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]
    modalities: tuple[str, ...]
    washout_days: int

    def __post_init__(self) -> None:
        found = Counter((r.reader, r.case, r.modality) for r in self.readings)
        wanted = {
            (reader, case, modality)
            for reader in self.readers
            for case in self.cases
            for modality in self.modalities
        }
        wrong = len(wanted ^ set(found)) + sum(n > 1 for n in found.values())
        places = {(r.reader, r.session, r.position) for r in self.readings}
        if wrong or len(places) < len(self.readings):
            raise InputError(
                f"every reader must read every case once in each modality, each at a place of its "
                f"own, got {wrong} readings that are missing, repeated or unknown and "
                f"{len(self.readings) - len(places)} places that are taken twice; make the plan "
                f"with plan_reading()"
            )
        self._check_washout()

    def _check_washout(self) -> None:
        days = defaultdict(list)
        for r in self.readings:
            days[r.reader, r.case].append((r.earliest_day, r.latest_day))
        close = 0
        for spans in days.values():
            ordered = sorted(spans)
            gaps = [b[0] - a[1] for a, b in itertools.pairwise(ordered)]
            close += any(gap < self.washout_days for gap in gaps)
        if close:
            raise InputError(
                f"{self.washout_days} days between two readings of a case by one reader were "
                f"needed, got {close} cases that come back sooner; start the second session later"
            )


def plan_reading(
    readers: Sequence[str],
    cases: Sequence[str],
    *,
    strata: Sequence[str] | None = None,
    modalities: tuple[str, str] = ("without AI", "with AI"),
    settings: ReadingSettings | None = None,
) -> ReadingPlan:
    """Draw the order in which each reader reads all cases in both modalities.

    Cases are halved within each stratum at random. Of every four readers, two see the first half
    with the first modality in session 1, two with the second, and of either pair one begins the
    session with the block of the first modality and one with the other; in session 2 modalities
    are exchanged and the blocks keep the order of modalities. Within a block the order is drawn
    anew for each reader and session. Numbers of readers that four divides are balanced fully.

    Parameters
    ----------
    readers, cases : sequence of str
        Each name once; two cases at least. Names of cases must not tell the truth.
    strata : sequence of str, or None
        Of each case, to balance the halves: site, density, truth. They do not appear in the plan,
        so that it stays blind to them. One stratum if None.
    modalities : (str, str)
    settings : ReadingSettings or None
        The defaults if None.

    Returns
    -------
    ReadingPlan

    Raises
    ------
    InputError
        If names are not unique or strata do not fit the cases.

    Examples
    --------
    >>> plan = plan_reading(["A", "B"], [f"{i:03}" for i in range(10)])
    >>> len(plan.readings), plan.readings[-1].earliest_day
    (40, 28)
    """
    used = settings or ReadingSettings()
    for what, names, fewest in (
        ("reader", readers, 1),
        ("case", cases, 2),
        ("modality", modalities, 2),
    ):
        if len(names) < fewest or len(set(names)) < len(names):
            raise InputError(
                f"{fewest} at least of each {what}, every name once, were needed, got {len(names)} "
                f"names of which {len(set(names))} differ; rename or add"
            )
    if strata is not None and len(strata) != len(cases):
        raise InputError(
            f"a stratum for each of {len(cases)} cases was needed, got {len(strata)}; bring both "
            f"lists to the same order"
        )
    rng = np.random.default_rng(used.seed)
    halves = _halves(cases, strata or [""] * len(cases), rng)
    turns = rng.permutation(len(readers))
    readings: list[Reading] = []
    for reader, turn in zip(readers, turns, strict=True):
        readings += _reader_plan(reader, int(turn), halves, modalities, used, rng)
    return ReadingPlan(
        readings=tuple(readings),
        readers=tuple(readers),
        cases=tuple(cases),
        modalities=modalities,
        washout_days=_washout_days(used),
    )


def _halves(
    cases: Sequence[str], strata: Sequence[str], rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Two halves that differ by one case at most in each stratum, and in all."""
    members = defaultdict(list)
    for case, stratum in zip(cases, strata, strict=True):
        members[stratum].append(case)
    halves: tuple[list[str], list[str]] = ([], [])
    for stratum in sorted(members):
        shuffled = [members[stratum][i] for i in rng.permutation(len(members[stratum]))]
        # An odd case goes to the half that is smaller so far.
        first = 0 if len(halves[0]) <= len(halves[1]) else 1
        halves[first].extend(shuffled[0::2])
        halves[1 - first].extend(shuffled[1::2])
    return halves


def _reader_plan(
    reader: str,
    turn: int,
    halves: tuple[list[str], list[str]],
    modalities: tuple[str, str],
    settings: ReadingSettings,
    rng: np.random.Generator,
) -> list[Reading]:
    swap_halves, swap_blocks = turn % 2, turn // 2 % 2
    readings = []
    for session in (1, 2):
        start = 0 if session == 1 else settings.days_per_session - 1 + _washout_days(settings)
        position = 0
        for block in (swap_blocks, 1 - swap_blocks):
            half = halves[(block + swap_halves + session - 1) % 2]
            for i in rng.permutation(len(half)):
                position += 1
                readings.append(
                    Reading(
                        reader=reader,
                        session=session,
                        position=position,
                        case=half[i],
                        modality=modalities[block],
                        earliest_day=start,
                        latest_day=start + settings.days_per_session - 1,
                    )
                )
    return readings


def _washout_days(settings: ReadingSettings) -> int:
    return math.ceil(settings.washout_weeks * _DAYS_A_WEEK)
