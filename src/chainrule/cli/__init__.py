"""The command line. Each command is a module; heavy imports wait until a command needs them."""

from __future__ import annotations

import sys

import typer

from chainrule.cli.train import train


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Feedforward neural networks around one explicit computation graph.",
)
app.command()(train)


@app.callback()
def options() -> None:
    """Feedforward neural networks around one explicit computation graph."""


def main() -> None:
    """Run the command line. Bad input ends in one message and exit status 2."""
    try:
        app(standalone_mode=True)
    except (ValueError, TypeError, OSError, ArithmeticError) as error:
        sys.stderr.write(f"chainrule: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
