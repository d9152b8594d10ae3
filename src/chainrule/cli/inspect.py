"""`chainrule inspect`: what is in a model file. Nothing in it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def inspect(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    graph: Annotated[bool, typer.Option("--graph", help="Print its computation graph.")] = False,
) -> None:
    """Show what a model file holds: layers, parameters, preprocessing, checksum, versions.

    The checksum was compared with the content before anything is shown.
    """
    from chainrule.cli.terminal import say
    from chainrule.save import read

    found = read(model)
    if graph:
        for line in str(found.graph).splitlines():
            say(line)
        return
    seal = _seal(model)
    say(f"{model}: {model.stat().st_size:,} bytes, {seal['format']}")
    say(f"written by chainrule {seal['version']}; SHA-256 {seal['sha256']}")
    say()
    _say_network(found.network)
    _say_preprocessing(found.preprocessing)


def _say_network(network: Any) -> None:
    from chainrule import nn
    from chainrule.cli.terminal import say

    try:
        shown = str(nn.summary(network))
    except ValueError:  # a network of which only the graph is known
        shown = repr(network)
    for line in shown.splitlines():
        say(line)


def _say_preprocessing(preprocessing: Any) -> None:
    from chainrule.cli.samples import COLUMNS, columns_of
    from chainrule.cli.terminal import say, table

    say()
    if preprocessing is None:
        say("no preprocessing: it takes numbers as they are")
        return
    table(COLUMNS, columns_of(preprocessing))


def _seal(model: Path) -> dict[str, Any]:
    """Format, version and checksum, as the header has them."""
    import json

    content = model.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return json.loads(header["__metadata__"]["chainrule"])
