"""Options that several commands share."""

from enum import StrEnum
from typing import Annotated

import typer

from mamri.records import TimingError

PhaseOption = Annotated[
    list[str] | None,
    typer.Option(
        "--phase",
        metavar="SOURCE:SECONDS",
        help="One phase and the seconds from injection to its middle (0 or below: pre-contrast). "
        "SOURCE is a NIfTI file, or a sub-folder, series number or series UID of a DICOM exam. "
        "Repeat for every phase.",
    ),
]
TimesOption = Annotated[
    str | None,
    typer.Option(
        "--times",
        metavar="S,S,...",
        help="Seconds from injection of all phases of one series, in order; overrides the tags.",
    ),
]


class Side(StrEnum):
    """Breast to read where an exam has a dynamic series for each."""

    RIGHT = "right"
    LEFT = "left"


SideOption = Annotated[
    Side | None,
    typer.Option("--side", help="Breast to read where each was acquired as a series of its own."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def parse_times(text: str | None) -> tuple[float, ...] | None:
    """Numbers of a comma-separated list.

    Raises
    ------
    TimingError
        If one is not a number.
    """
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise TimingError(
            "--times takes numbers of seconds separated by commas, something else came; "
            "write for example --times=-30,90,180,270"
        ) from error
