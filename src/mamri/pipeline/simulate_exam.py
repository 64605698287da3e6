"""Simulated exams as files: DICOM or NIfTI, truth masks, parameter maps, truth.json."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np

from mamri.io.dicom_writer import write_dicom_study
from mamri.io.nifti import write_nifti
from mamri.io.scanner_habits import (
    GE_HABITS,
    GE_SLICE_TRIGGER_HABITS,
    PHILIPS_ENHANCED_HABITS,
    PHILIPS_HABITS,
    SIEMENS_HABITS,
    SIEMENS_XA_HABITS,
    ScannerHabits,
)
from mamri.pipeline.output_folder import whole_folder
from mamri.pipeline.step_clock import silent
from mamri.records import AcquiredSeries, InputError, SeriesRole
from mamri.records.version import __version__
from mamri.simulation import (
    DEMO_CONDITION,
    PROTOCOLS,
    LesionMix,
    SimulatedExam,
    code_properties,
    demo_woman,
    draw_woman,
    parameter_maps,
    simulate_exam,
    truth_to_json,
)
from mamri.simulation.protocols import aimed_at

HABITS: dict[str, ScannerHabits] = {
    "siemens": SIEMENS_HABITS,
    "siemens-xa": SIEMENS_XA_HABITS,
    "ge": GE_HABITS,
    "ge-slice-trigger": GE_SLICE_TRIGGER_HABITS,
    "philips": PHILIPS_HABITS,
    "philips-enhanced": PHILIPS_ENHANCED_HABITS,
}
DEMO_PRESETS = ("demo", "benchmark")  # the same four masses in every woman
MARKER = "truth.json"
N_STEPS = 3


class ExamForm(StrEnum):
    """File format of simulated exams."""

    DICOM = "dicom"
    NIFTI = "nifti"


@dataclass(frozen=True, slots=True)
class SimulationRequest:
    """What to simulate and how to write it.

    Parameters
    ----------
    preset : str
        One of the protocols; its name is also the preset's.
    form : ExamForm
    vendor : str or None
        Tag habits, one of `HABITS`; None for those usual with the preset.
    maps : bool
        Write the true parameter maps too.
    mix : LesionMix
        How many women have which lesions; the demonstration has its own.
    """

    preset: str = "demo"
    form: ExamForm = ExamForm.DICOM
    vendor: str | None = None
    maps: bool = False
    mix: LesionMix = field(default_factory=LesionMix)

    def __post_init__(self) -> None:
        if self.preset not in PROTOCOLS:
            raise InputError(
                f"a preset is one of {', '.join(PROTOCOLS)}, another name came; choose one of these"
            )
        if self.vendor is not None and self.vendor not in HABITS:
            raise InputError(
                f"a vendor is one of {', '.join(HABITS)}, another name came; choose one of these"
            )


def simulated_exam(request: SimulationRequest, seed: int) -> SimulatedExam:
    """The exam of a preset and a seed, without writing it."""
    protocol = PROTOCOLS[request.preset]
    if request.preset in DEMO_PRESETS:
        return simulate_exam(demo_woman(seed), protocol, condition=DEMO_CONDITION)
    woman = draw_woman(seed, request.mix)
    return simulate_exam(woman, aimed_at(protocol, woman))


def simulate_to_folder(
    output: Path,
    *,
    request: SimulationRequest = SimulationRequest(),
    seed: int = 1,
    overwrite: bool = False,
    begin_step: Callable[[str], None] = silent,
) -> Path:
    """Simulate one exam and write ``dicom/`` or ``nifti/``, ``truth/`` and ``truth.json``.

    Parameters
    ----------
    output : Path
        New or empty folder; an earlier simulation only with ``overwrite``.
    request : SimulationRequest
    seed : int
        Same seed, same exam.

    Raises
    ------
    InputError
        If the folder holds something else.
    """
    with whole_folder(output, overwrite=overwrite, marker=MARKER) as folder:
        begin_step("simulating")
        simulated = simulated_exam(request, seed)
        begin_step(f"writing_{request.form.value}")
        _write_images(simulated, request, seed, folder)
        begin_step("writing_truth")
        _write_truth(simulated, request, folder)
    return output


def simulate_many(
    output: Path,
    *,
    request: SimulationRequest,
    first_seed: int,
    n: int,
    begin_step: Callable[[str], None] = silent,
) -> list[dict[str, object]]:
    """Simulate several exams, one folder a seed; those that are there already are kept.

    Parameters
    ----------
    output : Path
        Holds ``seed-000001/`` and so on, and ``exams.csv``.
    request : SimulationRequest
    first_seed, n : int
        Seeds ``first_seed`` to ``first_seed + n - 1``.

    Returns
    -------
    list of dict
        One row an exam, as in ``exams.csv``.

    Raises
    ------
    InputError
        If a folder holds an exam of another preset, format or vendor.
    """
    rows = []
    for seed in range(first_seed, first_seed + n):
        folder = output / f"seed-{seed:06d}"
        marker = folder / MARKER
        if marker.is_file():
            earlier = json.loads(marker.read_text(encoding="utf-8"))
            wanted = {"preset": request.preset, "vendor": _vendor_written(request)}
            if any(earlier.get(key) != value for key, value in wanted.items()):
                raise InputError(
                    f"{folder.name} should hold a {request.form.value} exam of preset "
                    f"{request.preset} with the asked vendor's habits, it holds another; choose "
                    "another -o or remove it"
                )
            begin_step(f"keeping_{folder.name}")
        else:
            simulate_to_folder(folder, request=request, seed=seed, begin_step=begin_step)
        rows.append(_row(folder))
    with (output / "exams.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rows


def _row(folder: Path) -> dict[str, object]:
    """Summary of an exam that was written."""
    truth = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    woman, lesions = truth["woman"], truth["lesions"]
    return {
        "folder": folder.name,
        "seed": truth["seed"],
        "preset": truth["preset"],
        "vendor": truth["vendor"],
        "age_years": round(woman["age_years"], 1),
        "density_category": woman["density_category"],
        "bpe_category": woman["bpe_category"],
        "n_lesions": len(lesions),
        "n_malignant": sum(lesion["malignant"] for lesion in lesions),
    }


def _vendor(request: SimulationRequest) -> str:
    return request.vendor or PROTOCOLS[request.preset].habits


def _vendor_written(request: SimulationRequest) -> str | None:
    """None for NIfTI, which has no tags."""
    return _vendor(request) if request.form is ExamForm.DICOM else None


def _write_images(
    simulated: SimulatedExam, request: SimulationRequest, seed: int, folder: Path
) -> None:
    if request.form is ExamForm.DICOM:
        study = simulated.exam.study_instance_uid
        assert study is not None, "a simulated exam has a study identifier"
        write_dicom_study(
            simulated.series,
            folder / "dicom",
            HABITS[_vendor(request)],
            study_instance_uid=study,
            patient_number=seed,
        )
        return
    _write_nifti_exam(simulated.series, folder / "nifti")


def _write_nifti_exam(series: tuple[AcquiredSeries, ...], folder: Path) -> None:
    """One file a volume, and an ``exam.json`` that names the conventional dynamic phases."""
    folder.mkdir()
    document: dict[str, object] = {"schema": "mamri-nifti-exam/1"}
    for one in series:
        stem = "_".join(filter(None, [one.role.value, one.contrast])).replace("-", "_")
        names = []
        for n, volume in enumerate(one.array):
            label = f"_b{one.b_values[n]:g}" if one.b_values is not None else f"_{n:02d}"
            name = f"{stem}{label if len(one.array) > 1 else ''}.nii.gz"
            write_nifti(folder / name, np.asarray(volume), one.affine)
            names.append(name)
        if one.role is SeriesRole.DYNAMIC and one.contrast != "ultrafast":
            assert one.times_s is not None, "a dynamic series has times"
            document["phases"] = [
                {"file": name, "time_s": float(time)}
                for name, time in zip(names, one.times_s, strict=True)
            ]
            scan = one.acquisition
            document["acquisition"] = {
                "manufacturer": scan.manufacturer,
                "model": scan.model,
                "field_strength_t": scan.field_strength_t,
                "tr_ms": scan.tr_ms,
                "te_ms": scan.te_ms,
                "flip_angle_deg": scan.flip_angle_deg,
                "slice_thickness_mm": scan.slice_thickness_mm,
                "phase_duration_s": scan.phase_duration_s,
                "fat_suppressed": scan.fat_suppressed,
                "contrast_agent": scan.contrast_agent,
            }
        if one.role in (SeriesRole.T2, SeriesRole.STIR):
            document["t2"] = names[0]
    text = json.dumps(document, indent=2, allow_nan=False)
    (folder / "exam.json").write_text(text + "\n", encoding="utf-8")


def _write_truth(simulated: SimulatedExam, request: SimulationRequest, folder: Path) -> None:
    truth = simulated.truth
    masks = folder / "truth"
    masks.mkdir()
    for name in ("breast", "fibroglandular", "vessels", "lesions", "tissue"):
        array = np.asarray(getattr(truth, name))
        write_nifti(masks / f"{name}.nii.gz", array, truth.affine)
    if request.maps:
        codes = code_properties(simulated.woman.lesions)
        maps = parameter_maps(simulated.mixture, codes, simulated.protocol.field_strength_t)
        for name, array in maps.items():
            write_nifti(masks / f"{name}.nii.gz", array, truth.affine)
    document = {
        "software": {"name": "mamri", "version": __version__},
        "preset": request.preset,
        "vendor": _vendor_written(request),
        "intended_use": "simulated exam, not a patient",
        **truth_to_json(truth),
    }
    text = json.dumps(document, indent=2, allow_nan=False)
    (folder / MARKER).write_text(text + "\n", encoding="utf-8")
