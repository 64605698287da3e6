"""Write docs/reference/settings.md from the settings dataclasses and their docstrings."""

import importlib
import inspect
import pkgutil
import re
import sys
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path

import mamri

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "settings.md"
ENDINGS = ("Settings", "CutOffs", "Limits", "Evaluation")

_OPENING = """# Settings

Every number that a step may use, its default and where the default comes from. "Assumption" marks a
value without a published source. The report prints the settings of every step that ran, so that a
result can be repeated.

In Python, settings are changed with `dataclasses.replace` and handed to `mamri.analyze`:

```python
from dataclasses import replace

from mamri.pipeline.analysis_settings import AnalysisSettings

settings = AnalysisSettings()
settings = replace(settings, detection=replace(settings.detection, min_diameter_mm=5.0))
```

This page is written from the code by `make docs`.
"""


def settings_classes() -> list[type]:
    """Every settings dataclass of the package, once, by module and name."""
    found: dict[str, type] = {}
    for module in pkgutil.walk_packages(mamri.__path__, "mamri."):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if isinstance(thing, type) and is_dataclass(thing) and name.endswith(ENDINGS):
                found[f"{thing.__module__}.{name}"] = thing
    return [found[key] for key in sorted(found)]


def page() -> str:
    """The whole page."""
    return "\n".join([_OPENING, *(_section(cls) for cls in settings_classes())])


def _section(cls: type) -> str:
    doc = inspect.getdoc(cls) or ""
    summary = _plain(doc.partition("\nParameters\n")[0].strip())
    described = described_settings(cls)
    rows = []
    for field in fields(cls):
        shape, text = described.get(field.name, ("", ""))
        rows.append(f"| `{field.name}` | {_default(field)} | {_plain(shape)} | {_plain(text)} |")
    table = "\n".join(
        ["| setting | default | kind, unit | meaning and source |", "|---|---|---|---|", *rows]
    )
    sources = _references(doc)
    head = f"## {cls.__name__}\n\n`{cls.__module__}`. {summary}\n\n{table}\n"
    return head + (f"\n{sources}\n" if sources else "")


def _default(field: Field) -> str:
    if field.default is not MISSING:
        value = field.default
        text = value.value if hasattr(value, "value") else repr(value)
        return f"`{text}`" if not is_dataclass(value) else f"`{type(value).__name__}()`"
    if field.default_factory is not MISSING:
        return f"`{type(field.default_factory()).__name__}()`"
    return "required"


def described_settings(cls: type) -> dict[str, tuple[str, str]]:
    """Name to (kind and unit, text), from the Parameters section of the class's docstring."""
    doc = inspect.getdoc(cls) or ""
    match = re.search(r"Parameters\n-+\n(.*?)(?=\n\n?[A-Z]\w+\n-{3,}|\Z)", doc, flags=re.DOTALL)
    entries: dict[str, tuple[str, str]] = {}
    names: list[str] = []
    shape, lines = "", []
    for line in [*(match[1].splitlines() if match else []), "end :"]:
        if line.startswith(" ") or not line.strip():
            lines.append(line.strip())
            continue
        for name in names:
            entries[name] = (shape, " ".join(part for part in lines if part))
        head, _, shape = line.partition(" : ")
        names, lines = [name.strip() for name in head.split(",")], []
    return entries


def _references(doc: str) -> str:
    match = re.search(r"References\n-+\n(.*?)(?=\n\n[A-Z]\w+\n-{3,}|\Z)", doc, flags=re.DOTALL)
    if match is None:
        return ""
    text = " ".join(line.strip() for line in match[1].splitlines())
    items = re.split(r"\.\. \[(\d+)\] ", text)[1:]
    return "\n".join(
        f"{n}. {_plain(item.strip())}" for n, item in zip(items[::2], items[1::2], strict=True)
    )


def _plain(text: str) -> str:
    text = re.sub(r"\[(\d+)\]_", r"[\1]", text)
    text = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"`\1`", text.replace("``", "`"))
    return text.replace("|", "\\|").replace("\n", " ").strip()


def main() -> None:
    """Write the page, or with ``--check`` only say whether it is current."""
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == page() else f"{PAGE} is stale: make docs")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
