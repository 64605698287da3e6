"""mamri reads breast MRI examinations: from DICOM to masks, kinetics, findings and a report."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mamri.io.read_exam import read_exam
    from mamri.pipeline.analyze_exam import analyze_exam as analyze

from mamri.records.version import __version__

__all__ = ["__version__", "analyze", "read_exam"]


def __getattr__(name: str) -> Any:
    """Import the two doors when they are first used, so that ``mamri --help`` stays quick."""
    if name == "read_exam":
        from mamri.io.read_exam import read_exam

        return read_exam
    if name == "analyze":
        from mamri.pipeline.analyze_exam import analyze_exam

        return analyze_exam
    raise AttributeError(f"module 'mamri' has no attribute {name!r}")
