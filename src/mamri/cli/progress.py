"""Progress of long work: a bar on a terminal, plain lines elsewhere, always on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def step_progress(total: int) -> Iterator[Callable[[str], None]]:
    """Show the name of each step as it begins.

    Parameters
    ----------
    total : int
        Number of steps to expect; more are fine.

    Yields
    ------
    callable of str
        Call it with the name of the step that begins.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step: console.print(f"mamri: {step} ...", markup=False, highlight=False)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=total)

        def begin(step: str) -> None:
            bar.update(task, description=step.replace("_", " "), advance=1)

        yield begin
