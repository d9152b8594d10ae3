"""Write `operations.md` from the table of primitives: `python docs/operations.py`."""

import inspect
from pathlib import Path

from chainrule import ops
from chainrule.expression import TEXT, expand, write
from chainrule.node import Node, placeholder
from chainrule.ops import PRIMITIVES


PAGE = Path(__file__).with_name("operations.md")

HEAD = """# Operations

This page is written by `docs/operations.py` from the declarations in `src/chainrule/ops`; each
operation is declared there once, and everything on this page, in drawings, explanations and tests
follows from the declaration. `ct` is the cotangent of the result; the column beside the kind has
what flows back to each argument, written by the operation's own rule. A dash stands where the
derivative is zero or does not exist.

## Primitives

| name | formula | kind of loop | what flows back | what it is |
|---|---|---|---|---|
"""

COMPOSITES = """
## Made of primitives

| name | what it is |
|---|---|
"""


def row(primitive):
    """One line of the table: the first sample shows the form."""
    if not primitive.samples:
        return f"| `{primitive.name}` | | {primitive.emit.value} | – | {primitive.doc} |"
    types, params = primitive.samples[0]
    letters = "xyz" if len(types) > 1 else "x"
    inputs = [placeholder(type) for type in types]
    y = primitive(*inputs, **params)
    ct = placeholder(y.type)
    names: dict[Node, str] = dict(zip(inputs, letters, strict=False)) | {ct: "ct"}
    formula = expand(y, names, TEXT)
    back = primitive.vjp(ct, y, *y.inputs, **dict(y.params))
    result = f"({formula})" if primitive.notation.operands else formula
    parts = [write(c, names | {y: result}, TEXT) for c in back if c is not None]
    doc = primitive.doc.replace("|", "\\|")
    cells = [code(formula), primitive.emit.value, ", ".join(map(code, parts)) or "–", doc]
    return f"| `{primitive.name}` | " + " | ".join(cells) + " |"


def code(text):
    return f"`{text}`".replace("|", "\\|")


def page():
    """The whole page."""
    primitives = "\n".join(row(PRIMITIVES[name]) for name in sorted(PRIMITIVES))
    composites = {
        name: inspect.getdoc(function).splitlines()[0]
        for name, function in vars(ops).items()
        if inspect.isfunction(function)
        and name not in PRIMITIVES
        and not function.__module__.endswith("declare")
    }
    lines = "\n".join(f"| `{name}` | {text} |" for name, text in sorted(composites.items()))
    return HEAD + primitives + "\n" + COMPOSITES + lines + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
