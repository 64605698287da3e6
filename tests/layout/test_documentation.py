"""The documentation names what exists: commands, options, settings, result keys, public names."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

import mamri
from mamri.cli.main import app
from mamri.io.result_json import result_schema
from mamri.records import Acquisition, Description, ExamResult, FindingRelation, Measure
from write_settings_page import described_settings, settings_classes
from write_settings_page import page as settings_page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _commands(group: Any = None, before: str = "") -> dict[str, list[str]]:
    """Options of each command, long form; commands of a group by both names."""
    group = group or typer.main.get_command(app)
    found = {
        before + name: [
            option
            for parameter in command.params
            for option in parameter.opts
            if option.startswith("--") and option != "--help"
        ]
        for name, command in group.commands.items()
    }
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= _commands(command, f"{before}{name} ")
    return found


@pytest.mark.parametrize("command", sorted(_commands()))
def test_every_command_and_option_has_its_page(command: str) -> None:
    page = (DOCS / "reference" / "command-line.md").read_text()

    assert f"`mamri {command}" in page
    missing = [option for option in _commands()[command] if option not in page]
    assert [] == missing


@pytest.mark.parametrize("settings", settings_classes(), ids=lambda cls: cls.__name__)
def test_every_setting_says_what_it_is(settings: type) -> None:
    described = described_settings(settings)

    assert [] == [
        f.name for f in dataclasses.fields(settings) if not any(described.get(f.name, ""))
    ]


def test_the_settings_page_is_what_the_code_says() -> None:
    written = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")

    assert settings_page() == written, "docs/reference/settings.md is stale: run make docs"


def _schema_keys(schema: Any) -> set[str]:
    """Names of all properties of a JSON Schema, at any depth."""
    if isinstance(schema, list):
        return set().union(*map(_schema_keys, schema))
    if not isinstance(schema, dict):
        return set()
    named = schema.get("properties", {})
    own = set(named) if isinstance(named, dict) else set()
    return own.union(*map(_schema_keys, schema.values()))


def test_every_key_of_the_result_has_its_page() -> None:
    page = (DOCS / "reference" / "result-json.md").read_text(encoding="utf-8")
    keys = _schema_keys(result_schema())

    assert {"findings", "centroid_mm_lps", "ktrans_per_min"} <= keys
    assert [] == sorted(key for key in keys if not re.search(rf"\b{key}\b", page))


@pytest.mark.parametrize("record", [Description, FindingRelation, Measure])
def test_every_field_of_a_description_has_its_page(record: type) -> None:
    page = (DOCS / "reference" / "result-json.md").read_text(encoding="utf-8")
    row = "".join(line for line in page.splitlines() if line.startswith("| `findings"))
    names = [field.name for field in dataclasses.fields(record)]

    assert [] == [name for name in names if not re.search(rf"\b{name}\b", row)]


def test_every_key_of_an_exam_json_has_its_page() -> None:
    page = (DOCS / "reference" / "inputs.md").read_text(encoding="utf-8")
    keys = {field.name for field in dataclasses.fields(Acquisition)} - {"fat_suppression_source"}

    assert [] == sorted(key for key in keys if key not in page)


def test_every_field_of_a_result_has_its_page() -> None:
    page = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")

    assert [] == [f.name for f in dataclasses.fields(ExamResult) if f"`{f.name}`" not in page]


def test_every_public_name_has_its_page() -> None:
    page = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")

    assert [] == [name for name in mamri.__all__ if f"`mamri.{name}" not in page]


def test_decisions_carry_their_number_and_status() -> None:
    for path in (DOCS / "decisions").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path.name
        assert "Status:" in text, path.name


def _links() -> list[tuple[Path, str]]:
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    found = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in target:
                found.append((page, target))
    return found


@pytest.mark.parametrize(("page", "target"), _links(), ids=lambda value: str(value)[-40:])
def test_links_lead_somewhere(page: Path, target: str) -> None:
    assert (page.parent / target).exists()


def test_the_version_is_the_same_everywhere() -> None:
    assert f"version: {mamri.__version__}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {mamri.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_readme_names_the_commands_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make (\w+)", (ROOT / "README.md").read_text()):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_python_of_the_readme_names_what_exists() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)

    compile(block, "README.md", "exec")
    assert {"read_exam", "analyze"} <= set(re.findall(r"mamri\.(\w+)", block))
