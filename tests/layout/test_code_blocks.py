"""The Python in the README and the documentation runs as it stands."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mamri
from mamri.io.dicom_writer import write_dicom_exam
from mamri.simulation import DEMO_CONDITION, PROTOCOLS, demo_woman, simulate_exam

ROOT = Path(__file__).parents[2]
# Pages whose blocks need no exam.
_QUICK = [
    "docs/reference/settings.md",
    "docs/explanation/simulation.md",
    "docs/how-to/perfusion-and-diffusion.md",
    "docs/how-to/radiomics.md",
    "docs/how-to/read-a-description.md",
]
# Pages whose blocks read the demo's exam.
_WITH_EXAM = ["docs/getting-started.md", "docs/reference/python.md"]


def _python_of(page: str) -> str:
    """All Python blocks of a page, in order, as one program."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE))


def _run(page: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(_python_of(page), page, "exec"), names)
    return names


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's exam in voxels twice as large, where `make demo` puts it."""
    folder = tmp_path_factory.mktemp("blocks")
    demo = PROTOCOLS["demo"]
    (s, r, c), (dz, dy, dx) = demo.dynamic.grid.shape, demo.dynamic.grid.spacing_mm
    grid = replace(
        demo.dynamic.grid, shape=(s // 2, r // 2, c // 2), spacing_mm=(2 * dz, 2 * dy, 2 * dx)
    )
    coarse = replace(demo, dynamic=replace(demo.dynamic, grid=grid))
    simulated = simulate_exam(demo_woman(7), coarse, condition=DEMO_CONDITION)
    exam = folder / "demo-output" / "exam" / "dicom"
    exam.parent.mkdir(parents=True)
    write_dicom_exam(simulated.exam, exam)
    return folder


@pytest.fixture(scope="module")
def readme_names(demo_folder: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(demo_folder)
        return _run("README.md")


def test_every_page_with_python_is_run_here() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    with_python = {str(p.relative_to(ROOT)) for p in pages if _python_of(str(p.relative_to(ROOT)))}
    assert {"README.md", *_QUICK, *_WITH_EXAM} == with_python


@pytest.mark.parametrize("page", _QUICK)
def test_blocks_without_an_exam_run(page: str) -> None:
    assert _run(page)


@pytest.mark.slow
def test_the_readme_runs_and_finds_something(readme_names: dict[str, Any]) -> None:
    assert readme_names["result"].findings


@pytest.mark.slow
@pytest.mark.parametrize("page", _WITH_EXAM)
def test_blocks_with_an_exam_run(
    page: str,
    demo_folder: Path,
    readme_names: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(demo_folder)
    # One analysis serves every page: they all read the same exam.
    monkeypatch.setattr(mamri, "analyze", lambda exam: readme_names["result"])
    assert _run(page)["exam"].dynamic.n_phases == len(PROTOCOLS["demo"].dynamic.times_s)
