"""The command line. Each command is a module; heavy imports wait until a command needs them."""

from __future__ import annotations

import sys

import typer

from chainrule.cli.train import train


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Feedforward neural networks around one explicit computation graph.",
)
app.command()(train)


@app.callback()
def options() -> None:
    """Feedforward neural networks around one explicit computation graph."""


def main() -> None:
    """Run the command line. Bad input ends in one message and exit status 2, Ctrl-C in 130."""
    try:
        app()
    except (ValueError, TypeError, OSError, ArithmeticError, MemoryError) as error:
        sys.stderr.write(f"chainrule: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
