"""The ``mamri`` command.

Exit codes: 0 done, 2 usage, 3 input refused (reason and remedy printed, nothing written half),
4 a needed model is missing, 1 anything else.
"""

import json
import sys
from typing import Annotated

import typer

from mamri.cli.analyze import analyze
from mamri.cli.demo import demo
from mamri.cli.evaluate import app as evaluate
from mamri.cli.inspect import inspect
from mamri.cli.models import app as models
from mamri.cli.simulate import simulate
from mamri.cli.train import app as train
from mamri.records import MamriError, ModelError
from mamri.records.version import __version__

EXIT_REFUSED = 3
EXIT_MODEL_MISSING = 4

app = typer.Typer(
    name="mamri",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Reads breast MRI examinations. Research software: not a medical device.",
)
app.command()(analyze)
app.command()(inspect)
app.command()(demo)
app.command()(simulate)
app.add_typer(models, name="models")
app.add_typer(train, name="train")
app.add_typer(evaluate, name="evaluate")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"mamri {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    """Reads breast MRI examinations. Research software: not a medical device."""


def run() -> None:
    """Run the command line and turn refusals into exit codes."""
    try:
        app()
    except MamriError as error:
        code = EXIT_MODEL_MISSING if isinstance(error, ModelError) else EXIT_REFUSED
        if "--json" in sys.argv:
            kind = type(error).__name__
            typer.echo(json.dumps({"error": kind, "message": str(error), "exit_code": code}))
        typer.echo(f"mamri: {error}", err=True)
        sys.exit(code)


if __name__ == "__main__":
    run()
