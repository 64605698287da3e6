"""The demonstration: a simulated exam, analysed, with truth beside it."""

from collections.abc import Callable
from pathlib import Path

from mamri.pipeline.analyze_to_folder import N_STEPS as ANALYSIS_N_STEPS
from mamri.pipeline.analyze_to_folder import analyze_to_folder
from mamri.pipeline.output_folder import check_output
from mamri.pipeline.simulate_exam import N_STEPS as SIMULATION_N_STEPS
from mamri.pipeline.simulate_exam import simulate_to_folder
from mamri.pipeline.step_clock import silent
from mamri.records import InputError

N_STEPS = ANALYSIS_N_STEPS + SIMULATION_N_STEPS


def run_demo(
    output: Path, *, overwrite: bool = False, begin_step: Callable[[str], None] = silent
) -> list[str]:
    """Simulate one bilateral exam as DICOM, analyse it, say what was found and where it is.

    Parameters
    ----------
    output : Path
        Gets ``exam/`` (DICOM and truth) and ``result/``.

    Returns
    -------
    list of str
        Lines to print.
    """
    exam, result_folder = output / "exam", output / "result"
    if output.exists() and any(output.iterdir()) and not exam.exists():
        raise InputError(
            "the output folder must be new or empty, it holds other files; choose another -o"
        )
    check_output(result_folder, overwrite=overwrite, marker="result.json")
    simulate_to_folder(exam, overwrite=overwrite, begin_step=begin_step)
    result, _ = analyze_to_folder(
        exam / "dicom", result_folder, overwrite=overwrite, begin_step=begin_step
    )
    lines = ["simulated exam, not a patient:"]
    for finding in result.findings:
        curve = finding.kinetics.delayed.value if finding.kinetics.delayed else "undefined"
        lines.append(
            f"finding {finding.id}: {finding.side.word} breast, {finding.clock_face} o'clock, "
            f"{finding.diameters_mm[0]:.0f} mm, {curve}"
        )
    return [*lines, f"report: {result_folder / 'report.html'}"]
