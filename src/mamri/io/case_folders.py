"""Folders of labelled exams to train on: raw data of nnU-Net, and MAMA-MIA.

nnU-Net v2 (documentation/dataset_format.md of its repository): ``dataset.json``, images
``imagesTr/CASE_0000.nii.gz`` with a number for each channel, labels ``labelsTr/CASE.nii.gz``.
MAMA-MIA (Garrucho L et al. Sci Data 2025;12:453. doi:10.1038/s41597-025-04707-4):
``images/CASE/CASE_0000.nii.gz`` with a number for each phase, labels of experts
``segmentations/expert/CASE.nii.gz``; files are in lower case, folders in upper case.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from mamri.records import InputError


class CaseLayout(StrEnum):
    """How a folder of labelled exams is arranged."""

    NNUNET = "nnunet"
    MAMA_MIA = "mama-mia"


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """One labelled exam.

    Parameters
    ----------
    name : str
    images : tuple of Path
        One for each channel.
    labels : Path
    """

    name: str
    images: tuple[Path, ...]
    labels: Path


@dataclass(frozen=True, slots=True)
class CaseFolder:
    """Labelled exams and what their labels mean.

    Parameters
    ----------
    cases : tuple of CaseFiles
        By name.
    label_names : mapping of int to str
        As the folder says.
    """

    cases: tuple[CaseFiles, ...]
    label_names: Mapping[int, str] = field(default_factory=dict)


def read_case_folder(folder: Path, layout: CaseLayout, channels: tuple[int, ...]) -> CaseFolder:
    """List the labelled exams of a folder. Images stay unread.

    Parameters
    ----------
    folder : Path
    layout : CaseLayout
    channels : tuple of int
        Numbers of the channels or phases to take; empty for all of nnU-Net's, for the first two
        phases of MAMA-MIA.

    Returns
    -------
    CaseFolder

    Raises
    ------
    InputError
        If the folder is arranged otherwise or lacks a file.
    """
    if not folder.is_dir():
        raise InputError(
            f"a folder of labelled exams was needed, {folder.name} is none; correct real.folder"
        )
    found = (
        _nnunet(folder, channels)
        if layout is CaseLayout.NNUNET
        else _mama_mia(folder, channels or (0, 1))
    )
    missing = [p for case in found.cases for p in (*case.images, case.labels) if not p.is_file()]
    if missing or not found.cases:
        raise InputError(
            f"a labelled exam needs a file for each channel and its labels, {len(missing)} files "
            f"of {len(found.cases)} exams are missing in {folder.name}"
            + (f", the first is {missing[0].name}" if missing else "")
            + "; complete the folder, or correct real.layout and real.channels"
        )
    return found


def _nnunet(folder: Path, channels: tuple[int, ...]) -> CaseFolder:
    try:
        about: dict[str, Any] = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        ending = str(about.get("file_ending", ".nii.gz"))
        numbers = sorted(int(n) for n in about["channel_names"])
        names = {int(value): str(name) for name, value in about["labels"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "raw data of nnU-Net need a dataset.json with channel_names and labels of one number "
            f"each, that of {folder.name} cannot be read so ({type(error).__name__}: {error}); "
            "correct it, or real.folder"
        ) from error
    if not ending.startswith(".nii"):
        raise InputError(f"images must be NIfTI, {folder.name} has {ending}; convert them first")
    cases = []
    for labels in sorted((folder / "labelsTr").glob(f"*{ending}")):
        name = labels.name.removesuffix(ending)
        images = [folder / "imagesTr" / f"{name}_{n:04d}{ending}" for n in channels or numbers]
        cases.append(CaseFiles(name, tuple(images), labels))
    return CaseFolder(tuple(cases), names)


def _mama_mia(folder: Path, channels: tuple[int, ...]) -> CaseFolder:
    cases = []
    for labels in sorted((folder / "segmentations" / "expert").glob("*.nii.gz")):
        name = labels.name.removesuffix(".nii.gz")
        places = [folder / "images" / n for n in (name.upper(), name, name.lower())]
        place = next((p for p in places if p.is_dir()), places[0])
        images = [_any_case(place, f"{name}_{n:04d}.nii.gz") for n in channels]
        cases.append(CaseFiles(name, tuple(images), labels))
    return CaseFolder(tuple(cases), {0: "background", 1: "lesion"})


def _any_case(place: Path, name: str) -> Path:
    found = [place / n for n in (name, name.lower(), name.upper().replace(".NII.GZ", ".nii.gz"))]
    return next((path for path in found if path.is_file()), found[0])
