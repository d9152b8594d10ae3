"""Write `operations.md` from the table of primitives: `python docs/operations.py`."""

from pathlib import Path

from chainrule.cli.ops import composites, rules_of, title
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
    """One line of the table."""
    formula, back = rules_of(primitive)
    parts = [code(part) for part in back if part != "–"]
    shown = [code(formula) if formula else "", primitive.emit.value, ", ".join(parts) or "–"]
    return (
        f"| `{primitive.name}` | " + " | ".join([*shown, primitive.doc.replace("|", "\\|")]) + " |"
    )


def code(text):
    return f"`{text}`".replace("|", "\\|")


def page():
    """The whole page."""
    primitives = "\n".join(row(PRIMITIVES[name]) for name in sorted(PRIMITIVES))
    lines = "\n".join(
        f"| `{name}` | {title(function)} |" for name, function in sorted(composites().items())
    )
    return HEAD + primitives + "\n" + COMPOSITES + lines + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
