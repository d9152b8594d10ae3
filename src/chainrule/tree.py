"""Pytrees: nested containers whose leaves are arrays.

A container is a tuple, a named tuple, a list, a dictionary, `None` (which holds nothing) or a
frozen dataclass. Of a dataclass the fields whose annotation mentions `Array`, `Subtree` or another
frozen dataclass are children; every other field is structure, not data:

    @dataclass(frozen=True)
    class Neuron:
        weight: Array                 # a leaf
        bias: Array                   # a leaf
        activation: Callable          # structure
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias, cast

import numpy as np


_CHILD = "a child of the pytree"

#: Annotates a field of a frozen dataclass that holds an array (or, while tracing, a node).
Array: TypeAlias = Annotated[Any, _CHILD]

#: Annotates a field of a frozen dataclass that holds a pytree of arrays.
Subtree: TypeAlias = Annotated[Any, _CHILD]


@dataclass(frozen=True)
class Structure:
    """A pytree without its leaves. Equal structures hold their leaves in the same places."""

    container: type | None = None  # None: a leaf
    keys: tuple[Any, ...] = ()
    children: tuple[Structure, ...] = ()
    static: tuple[tuple[str, Any], ...] = ()
    # A dataclass without leaves comes back as itself: a primitive is told by its identity.
    whole: Any = field(default=None, compare=False, repr=False)

    @property
    def size(self) -> int:
        """The number of leaves."""
        if self.container is None:
            return 1
        return sum(child.size for child in self.children)

    def __str__(self) -> str:
        if self.container is None:
            return "*"
        inside = ", ".join(
            f"{key}={child}" for key, child in zip(self.keys, self.children, strict=True)
        )
        return f"{self.container.__name__}({inside})"


LEAF = Structure()


def flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], Structure]:
    """The leaves of `tree`, left to right, and the structure that puts them back.

    is_leaf  tells of a container whether it is to be a leaf, unopened
    """
    leaves: list[Any] = []
    return leaves, _flatten_into(leaves, tree, is_leaf or _never)


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """The pytree of this structure with these leaves. ValueError if their number differs."""
    if len(leaves) != structure.size:
        raise ValueError(
            f"unflatten: {len(leaves)} leaves for a structure of {structure.size}: {structure}"
        )
    return _build(structure, iter(leaves))


def map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Apply `function` to the leaves of trees of one structure; returns a tree of that structure.

    Raises ValueError where the structures differ.
    """
    leaves, structure = flatten(tree)
    columns = [leaves]
    for other in others:
        other_leaves, other_structure = flatten(other)
        if other_structure != structure:
            raise ValueError(f"map: structures differ: {structure} and {other_structure}")
        columns.append(other_leaves)
    return unflatten(structure, [function(*row) for row in zip(*columns, strict=True)])


def leaves(tree: Any) -> list[Any]:
    """The leaves of `tree`, left to right."""
    return flatten(tree)[0]


def paths(tree: Any, root: str = "", is_leaf: Callable[[Any], bool] | None = None) -> list[str]:
    """Where each leaf is, as Python would reach it: `layers[0].weight`."""
    return list(_paths(flatten(tree, is_leaf)[1], root))


@dataclass(frozen=True)
class Packing:
    """How the leaves of a pytree lie in one flat vector, one after the other in row-major order."""

    structure: Structure
    shapes: tuple[tuple[int, ...], ...]
    dtype: str

    @property
    def size(self) -> int:
        """The length of the vector."""
        return sum(_count(shape) for shape in self.shapes)

    def pack(self, tree: Any) -> Any:
        """The vector `(size,)` of the leaves of `tree` (arrays or nodes)."""
        found, structure = flatten(tree)
        shapes = tuple(leaf.shape for leaf in found)
        if structure != self.structure or shapes != self.shapes:
            raise ValueError(
                f"pack: a tree {structure} with shapes {shapes} does not fit "
                f"{self.structure} with shapes {self.shapes}"
            )
        if not found:
            return np.zeros(0, self.dtype)
        return np.concatenate([leaf.reshape(-1) for leaf in found])

    def unpack(self, vector: Any) -> Any:
        """The tree whose leaves view the slices of `vector` `(size,)` (an array or a node)."""
        if vector.shape != (self.size,):
            raise ValueError(f"unpack: a vector of shape {vector.shape}, expected ({self.size},)")
        found: list[Any] = []
        start = 0
        for shape in self.shapes:
            stop = start + _count(shape)
            found.append(vector[start:stop].reshape(shape))
            start = stop
        return unflatten(self.structure, found)


def packing(tree: Any) -> Packing:
    """How `tree` packs into a vector. TypeError if its leaves are not arrays of one dtype."""
    found, structure = flatten(tree)
    dtypes = sorted({str(getattr(leaf, "dtype", type(leaf).__name__)) for leaf in found})
    if len(dtypes) > 1:
        raise TypeError(f"pack: leaves of different dtypes {', '.join(dtypes)}; convert them first")
    dtype = dtypes[0] if dtypes else "float64"
    return Packing(structure, tuple(leaf.shape for leaf in found), dtype)


def pack(tree: Any) -> tuple[Any, Packing]:
    """One vector `(size,)` of all leaves, and the packing whose `unpack` gives the tree back."""
    layout = packing(tree)
    return layout.pack(tree), layout


def is_container_class(kind: Any) -> bool:
    """Whether `kind` is a frozen dataclass that `flatten` opens; one with a dtype is a leaf."""
    return (
        isinstance(kind, type)
        and dataclasses.is_dataclass(kind)
        and bool(cast(Any, kind).__dataclass_params__.frozen)
        and getattr(kind, "dtype", None) is None
    )


def _never(tree: Any) -> bool:
    return False


def _flatten_into(leaves: list[Any], tree: Any, is_leaf: Callable[[Any], bool]) -> Structure:
    opened = None if is_leaf(tree) else _open(tree)
    if opened is None:
        leaves.append(tree)
        return LEAF
    keys, children, static = opened
    structures = tuple(_flatten_into(leaves, child, is_leaf) for child in children)
    # Dictionaries of all kinds are one structure: a gradient, a plain one, fits its argument.
    kind = dict if isinstance(tree, dict) else cast(Any, type(tree))  # pyright: ignore[reportUnknownArgumentType]
    is_whole = is_container_class(kind) and not any(child.size for child in structures)
    return Structure(kind, tuple(keys), structures, static, tree if is_whole else None)


_Opened: TypeAlias = tuple[Sequence[Any], Sequence[Any], tuple[tuple[str, Any], ...]]


def _open(tree: Any) -> _Opened | None:
    """The keys, children and static fields of a container; None for a leaf."""
    if tree is None:
        return (), (), ()
    if isinstance(tree, dict):
        mapping = cast(dict[Any, Any], tree)
        keys = sorted(mapping)
        return keys, [mapping[key] for key in keys], ()
    if isinstance(tree, (tuple, list)):
        items = cast(Sequence[Any], tree)
        return getattr(items, "_fields", range(len(items))), items, ()
    kind = cast(Any, type(tree))  # pyright: ignore[reportUnknownArgumentType]
    if is_container_class(kind):
        dynamic, static = _fields(kind)
        return (
            dynamic,
            [getattr(tree, name) for name in dynamic],
            tuple((name, getattr(tree, name)) for name in static),
        )
    return None


def _build(structure: Structure, leaves: Iterator[Any]) -> Any:
    container: Any = structure.container
    if container is None:
        return next(leaves)
    if structure.whole is not None:
        return structure.whole
    children = [_build(child, leaves) for child in structure.children]
    if container is type(None):
        return None
    if container is dict:
        return dict(zip(structure.keys, children, strict=True))
    if is_container_class(container):
        return container(
            **dict(zip(structure.keys, children, strict=True)), **dict(structure.static)
        )
    if getattr(container, "_fields", None) is not None:  # a named tuple
        return container(*children)
    return container(children)


@functools.cache
def _fields(kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the fields of a dataclass that are children, and of those that are static."""
    hints = typing.get_type_hints(kind, include_extras=True)
    names = [field.name for field in dataclasses.fields(cast(Any, kind)) if field.init]
    dynamic = tuple(name for name in names if _mentions_child(hints[name]))
    return dynamic, tuple(name for name in names if name not in dynamic)


def _mentions_child(hint: Any) -> bool:
    if hint is np.ndarray or is_container_class(hint):
        return True
    if _CHILD in getattr(hint, "__metadata__", ()) or typing.get_origin(hint) is np.ndarray:
        return True
    if typing.get_origin(hint) is Callable:  # the types of its arguments are not data
        return False
    return any(_mentions_child(part) for part in typing.get_args(hint))


def _paths(structure: Structure, prefix: str) -> Iterator[str]:
    if structure.container is None:
        yield prefix
        return
    container: Any = structure.container
    dotted = is_container_class(container)
    for key, child in zip(structure.keys, structure.children, strict=True):
        is_field = dotted or (issubclass(container, tuple) and isinstance(key, str))
        step = (f".{key}" if prefix else str(key)) if is_field else f"[{key!r}]"
        yield from _paths(child, prefix + step)


def _count(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))
