"""Model files: a network, its graph and its preprocessing, sealed (see `chainrule.sealed`).

Loading runs no code from the file: layers, activations, primitives and preprocessing come from
closed tables, and a class of one's own only if the caller passes it. A network made of classes that
are not known comes back as its graph, which computes the same.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import graph_json, sealed, tree
from chainrule.graph import Graph
from chainrule.nn import structure_json
from chainrule.nn.graph_network import GraphNetwork
from chainrule.nn.known import LAYERS
from chainrule.nn.layers import FLOATS
from chainrule.nn.losses import loss as find_loss
from chainrule.nn.network import input_type
from chainrule.transforms.trace import trace
from chainrule.types import BATCH, ArrayType, type_of


if TYPE_CHECKING:
    from chainrule.data import Preprocessing

FORMAT = "chainrule-model-1"

_INPUT = "x"  # what the graph calls the input of the network

# What Python raises where the content of a file is not what it should be.
_SIGNS_OF_DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
)


class ModelFileError(ValueError):
    """A file that is not a whole, unchanged model file of this format."""


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds.

    network        as it was saved, or a `GraphNetwork` where it is made of classes not known here
    preprocessing  what is done to the input first; None for nothing
    graph          the network in use, of (parameters by their paths, x); None if saved without
    loss           the text that chooses the loss that was minimised, whose link makes predictions
                   of the network's outputs; None if saved without
    notes          whatever else was saved: what JSON gives back
    """

    network: Any
    preprocessing: Preprocessing | None
    graph: Graph | None
    loss: str | None
    notes: Mapping[str, Any] = field(default_factory=dict[str, Any])


def save(
    network: Any,
    path: str | os.PathLike[str],
    *,
    x: Any = None,
    preprocessing: Preprocessing | None = None,
    loss: str | None = None,
    notes: Mapping[str, Any] | None = None,
) -> None:
    """Write a network (layers of `nn`, or frozen dataclasses) to `path`, whole or not at all.

    x              the type of the input, or an example of it: `(batch, features)`, or one sample
                   `(features,)`; by default what the first dense layer takes. The graph of the
                   network in use is saved for it; without any there is no graph in the file.
    preprocessing  what makes x of a table
    loss           the text that chooses the loss: "cross_entropy"
    notes          what else is to be kept, as JSON: text, finite numbers, lists, and by name

    The same network gives the same bytes. TypeError or ValueError, before anything is written, for
    what no file holds: parameters other than arrays of float32 or float64, and functions of one's
    own where there is no graph.
    """
    for place, leaf in zip(tree.paths(network, "network"), tree.leaves(network), strict=True):
        if not isinstance(leaf, np.ndarray) or leaf.dtype.name not in FLOATS:
            reason = f"expected an array of {' or '.join(FLOATS)}"
            raise structure_json.unstorable(leaf, place, reason)
    graph = graph_of(network, x)
    record = {
        "structure": _structure(network, graph),
        "graph": None,
        "preprocessing": _preprocessing_to_json(preprocessing),
        "loss": None if loss is None else find_loss(loss).name,
        "notes": _checked_notes({} if notes is None else notes),
    }
    arrays = parameters_of(network)
    if graph is not None:
        names = [*sorted(arrays), _INPUT]
        record["graph"], constants = graph_json.to_json(graph, names)
        arrays |= constants
    sealed.write(path, arrays, record, FORMAT)


def load(path: str | os.PathLike[str], classes: Sequence[type] = ()) -> Any:
    """The network in a file that `save` wrote; see `read`."""
    return _read(path, classes).network


def read(path: str | os.PathLike[str], classes: Sequence[type] = ()) -> ModelFile:
    """What is in a file that `save` wrote.

    classes  the dataclasses of one's own that the file may name
    ModelFileError, saying what is wrong, for a damaged or foreign file; nothing of it is used then.
    A UserWarning for parameters that are not finite.
    """
    return _read(path, classes)


# ---- writing ---------------------------------------------------------------------------------


def parameters_of(network: Any) -> dict[str, Any]:
    """The leaves of a network by their paths."""
    if isinstance(network, GraphNetwork):
        return dict(network.parameters)
    return dict(zip(tree.paths(network), tree.leaves(network), strict=True))


def _structure(network: Any, graph: Graph | None) -> Any:
    """The structure as JSON, or None where it has no such form and there is a graph instead."""
    if isinstance(network, GraphNetwork):
        return None
    try:
        return structure_json.to_json(network, LAYERS, parameters_of(network), "network")
    except TypeError:
        if graph is None:
            raise
        return None


def graph_of(network: Any, x: Any) -> Graph | None:
    """The graph for what the network takes; None where that is not known."""
    if isinstance(network, GraphNetwork):
        return network.graph
    taken = _input_type(network, x)
    if taken is None or not callable(network):
        return None
    try:
        return _graph(network, taken)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"save: {error} (for x:{taken}; say with x= what the network takes)"
        ) from error


def _graph(network: Any, taken: ArrayType) -> Graph:
    """The network in use as a graph of (parameters by their paths, x)."""
    structure, parameters = tree.flatten(network)[1], parameters_of(network)

    def inference(parameters_by_path: Any, x: Any) -> Any:
        return tree.unflatten(structure, [parameters_by_path[path] for path in parameters])(x)

    graph = trace(inference, parameters, taken)
    if graph.out_tree != Graph(graph.inputs, graph.outputs, graph.in_tree).out_tree:
        raise TypeError(
            f"the network gives {graph.out_tree}; expected one array, or a tuple of several"
        )
    return graph


def _input_type(network: Any, x: Any) -> ArrayType | None:
    if x is not None:
        found = type_of(x)
        return found.with_shape((BATCH, *found.shape[1:])) if found.ndim > 1 else found
    return input_type(network)


def _checked_notes(notes: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return json.loads(json.dumps(dict(notes), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"save: notes that JSON does not hold: {error}") from None


def _preprocessing_to_json(preprocessing: Any) -> Any:
    from chainrule.data.preprocess import RECORDS

    if preprocessing is not None:
        if not isinstance(preprocessing, RECORDS["Preprocessing"]):
            raise TypeError(
                f"save: preprocessing is {type(preprocessing).__name__} {preprocessing!r:.60}; "
                "expected a data.Preprocessing"
            )
        preprocessing.check()
    return structure_json.to_json(preprocessing, RECORDS, {}, "preprocessing")


# ---- reading ---------------------------------------------------------------------------------


def _read(path: str | os.PathLike[str], classes: Sequence[type]) -> ModelFile:
    try:
        found = _opened(*sealed.read(path, FORMAT), classes)
    except (ModelFileError, sealed.SealError) as error:
        raise ModelFileError(f"{path}: {error}") from None
    except _SIGNS_OF_DAMAGE as error:
        raise ModelFileError(f"{path}: not a valid model file: {error!r:.300}") from error
    for name, leaf in parameters_of(found.network).items():
        if not np.all(np.isfinite(leaf)):
            warnings.warn(f"{path}: {name} holds numbers that are not finite", stacklevel=3)
    return found


def _opened(
    arrays: Mapping[str, Any], record: Mapping[str, Any], classes: Sequence[type]
) -> ModelFile:
    constants: set[str] = set()
    graph = None
    if record["graph"] is not None:
        graph = _stored_graph(record["graph"], arrays)
        constants = {node["array"] for node in record["graph"]["nodes"] if "array" in node}
    network = _network(record["structure"], graph, arrays, classes)
    places = set(parameters_of(network))
    if unused := sorted(set(arrays) - places - constants):
        raise ModelFileError(f"the array {unused[0]!r:.80} has no place in the network")
    if empty := sorted(places - set(arrays)):
        raise ModelFileError(f"{empty[0]:.80} is no array")
    preprocessing = _preprocessing(record["preprocessing"], graph)
    if graph is not None and not isinstance(network, GraphNetwork):
        _check_agreement(network, graph)
    loss, notes = record["loss"], record.get("notes", {})
    if not isinstance(notes, dict):
        raise ModelFileError(f"its notes are {notes!r:.60}")
    return ModelFile(
        network, preprocessing, graph, None if loss is None else find_loss(loss).name, notes
    )


def _preprocessing(described: Any, graph: Graph | None) -> Preprocessing | None:
    from chainrule.data.preprocess import RECORDS, Preprocessing

    found = structure_json.from_json(described, RECORDS, {})
    if found is None:
        return None
    if not isinstance(found, Preprocessing):
        raise ModelFileError(f"its preprocessing is {found!r:.60}")
    found.check()
    width = len(found.feature_names)
    if graph is not None and graph.inputs[-1].shape[-1:] != (width,):
        raise ModelFileError(
            f"its preprocessing makes {width} features, its network takes {graph.inputs[-1].type}"
        )
    return found


def _stored_graph(described: Any, arrays: Mapping[str, Any]) -> Graph:
    flat = graph_json.from_json(described, arrays)
    *names, last = [str(node.label) for node in flat.inputs]
    if last != _INPUT or names != sorted(set(names)):
        raise ModelFileError(f"the inputs of its graph are {names!r:.120} and {last!r:.40}")
    for name, node in zip(names, flat.inputs[:-1], strict=True):
        if name not in arrays:
            raise ModelFileError(f"the array {name!r:.80} is missing")
        if type_of(arrays[name]) != node.type or node.type.dtype not in FLOATS:
            raise ModelFileError(
                f"the array {name!r:.80} is {type_of(arrays[name])}, its graph takes {node.type}"
            )
    structure = tree.flatten((dict.fromkeys(names, 0), 0))[1]
    return Graph(flat.inputs, flat.outputs, structure)


def _network(
    structure: Any, graph: Graph | None, arrays: Mapping[str, Any], classes: Sequence[type]
) -> Any:
    """The network of this structure, or that of the graph where the structure is not known."""
    known = {**LAYERS, **{kind.__name__: kind for kind in classes}}
    if structure is None and graph is not None:
        return _graph_network(graph, arrays)
    try:
        network = structure_json.from_json(structure, known, arrays)
    except structure_json.UnknownClassError as error:
        if graph is not None:
            return _graph_network(graph, arrays)
        raise ModelFileError(
            f"{error} and holds no graph; pass the class with load(path, classes=[...]) if you "
            "trust the file, or save with x=, an example of the input"
        ) from None
    if not tree.is_container_class(type(network)):
        raise ModelFileError(f"its structure is {type(network).__name__}, not a network")
    return network


def _graph_network(graph: Graph, arrays: Mapping[str, Any]) -> GraphNetwork:
    names = [str(node.label) for node in graph.inputs[:-1]]
    return GraphNetwork({name: arrays[name] for name in names}, graph)


def _check_agreement(network: Any, graph: Graph) -> None:
    """ModelFileError where the network computes something else than the graph beside it."""
    again = _graph(network, graph.inputs[-1].type)
    names = [str(node.label) for node in graph.inputs]
    # Through JSON, since tracing may leave numbers of NumPy among the params.
    once_more = graph_json.from_json(*graph_json.to_json(again, names))
    if Graph(once_more.inputs, once_more.outputs, graph.in_tree).hash != graph.hash:
        raise ModelFileError(
            "its graph is not that of its network: their code has changed since; loaded without "
            "the classes, it is the network that was saved"
        )
