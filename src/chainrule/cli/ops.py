"""`chainrule ops`: every operation with its formula and its derivative, from the declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer


if TYPE_CHECKING:
    from chainrule.node import Primitive


def ops(
    name: Annotated[str | None, typer.Argument(help="One operation, to see all of it.")] = None,
) -> None:
    """List the operations with their derivatives, or show one in full.

    `ct` stands for what comes back from the result: the derivative by it.
    """
    from chainrule.cli.terminal import say, table
    from chainrule.lookup import find
    from chainrule.ops import PRIMITIVES

    made_of_others = composites()
    if name is not None:
        found = find({**made_of_others, **PRIMITIVES}, "operation", name)
        _show(found) if name in PRIMITIVES else _show_composite(name, found)
        return
    rows = [_row(PRIMITIVES[name]) for name in sorted(PRIMITIVES)]
    table(("operation", "formula", "flows back", "what it is"), rows)
    say()
    rows = [(name, title(made_of_others[name])) for name in sorted(made_of_others)]
    table(("made of operations", "what it is"), rows)


def _show(primitive: Primitive) -> None:
    """Everything that a primitive declares."""
    from chainrule.cli.terminal import say

    formula, back = rules_of(primitive)
    low, high = primitive.domain
    say(f"{primitive.name}: {primitive.doc}")
    say(f"  formula      {formula or '–'}")
    for place, text in enumerate(back):
        say(f"  flows back   {text}" + (f"   to {'xyz'[place]}" if len(back) > 1 else ""))
    say(f"  kind of loop {primitive.emit.value}")
    say(f"  tried from   {low:g} to {high:g}")
    for types, params in primitive.samples:
        settings = "".join(f" {key}={value}" for key, value in params.items())
        say(f"  such as      {primitive.name} {' '.join(map(str, types))}{settings}")


def _show_composite(name: str, function: Any) -> None:
    """The signature and the words of an operation that is made of others."""
    import inspect

    from chainrule.cli.terminal import say

    parameters = inspect.signature(function).parameters.values()
    say(f"{name}({', '.join(str(p).split(':')[0] for p in parameters)}), made of operations")
    for line in (inspect.getdoc(function) or "").splitlines():
        say(f"  {line}")


def _row(primitive: Primitive) -> tuple[str, str, str, str]:
    formula, back = rules_of(primitive)
    return primitive.name, formula, ", ".join(back), primitive.doc


def rules_of(primitive: Primitive) -> tuple[str, list[str]]:
    """The formula of a primitive and what flows back to each argument, as its first sample shows.

    A dash stands where the derivative is zero or does not exist.
    """
    from chainrule.expression import TEXT, expand, write
    from chainrule.node import Node, placeholder

    if not primitive.samples:
        return "", []
    types, params = primitive.samples[0]
    letters = "xyz" if len(types) > 1 else "x"
    inputs = [placeholder(type) for type in types]
    result = primitive(*inputs, **params)
    ct = placeholder(result.type)
    names: dict[Node, str] = dict(zip(inputs, letters, strict=False)) | {ct: "ct"}
    formula = expand(result, names, TEXT)
    names[result] = f"({formula})" if primitive.notation.operands else formula
    back = primitive.vjp(ct, result, *result.inputs, **dict(result.params))
    return formula, ["–" if c is None else write(c, names, TEXT) for c in back]


def composites() -> dict[str, Any]:
    """The operations that are made of others, by name."""
    import inspect

    from chainrule import ops

    return {
        name: function
        for name, function in vars(ops).items()
        if inspect.isfunction(function)
        and name not in ops.PRIMITIVES
        and not function.__module__.endswith("declare")
    }


def title(function: Any) -> str:
    """The first line of what a function says of itself."""
    return (function.__doc__ or "").strip().split("\n")[0]
