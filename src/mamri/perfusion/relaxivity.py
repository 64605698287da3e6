"""Longitudinal relaxivity of gadolinium contrast agents in plasma at 37 degrees C.

Relaxivity r1 is the rise of 1/T1 per concentration; it is what turns a change of T1 into an amount
of contrast agent, so an error of 10 % in it is an error of 10 % in every concentration, and in
Ktrans where the input function is not measured with the same factor. Sources disagree by that much
and more: in whole blood at 3 T gadobutrol was found at 3.5 [2]_ and at 4.5 [3]_, per mM and s.

Transverse relaxivity r2 is not tabulated: conversion of signal here leaves T2* out, and the values
in circulation contradict each other.

References
----------
.. [1] Rohrer M, Bauer H, Mintorovitch J, Requardt M, Weinmann HJ. Comparison of magnetic properties
   of MRI contrast media solutions at different magnetic field strengths. Invest Radiol
   2005;40:715-724. doi:10.1097/01.rli.0000184756.66360.d3 (bovine plasma)
.. [2] Szomolanyi P, Rohrer M, Frenzel T et al. Comparison of the relaxivities of macrocyclic
   gadolinium-based contrast agents in human plasma at 1.5, 3, and 7 T, and blood at 3 T. Invest
   Radiol 2019;54:559-564. doi:10.1097/RLI.0000000000000577 (human plasma)
.. [3] Shen Y, Goerner FL, Snyder C et al. T1 relaxivities of gadolinium-based magnetic resonance
   contrast agents in human whole blood at 1.5, 3, and 7 T. Invest Radiol 2015;50:330-338.
   doi:10.1097/RLI.0000000000000132
"""

from dataclasses import dataclass
from enum import StrEnum

from mamri.records import InputError

FIELD_STRENGTHS_T = (1.5, 3.0)
_NEAR_T = 0.15  # scanners sold as 1.5 T and 3 T run at 1.4 to 1.5 T and at 2.9 to 3 T (assumption)


class ContrastAgent(StrEnum):
    """Gadolinium contrast agents, by international nonproprietary name."""

    GADOBUTROL = "gadobutrol"
    GADOTERIDOL = "gadoteridol"
    GADOTERATE = "gadoterate"
    GADOPICLENOL = "gadopiclenol"
    GADOPENTETATE = "gadopentetate"
    GADOBENATE = "gadobenate"
    GADODIAMIDE = "gadodiamide"
    GADOVERSETAMIDE = "gadoversetamide"
    GADOXETATE = "gadoxetate"


@dataclass(frozen=True, slots=True)
class Relaxivity:
    """How strongly an agent shortens T1 at one field strength.

    Parameters
    ----------
    agent : ContrastAgent
    field_strength_t : float, T
    r1 : float, per mM and s
        In plasma at 37 degrees C.
    source : str
    is_assumption : bool
        Whether the value was not seen at its source, nor cited from it by two independent ones.
    """

    agent: ContrastAgent
    field_strength_t: float
    r1: float
    source: str
    is_assumption: bool = False


_SZOMOLANYI = "human plasma, doi:10.1097/RLI.0000000000000577"
_ROHRER = "bovine plasma, doi:10.1097/01.rli.0000184756.66360.d3"
_CITED_ONCE = "; one citation seen, not the table itself"

_A = ContrastAgent
# r1 per mM and s at (1.5 T, 3 T), source, whether an assumption. Human plasma where it was measured
# at both fields; there bovine plasma gave 5.2 and 5.0 for gadobutrol, 4.1 and 3.7 for gadoteridol,
# 3.6 and 3.5 for gadoterate [1]. Gadobenate binds to albumin; in human plasma it is cited with 8.1
# and 6.3.
_R1: dict[ContrastAgent, tuple[tuple[float, float], str, bool]] = {
    _A.GADOBUTROL: ((4.78, 4.97), _SZOMOLANYI, False),
    _A.GADOTERIDOL: ((3.80, 3.28), _SZOMOLANYI, False),
    _A.GADOTERATE: ((3.32, 3.00), _SZOMOLANYI, False),
    _A.GADOPENTETATE: ((4.1, 3.7), _ROHRER, False),
    _A.GADOBENATE: ((6.3, 5.5), _ROHRER, False),
    _A.GADOXETATE: ((6.9, 6.2), _ROHRER + _CITED_ONCE, True),
    _A.GADODIAMIDE: ((4.3, 4.0), _ROHRER + _CITED_ONCE, True),
    _A.GADOVERSETAMIDE: ((4.7, 4.5), _ROHRER + _CITED_ONCE, True),
    _A.GADOPICLENOL: ((12.8, 11.6), "plasma, origin not stated where it was seen", True),
}


def relaxivity(agent: ContrastAgent | str, field_strength_t: float) -> Relaxivity:
    """Relaxivity r1 of an agent in plasma at 37 degrees C, at 1.5 T or 3 T.

    Parameters
    ----------
    agent : ContrastAgent or str
        International nonproprietary name, in any case.
    field_strength_t : float, T
        As the scanner says it; within 0.15 T of 1.5 T or 3 T.

    Returns
    -------
    Relaxivity

    Raises
    ------
    InputError
        If the agent or the field strength is not in the table: r1 changes with the field, and
        nothing is interpolated.

    Examples
    --------
    >>> relaxivity("gadobutrol", 3.0).r1
    4.97
    """
    known = _known_agent(agent)
    k = field_index(field_strength_t)
    if k is None:
        raise InputError(
            f"relaxivity is known at 1.5 T and 3 T, got {field_strength_t} T; "
            "give the relaxivity itself, in per mM and s, from a measurement at that field"
        )
    values, source, is_assumption = _R1[known]
    return Relaxivity(known, FIELD_STRENGTHS_T[k], values[k], source, is_assumption=is_assumption)


# Names in which headers know the agents: trade names of Europe and North America, and acids.
_NAMES = {
    _A.GADOBUTROL: ("gadovist", "gadavist"),
    _A.GADOTERIDOL: ("prohance",),
    _A.GADOTERATE: ("dotarem", "clariscan", "gadoteric"),
    _A.GADOPICLENOL: ("elucirem", "vueway"),
    _A.GADOPENTETATE: ("magnevist", "gadopentetic"),
    _A.GADOBENATE: ("multihance", "gadobenic"),
    _A.GADODIAMIDE: ("omniscan",),
    _A.GADOVERSETAMIDE: ("optimark",),
    _A.GADOXETATE: ("eovist", "primovist", "gadoxetic"),
}


def agent_in_text(text: str) -> ContrastAgent | None:
    """Agent that a free text of an image header names; None where it names none, or several.

    Parameters
    ----------
    text : str
        Such as ``10 ml Gadavist IV``.

    Returns
    -------
    ContrastAgent or None

    Examples
    --------
    >>> agent_in_text("10 ml Gadavist IV")
    <ContrastAgent.GADOBUTROL: 'gadobutrol'>
    """
    low = text.lower()
    found = [
        agent
        for agent in ContrastAgent
        if any(name in low for name in (agent.value, *_NAMES[agent]))
    ]
    return found[0] if len(found) == 1 else None


def field_index(field_strength_t: float) -> int | None:
    """Which of the tabulated fields, 1.5 T and 3 T, a scanner runs at; None if neither.

    Parameters
    ----------
    field_strength_t : float, T

    Returns
    -------
    int or None
        Index into ``FIELD_STRENGTHS_T``.
    """
    for k, tesla in enumerate(FIELD_STRENGTHS_T):
        if abs(field_strength_t - tesla) < _NEAR_T:
            return k
    return None


def _known_agent(agent: ContrastAgent | str) -> ContrastAgent:
    try:
        return ContrastAgent(str(agent).strip().lower())
    except ValueError:
        raise InputError(
            f"relaxivity is known for {', '.join(ContrastAgent)}, got {str(agent)!r}; "
            "use one of these names, or give the relaxivity itself in per mM and s"
        ) from None
