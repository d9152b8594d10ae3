"""`chainrule draw`: the network of a model file, or its computation graph, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer


if TYPE_CHECKING:
    from chainrule.data import Preprocessing
    from chainrule.graph import Graph
    from chainrule.save import ModelFile


def draw(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture: .svg or .dot.")],
    graph: Annotated[
        bool, typer.Option("--graph", help="The computation graph instead of the neurons.")
    ] = False,
) -> None:
    """Draw the neurons and weights of a model, or its computation graph."""
    from chainrule import draw as drawing
    from chainrule.cli.terminal import say
    from chainrule.save import read

    found = read(model)
    if out.suffix not in (".svg", ".dot"):
        raise ValueError(f"--out {out}: expected a name that ends in .svg or .dot")
    if graph:
        drawing.graph(_graph(model, found), path=out)
    else:
        _draw_network(model, found, out)
    say(f"written to {out}")


def _graph(model: Path, found: ModelFile) -> Graph:
    if found.graph is None:
        raise ValueError(f"{model}: the file holds no graph; save with x=")
    return found.graph


def _draw_network(model: Path, found: ModelFile, out: Path) -> None:
    from chainrule import draw as drawing
    from chainrule.nn.graph_network import GraphNetwork

    if isinstance(found.network, GraphNetwork):
        raise ValueError(f"{model}: of this network only the graph is known; --graph draws it")
    names = found.preprocessing and names_of(found.network, found.preprocessing)
    inputs, outputs = names or (None, None)
    try:
        drawing.network(found.network, out, inputs=inputs, outputs=outputs)
    except ValueError as error:
        raise ValueError(f"{model}: {error}; --graph draws any network") from None


def names_of(
    network: Any, preprocessing: Preprocessing
) -> tuple[Sequence[str] | None, Sequence[str] | None]:
    """What the inputs and the outputs are called: features; classes, or the target.

    None where there are not as many as units.
    """
    from chainrule import tree

    weights = [leaf for path, leaf in zip(tree.paths(network), tree.leaves(network), strict=True)
               if path.endswith("weight")]  # fmt: skip
    inputs, outputs = preprocessing.feature_names, preprocessing.classes
    names = outputs or (preprocessing.target.name,)
    if weights[-1].shape[1] == 1:
        names = names[-1:]  # one output for two classes: the second
    return (
        inputs if len(inputs) == len(weights[0]) else None,  # a category is several units
        names if len(names) == weights[-1].shape[1] else None,
    )
