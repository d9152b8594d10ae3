"""`chainrule logic`: a Boolean function as table, formula, threshold unit and network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer


if TYPE_CHECKING:
    from chainrule.logic.expression import Expression
    from chainrule.logic.tables import TruthTable
    from chainrule.nn import Sequential


_SHOWN = {"inputs": 6, "terms": 16, "units": 16}  # larger ones are only counted
_MOST = {"minimised": 16, "separated": 12}  # inputs, beyond which it takes too long


def logic(
    expression: Annotated[
        str | None, typer.Argument(help='Such as "a xor b", "(a and not b) -> c" or "¬a ∨ b".')
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="A .csv with a truth table; the last column is the output.")
    ] = None,
    outputs: Annotated[
        str | None, typer.Option(help="The outputs of a truth table, such as 0110.")
    ] = None,
    inputs: Annotated[
        str | None, typer.Option(help="The inputs in this order, such as a,b.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            help="Of the network: dnf, minimized, patterns or circuit. By default dnf up to 6 "
            "inputs, circuit beyond."
        ),
    ] = None,
    draw: Annotated[
        Path | None, typer.Option(help="A picture of the network: .svg or .dot.")
    ] = None,
    samples: Annotated[
        int, typer.Option(help="Rows that are tried where there are too many to try all.")
    ] = 100_000,
) -> None:
    """Work out a Boolean function: truth table, formulas, one unit or why not, and a network.

    The network is compared with the function on every row, up to 20 inputs.
    """
    from chainrule.cli.terminal import say
    from chainrule.logic.networks import threshold_network, verify

    if draw is not None and draw.suffix not in (".svg", ".dot"):
        raise ValueError(f"--draw {draw}: expected a name that ends in .svg or .dot")
    source, names = _source(expression, table, outputs, inputs)
    if not names:
        raise ValueError("logic: a constant has no inputs; name some, such as --inputs a,b")
    _show_function(source)
    chosen = form or ("dnf" if len(names) <= _SHOWN["inputs"] else "circuit")
    network = threshold_network(source, chosen, names)
    say()
    _show_network(network, chosen, names)
    verification = verify(network, source, names, samples=samples)
    say(verification)
    if draw is not None:
        from chainrule import draw as drawing

        drawing.network(network, draw, inputs=names, outputs=["output"])
        say(f"written to {draw}")
    if not verification.is_right:
        raise typer.Exit(1)


def _source(
    expression: str | None, table: Path | None, outputs: str | None, inputs: str | None
) -> tuple[TruthTable | Expression, tuple[str, ...]]:
    """The function, as a truth table where it is not too large, and the names of its inputs."""
    from chainrule.logic.parser import parse
    from chainrule.logic.tables import MOST_INPUTS, truth_table

    given = [x for x in (expression, table, outputs) if x is not None]
    if len(given) != 1:
        raise ValueError("logic: expected one of an expression, --table and --outputs")
    names = None if inputs is None else tuple(name.strip() for name in inputs.split(","))
    if expression is not None:
        parsed = parse(expression)
        names = names or parsed.variables
        return (parsed if len(names) > MOST_INPUTS else truth_table(parsed, names)), names
    if outputs is not None and set(outputs) - {"0", "1"}:
        raise ValueError(f"--outputs {outputs:.40}: expected digits 0 and 1, such as 0110")
    found = truth_table(table if outputs is None else [int(x) for x in outputs], names)
    return found, found.inputs


def _show_function(source: TruthTable | Expression) -> None:
    from chainrule.cli.terminal import say
    from chainrule.logic.expression import Operation
    from chainrule.logic.tables import TruthTable

    if not isinstance(source, TruthTable):
        say(f"{len(source.variables)} inputs: too many for a truth table")
        return
    size, ones = len(source.outputs), int(source.outputs.sum())
    if len(source.inputs) <= _SHOWN["inputs"]:
        for line in str(source).splitlines():
            say(line)
    else:
        say(f"{len(source.inputs)} inputs: {size:,} rows, {ones:,} of them 1")
    say()
    say(f"DNF        {source.dnf() if ones <= _SHOWN['terms'] else f'{ones:,} terms'}")
    if len(source.inputs) <= _MOST["minimised"]:
        minimized = source.minimized()
        terms = len(minimized.operands) if isinstance(minimized, Operation) else 1
        say(f"minimised  {minimized if terms <= _SHOWN['terms'] else f'{terms:,} terms'}")
    say()
    if ones in (0, size):
        say(f"constant: the output is always {int(ones > 0)}")
    elif len(source.inputs) <= _MOST["separated"]:
        _show_separation(source)


def _show_separation(table: TruthTable) -> None:
    from chainrule.cli.terminal import say
    from chainrule.logic.separability import separate

    rows = ["".join(map(str, row)) for row in table.rows.astype(int)]
    for line in separate(table.x, table.y).explain(table.inputs, rows).splitlines():
        say(line)


def _show_network(network: Sequential, form: str, inputs: tuple[str, ...]) -> None:
    """The units of each layer as inequalities, where they are few."""
    from chainrule.cli.terminal import say
    from chainrule.nn import parameter_count

    widths = [layer.weight.shape[1] for layer in network.layers]
    sizes = "-".join(map(str, [len(inputs), *widths]))
    say(f"network of form {form}: {sizes} units, {parameter_count(network):,} parameters")
    before = inputs
    for number, layer in enumerate(network.layers, start=1):
        is_last = number == len(widths)
        names = tuple(f"h{number}.{unit}" for unit in range(1, widths[number - 1] + 1))
        names = ("output",) if is_last else names
        for line in _unit_lines(layer, before, names)[: _SHOWN["units"]]:
            say(f"  {line}")
        if len(names) > _SHOWN["units"]:
            say(f"  ... and {len(names) - _SHOWN['units']:,} more of this layer")
        before = names


def _unit_lines(layer: Any, before: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    from chainrule.logic.units import linear_text

    lines = []
    for name, weight, bias in zip(
        names[: _SHOWN["units"]], layer.weight.T, layer.bias, strict=False
    ):
        total = linear_text([*weight, bias], [*before, ""])
        is_step = layer.activation.name == "step"
        lines.append(f"{name} = 1 where {total} > 0" if is_step else f"{name} = {total}")
    return lines
