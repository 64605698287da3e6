"""What the page of an evaluation consists of, whatever was evaluated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mamri.report.experiment_cells import Cell, bare_p, cell

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table with names in its first column.

    Parameters
    ----------
    caption : str
    head : str
        Over the names.
    columns : tuple of str
    rows : tuple of (str, tuple of Cell)
        Name, and one cell a column.
    note : str
        Below the table.
    """

    caption: str
    head: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of the page and what stands below it.

    Parameters
    ----------
    title : str
    paragraphs : tuple of str
    wide, pair, panels : tuple of str
        Plots as SVG: over the whole width, two and more beside each other.
    tables : tuple of PageTable
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()
    pair: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    tables: tuple[PageTable, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not any((self.paragraphs, self.wide, self.pair, self.panels, self.tables))


@dataclass(frozen=True, slots=True)
class Page:
    """What a kind of evaluation puts on its page.

    Parameters
    ----------
    what : str
        What was evaluated, in two or three words.
    headline : str
        The result in one sentence.
    facts : tuple of (str, str)
        Name and value, for the head.
    notes : tuple of str
        What tempers the headline.
    sections : tuple of Section
    guide : tuple of (str, str)
        Word and what it means, for the foot.
    """

    what: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    guide: tuple[tuple[str, str], ...]


def plots_of(*drawn: str) -> tuple[str, ...]:
    """Plots that there was something to draw for."""
    return tuple(svg for svg in drawn if svg)


def comparison_table(rows: Sequence[Mapping[str, Any]], what: str) -> tuple[PageTable, ...]:
    """Pairs of scores with their difference and p; nothing where there is no pair.

    Parameters
    ----------
    rows : sequence of mapping
        ``first``, ``second``, ``difference``, ``p`` and ``p_holm``.
    what : str
        The figure whose difference it is.
    """
    if not rows:
        return ()
    found = tuple(
        (
            f"{row['first']} less {row['second']}",
            (cell(row["difference"], 3), Cell(bare_p(row["p"])), Cell(bare_p(row["p_holm"]))),
        )
        for row in rows
    )
    columns = (f"Difference of {what}", "p", "p, Holm")
    return (PageTable("Each pair of scores on the same cases", "Pair", columns, found),)
