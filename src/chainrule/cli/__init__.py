"""The command line. Each command is a module; heavy imports wait until a command needs them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from chainrule.cli.cache import cache
from chainrule.cli.data import data
from chainrule.cli.draw import draw
from chainrule.cli.evaluate import evaluate
from chainrule.cli.explain import explain
from chainrule.cli.gradcheck import gradcheck
from chainrule.cli.inspect import inspect
from chainrule.cli.ops import ops
from chainrule.cli.options import TrainOptions, command
from chainrule.cli.predict import predict
from chainrule.cli.train import train


#: Every command by name, in the order in which help lists them.
COMMANDS: dict[str, Callable[..., None]] = {
    "train": command(TrainOptions, train),
    "predict": predict,
    "evaluate": evaluate,
    "inspect": inspect,
    "draw": draw,
    "explain": explain,
    "gradcheck": gradcheck,
    "ops": ops,
    "data": data,
    "cache": cache,
}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Feedforward neural networks around one explicit computation graph.",
)
for name, function in COMMANDS.items():
    app.command(name)(function)


@app.callback()
def options() -> None:
    """Feedforward neural networks around one explicit computation graph."""


def main() -> None:
    """Run the command line. Bad input ends in one message and exit status 2, Ctrl-C in 130."""
    from chainrule.cli.terminal import ready, warn, warnings_as_lines

    ready()
    try:
        with warnings_as_lines():
            app()
    except (ValueError, TypeError, OSError, ArithmeticError, MemoryError, ImportError) as error:
        warn(_told(error))
        sys.exit(2)


def _told(error: Exception) -> str:
    """What an error says, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


if __name__ == "__main__":
    main()
