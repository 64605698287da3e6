"""A simulated exam as files: DICOM, truth masks, truth.json."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from mamri.io.dicom_writer import write_dicom_exam
from mamri.io.nifti import write_nifti
from mamri.pipeline.output_folder import whole_folder
from mamri.pipeline.step_clock import silent
from mamri.records import InputError
from mamri.simulation import (
    BENCHMARK,
    DEMO,
    NON_SUPPRESSED,
    SAGITTAL,
    Truth,
    simulate_exam,
    truth_to_json,
)

PRESETS = {
    "demo": DEMO,
    "benchmark": BENCHMARK,
    "sagittal": SAGITTAL,
    "non-suppressed": NON_SUPPRESSED,
}
MARKER = "truth.json"


def simulate_to_folder(
    output: Path,
    *,
    preset: str = "demo",
    seed: int = 1,
    overwrite: bool = False,
    begin_step: Callable[[str], None] = silent,
) -> Path:
    """Simulate one exam and write ``dicom/``, ``truth/`` and ``truth.json``.

    Parameters
    ----------
    output : Path
        New or empty folder; an earlier simulation only with ``overwrite``.
    preset : str
        One of `PRESETS`.
    seed : int
        Same seed, same exam.

    Raises
    ------
    InputError
        If the preset is not known or the folder holds something else.
    """
    if preset not in PRESETS:
        raise InputError(
            f"a preset is one of {', '.join(PRESETS)}, another name came; choose one of these"
        )
    begin_step("simulating")
    simulated = simulate_exam(replace(PRESETS[preset], seed=seed))
    with whole_folder(output, overwrite=overwrite, marker=MARKER) as folder:
        begin_step("writing_dicom")
        write_dicom_exam(simulated.exam, folder / "dicom", seed=seed)
        begin_step("writing_truth")
        _write_truth(simulated.truth, folder)
    return output


def _write_truth(truth: Truth, folder: Path) -> None:
    masks = folder / "truth"
    masks.mkdir()
    for name in ("breast", "fibroglandular", "vessels", "lesions"):
        array = np.asarray(getattr(truth, name))
        write_nifti(masks / f"{name}.nii.gz", array, truth.affine)
    document = json.dumps(truth_to_json(truth), indent=2, allow_nan=False)
    (folder / MARKER).write_text(document + "\n", encoding="utf-8")
