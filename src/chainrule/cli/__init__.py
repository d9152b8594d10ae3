"""The command line. Each command is a module; heavy imports wait until a command needs them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from chainrule.cli.approximate import approximate
from chainrule.cli.cache import cache
from chainrule.cli.data import data
from chainrule.cli.doctor import doctor
from chainrule.cli.draw import draw
from chainrule.cli.evaluate import evaluate
from chainrule.cli.example import example, examples
from chainrule.cli.explain import explain
from chainrule.cli.export import export
from chainrule.cli.gallery import gallery
from chainrule.cli.gradcheck import gradcheck
from chainrule.cli.inspect import inspect
from chainrule.cli.logic import logic
from chainrule.cli.ops import ops
from chainrule.cli.options import TrainOptions, command
from chainrule.cli.perceptron import perceptron
from chainrule.cli.predict import predict
from chainrule.cli.train import train
from chainrule.cli.tune import TuneOptions, tune


#: Every command by name, in the order in which help lists them.
COMMANDS: dict[str, Callable[..., None]] = {
    "train": command(TrainOptions, train),
    "tune": command(TuneOptions, tune),
    "predict": predict,
    "evaluate": evaluate,
    "doctor": doctor,
    "inspect": inspect,
    "draw": draw,
    "explain": explain,
    "export": export,
    "gradcheck": gradcheck,
    "ops": ops,
    "data": data,
    "logic": logic,
    "perceptron": perceptron,
    "approximate": approximate,
    "example": example,
    "examples": examples,
    "gallery": gallery,
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
        for line in _told(error):
            warn(line)
        sys.exit(2)


def _told(error: Exception) -> list[str]:
    """What an error says: one line, and two more where a caret points at a place of a text."""
    from chainrule.lookup import TextError

    if isinstance(error, TextError):
        return str(error).splitlines()
    return [_in_one_line(error)]


def _in_one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


if __name__ == "__main__":
    main()
