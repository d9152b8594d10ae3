"""Primitives and nodes: what an operation is, and one application of it. None is known here."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule.forms import Emit as Emit
from chainrule.forms import Fold as Fold
from chainrule.forms import Notation as Notation
from chainrule.types import ArrayType, Size, is_batched, type_of


Params: TypeAlias = tuple[tuple[str, Any], ...]
Coerced: TypeAlias = tuple[Sequence[Any], dict[str, Any]]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Primitive:
    """One operation. Every reader of a graph reads its fields, and no reader knows any operation.

    name       what it is called in text, errors and files
    doc        what it computes, with its formula
    evaluate   (*arrays, **params) -> array: the reference semantics, in NumPy; takes complex128 too
    infer      (*types, **params) -> type; raises TypeError or ValueError when the node is built
    vjp        (ct, out, *args, **params) -> a cotangent for each argument, None where it is zero;
               written with operators and primitives, so it holds for arrays and for nodes
    emit       the kind of loop a compiler writes for it
    code       what it writes for one element: of an elementwise operation a function of values with
               operators and of the params, or the name of a function of vector math; of a
               reduction a `Fold`; of a view (index of the result, type of the argument, **params)
               -> index into the argument; of all else the name of a form that the compiler knows.
               None: it cannot be compiled
    notation   how it is written and drawn
    coerce     (args, params) as users write them -> operands and params in canonical form
    samples    arguments (as types) and params that tests try
    domain     the interval from which tests draw floating-point values
    """

    name: str
    doc: str
    evaluate: Callable[..., Any]
    infer: Callable[..., ArrayType]
    vjp: Callable[..., tuple[Any, ...]]
    emit: Emit
    notation: Notation
    coerce: Callable[[Sequence[Any], dict[str, Any]], Coerced]
    samples: tuple[tuple[tuple[ArrayType, ...], Mapping[str, Any]], ...]
    domain: tuple[float, float] = (-2.0, 2.0)
    code: Any = None

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Arrays in: an array, at once. Any node in: a node."""
        operands, params = self.coerce(args, params)
        # What takes the number of rows is a node even of arrays: that number is not known yet.
        if any(isinstance(operand, Node) for operand in operands) or any(
            is_batched(value) for value in params.values()
        ):
            return build(self, tuple(map(lift, operands)), params)
        arrays = [np.asarray(operand) for operand in operands]
        self.infer(*map(type_of, arrays), **params)
        with np.errstate(all="ignore"):
            return self.evaluate(*arrays, **params)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


#: What operators, methods and NumPy functions on nodes call, by name. `chainrule.ops` fills it,
#: so that this module can offer `x + y` without knowing any operation.
OPERATIONS: dict[str, Callable[..., Any]] = {}


#: How notebooks show a graph or a node, by MIME type: functions that give None for what is too
#: large. `chainrule` fills it with its drawings, so that this module need not know them.
DISPLAYS: dict[str, Callable[[Any], str | None]] = {}


def mimebundle(shown: Any) -> dict[str, str]:
    """What a notebook shows of a graph or a node, for each MIME type."""
    forms = {kind: display(shown) for kind, display in DISPLAYS.items()}
    return {"text/plain": repr(shown), **{k: form for k, form in forms.items() if form}}


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True, repr=False)
class Node:
    """An application of a primitive, an input (no primitive, no value) or a constant (a value).

    Structurally equal applications and constants are the same object. `label` is for people: it
    belongs neither to identity nor to the hash.
    """

    primitive: Primitive | None
    inputs: tuple[Node, ...]
    params: Params
    type: ArrayType
    value: Any = None
    label: str | None = None

    @property
    def shape(self) -> tuple[Size, ...]:
        """The sizes of the axes; the first may be `BATCH`."""
        return self.type.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype."""
        return np.dtype(self.type.dtype)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.type.shape)

    @property
    def T(self) -> Any:
        """The transpose: axes in reverse order."""
        return OPERATIONS["transpose"](self)

    @property
    def is_input(self) -> bool:
        """Whether the value comes from outside."""
        return self.primitive is None and self.value is None

    def reshape(self, *shape: Any) -> Any:
        """The same numbers in row-major order, in another shape; one size may be -1."""
        return OPERATIONS["reshape"](self, shape[0] if isinstance(shape[0], tuple) else shape)

    def astype(self, dtype: Any) -> Any:
        """The same numbers in another dtype."""
        return OPERATIONS["cast"](self, dtype=dtype)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        """The sum over `axis` (default: all axes)."""
        return OPERATIONS["sum"](self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        """The mean over `axis` (default: all axes)."""
        return OPERATIONS["mean"](self, axis=axis, keepdims=keepdims)

    def __getitem__(self, index: Any) -> Any:
        return OPERATIONS["getitem"](self, index)

    def __len__(self) -> int:
        if not self.shape or not isinstance(self.shape[0], int):
            raise TypeError(f"a node of type {self.type} has no length that is known while tracing")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(len(self)))

    def __bool__(self) -> bool:
        raise TypeError(
            f"the truth of a node ({self!r}) is not known while tracing; "
            "choose between values with cr.where(condition, x, y)"
        )

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"a node ({self!r}) has no value while tracing, so it cannot become a number or array; "
            "use the functions of chainrule on it"
        )

    def __float__(self) -> float:
        return self.__array__()

    def __int__(self) -> int:
        return self.__array__()

    __hash__ = object.__hash__

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        return _call_numpy(ufunc.__name__, method == "__call__" and not kwargs, args, {})

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _call_numpy(function.__name__, True, args, kwargs)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return mimebundle(self)

    def __repr__(self) -> str:
        kind = "constant" if self.value is not None else "input"
        name = self.primitive.name if self.primitive else kind
        return f"{name} {self.label}:{self.type}" if self.label else f"{name}:{self.type}"


def _operator(name: str, swapped: bool = False) -> Callable[..., Any]:
    def apply(self: Node, *others: Any) -> Any:
        return OPERATIONS[name](*others, self) if swapped else OPERATIONS[name](self, *others)

    return apply


for _python, _name in (
    ("add", "add"),
    ("sub", "subtract"),
    ("mul", "multiply"),
    ("truediv", "divide"),
    ("pow", "power"),
    ("matmul", "matmul"),
    ("and", "logical_and"),
    ("or", "logical_or"),
):
    setattr(Node, f"__{_python}__", _operator(_name))
    setattr(Node, f"__r{_python}__", _operator(_name, swapped=True))
for _python, _name in (
    ("neg", "negative"),
    ("abs", "abs"),
    ("invert", "logical_not"),
    ("lt", "less"),
    ("le", "less_equal"),
    ("gt", "greater"),
    ("ge", "greater_equal"),
    ("eq", "equal"),
    ("ne", "not_equal"),
):
    setattr(Node, f"__{_python}__", _operator(_name))


#: NumPy's names for operations that are called otherwise here.
_NUMPY_NAMES = {
    "absolute": "abs",
    "amax": "max",
    "amin": "min",
    "var": "variance",
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "invert": "logical_not",
}


def _call_numpy(name: str, supported: bool, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    name = _NUMPY_NAMES.get(name, name)
    if name not in OPERATIONS or not supported:
        raise TypeError(
            f"numpy.{name} is not defined for nodes in this form; "
            "write it with the functions of chainrule (see chainrule.ops)"
        )
    return OPERATIONS[name](*args, **kwargs)


# ---- building nodes --------------------------------------------------------------------------

_interned: weakref.WeakValueDictionary[Any, Node] = weakref.WeakValueDictionary()
_interning = threading.Lock()


def build(primitive: Primitive, inputs: tuple[Node, ...], params: Mapping[str, Any]) -> Node:
    """The node of this application. The type is inferred, so a mistake shows at the user's line."""
    type = primitive.infer(*[node.type for node in inputs], **params)
    frozen = tuple(sorted(params.items()))
    # The ids stay valid: an entry dies with its node, and the node keeps its inputs alive.
    key = (primitive, tuple(map(id, inputs)), frozen)
    return _intern(key, lambda: Node(primitive, inputs, frozen, type))


def constant(value: Any, dtype: Any = None) -> Node:
    """A node whose value is known: a read-only copy of `value`."""
    type = type_of(np.asarray(value, dtype))
    array = np.array(value, dtype=type.dtype, order="C")
    array.flags.writeable = False
    key = (type, array.tobytes())
    return _intern(key, lambda: Node(None, (), (), type, value=array))


def placeholder(type: ArrayType, label: str | None = None) -> Node:
    """An input node. Every call makes a new one: inputs of one type are still two inputs."""
    if type.dtype == "complex128":
        raise TypeError(
            f"input {label or ''}: complex128 is for complex-step differentiation only; "
            "trace with float64 arrays"
        )
    return Node(None, (), (), type, label=label)


def lift(value: Any) -> Node:
    """A node as it is, anything else as a constant."""
    return value if isinstance(value, Node) else constant(value)


def label(value: Any, name: str) -> Any:
    """Name a node for people: texts, drawings and explanations show it. Arrays pass unchanged.

    The first name that a node is given stays.
    """
    if isinstance(value, Node) and value.label is None:
        object.__setattr__(value, "label", name)
    return value


def _intern(key: Any, make: Callable[[], Node]) -> Node:
    with _interning:
        node = _interned.get(key)
        if node is None:
            node = _interned[key] = make()
        return node
