"""How an operation is declared: once, in one of three ways, and everything else follows.

`elementwise` takes partial derivatives, `linear` takes transposes, `declare` takes a whole vjp.
The derivative rules are written with operators and primitives, so each is itself a graph that can
be differentiated again, and holds for plain arrays too.
"""

# Rules hold for arrays and for nodes, so their arguments have no one type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.node import OPERATIONS, Coerced, Emit, Node, Notation, Primitive, lift
from chainrule.types import ArrayType, Shape, dtype_name, shape_text


#: Every primitive, by name.
PRIMITIVES: dict[str, Primitive] = {}

#: A partial derivative `(out, *args) -> array or number`; None where it is zero everywhere.
Partial: TypeAlias = Callable[..., Any] | None
Sample: TypeAlias = tuple[tuple[ArrayType, ...], Mapping[str, Any]]


def sample(*shapes: Shape | ArrayType, **params: Any) -> Sample:
    """Arguments and params that tests try: shapes (float64) or types."""
    types = tuple(s if isinstance(s, ArrayType) else ArrayType(s) for s in shapes)
    return types, params


def declare(
    name: str,
    *,
    doc: str,
    evaluate: Callable[..., Any],
    infer: Callable[..., ArrayType],
    vjp: Callable[..., tuple[Any, ...]],
    emit: Emit,
    notation: Notation,
    samples: Sequence[Sample],
    domain: tuple[float, float] = (-2.0, 2.0),
    coerce: Callable[[Sequence[Any], dict[str, Any]], Coerced] | None = None,
    code: Any = None,
) -> Primitive:
    """Declare a primitive by its whole vjp. ValueError if the name is taken."""
    if name in PRIMITIVES:
        raise ValueError(
            f"declare: there is a primitive {name!r} already; choose another name, "
            "or delete that row of PRIMITIVES first"
        )
    primitive = Primitive(
        name=name,
        doc=doc,
        evaluate=evaluate,
        infer=infer,
        vjp=vjp,
        emit=emit,
        notation=notation,
        coerce=_with_known_params(name, coerce or as_operands),
        samples=tuple(samples),
        domain=domain,
        code=code,
    )
    PRIMITIVES[name] = primitive
    OPERATIONS.setdefault(name, primitive)
    return primitive


def elementwise(
    name: str,
    evaluate: Callable[..., Any],
    *partials: Partial,
    doc: str,
    notation: Notation,
    result: str | None = None,
    defaults: Mapping[str, Any] | None = None,
    floating: bool = False,
    domain: tuple[float, float] = (-2.0, 2.0),
    samples: Sequence[Sample] | None = None,
    code: Any = None,
) -> Primitive:
    """Declare an operation that acts on each place alone.

    `partials[i](out, *args, **params)` is the derivative of the result with respect to argument i;
    None where it is zero everywhere. Arguments are broadcast and promoted as in NumPy, by nodes of
    their own. `result` is the dtype of the result where that differs; `defaults` are all params and
    their values; with `floating` integers become float64 first. For `code` see `Primitive`.
    """

    def coerce(args: Sequence[Any], params: dict[str, Any]) -> Coerced:
        if len(args) != len(partials):
            raise TypeError(f"{name}: {len(args)} arguments, expected {len(partials)}")
        given = {key: params.get(key, value) for key, value in (defaults or {}).items()}
        return broadcast_operands(name, args, floating), given

    def vjp(ct: Any, out: Any, *args: Any, **params: Any) -> tuple[Any, ...]:
        return tuple(
            None if partial is None else _times(ct, partial(out, *args, **params))
            for partial in partials
        )

    return declare(
        name,
        doc=doc,
        evaluate=evaluate,
        infer=lambda *types, **params: _elementwise_type(name, types, result),
        vjp=vjp,
        emit=Emit.ELEMENTWISE,
        notation=notation,
        samples=samples or [sample(*[(3, 4)] * len(partials)), sample(*[()] * len(partials))],
        domain=domain,
        coerce=coerce,
        code=code,
    )


def _elementwise_type(name: str, types: Sequence[ArrayType], result: str | None) -> ArrayType:
    first = types[0]
    if any(type != first for type in types[1:]):
        came = ", ".join(map(str, types))
        raise TypeError(f"{name}: types {came} differ; they must be equal here")
    if result is None and first.dtype == "bool":
        raise TypeError(f"{name}: {first} is not numeric; convert it with .astype(float)")
    return first if result is None else ArrayType(first.shape, result)


def linear(
    name: str,
    evaluate: Callable[..., Any],
    *transposes: Callable[..., Any],
    doc: str,
    infer: Callable[..., ArrayType],
    emit: Emit,
    notation: Notation,
    samples: Sequence[Sample],
    coerce: Callable[[Sequence[Any], dict[str, Any]], Coerced] | None = None,
    code: Any = None,
) -> Primitive:
    """Declare an operation that is linear in each of its arguments (the others held fixed).

    `transposes[i](ct, *args, **params)` applies the transpose of the map from argument i to the
    result. Arguments beyond the transposes are not differentiated (indices).
    """

    def vjp(ct: Any, out: Any, *args: Any, **params: Any) -> tuple[Any, ...]:
        found = [transpose(ct, *args, **params) for transpose in transposes]
        return (*found, *[None] * (len(args) - len(found)))

    return declare(
        name,
        doc=doc,
        evaluate=evaluate,
        infer=infer,
        vjp=vjp,
        emit=emit,
        notation=notation,
        samples=samples,
        coerce=coerce,
        code=code,
    )


# ---- notations ----------------------------------------------------------------------------------


def function(name: str, latex: str | None = None) -> Notation:
    """`tanh(x)`, `maximum(x, y)`: any number of operands, never in need of parentheses."""
    escaped = name.replace("_", r"\_")
    command = latex or rf"\operatorname{{{{{escaped}}}}}"
    return template(f"{name}({{*}})", command + r"\left({*}\right)", name)


def infix(symbol: str, precedence: int, latex: str | None = None, right: int = 1) -> Notation:
    """`x + y`. The right operand must bind more tightly by `right` (0 for associative symbols)."""
    operands = (precedence, precedence + right)
    return template(
        f"{{0}} {symbol} {{1}}", f"{{0}} {latex or symbol} {{1}}", symbol, precedence, operands
    )


def template(
    text: str,
    latex: str,
    symbol: str,
    precedence: int = 9,
    operands: tuple[int, ...] = (),
    latex_operands: tuple[int, ...] | None = None,
) -> Notation:
    """Any other form, such as `|x|` or a fraction."""
    closed = operands if latex_operands is None else latex_operands
    return Notation(text, latex, symbol, precedence, operands, closed)


#: How tightly forms bind: comparisons, sums, matrix products, products, signs, powers, the rest.
COMPARISON, SUM, CONTRACTION, PRODUCT, SIGN, POWER, CLOSED = 1, 2, 3, 4, 5, 6, 9


# ---- arguments ----------------------------------------------------------------------------------


def _with_known_params(name: str, coerce: Callable[..., Coerced]) -> Callable[..., Coerced]:
    """`coerce`, and a TypeError for a param that it does not know."""

    def checked(args: Sequence[Any], params: dict[str, Any]) -> Coerced:
        operands, found = coerce(args, params)
        if unknown := params.keys() - found.keys():
            raise TypeError(f"{name}: unknown {', '.join(unknown)}; it takes {list(found)}")
        return operands, found

    return checked


def as_operands(args: Sequence[Any], params: dict[str, Any]) -> Coerced:
    """Nodes as they are, everything else as arrays of a supported dtype."""
    return [as_operand(arg) for arg in args], params


def as_operand(value: Any) -> Any:
    """A node as it is, anything else as an array. TypeError for text, objects and ragged lists."""
    if isinstance(value, Node):
        return value
    try:
        array = np.asarray(value)
        dtype_name(array.dtype)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{type(value).__name__} {value!r:.60} is not an array of numbers: {error}"
        ) from None
    return array


def broadcast_operands(name: str, args: Sequence[Any], floating: bool = False) -> list[Any]:
    """The arguments in one shape and dtype by NumPy's rules; plain Python numbers take the dtype
    of the others; integers become float64 if `floating`.

    ValueError, naming the operation and both shapes, where the rules forbid it.
    """
    operands = [as_operand(arg) for arg in args]
    if _are_ready(operands, floating):
        return operands
    dtype = result_dtype(args, operands)
    if floating and dtype.kind in "iu":
        dtype = np.dtype("float64")
    shapes = [tuple(operand.shape) for operand in operands]
    shape = broadcast_shape(name, shapes)
    cast, broadcast_to = OPERATIONS["cast"], OPERATIONS["broadcast_to"]
    operands = [
        # A whole number that does not fit the dtype is an OverflowError, not another number.
        np.asarray(arg, dtype) if isinstance(arg, int) else cast(operand, dtype=dtype)
        for arg, operand in zip(args, operands, strict=True)
    ]
    if any(isinstance(operand, Node) for operand in operands):
        # A number becomes one constant and a view of it, not an array of equal numbers.
        operands = [lift(operand) for operand in operands]
    return [broadcast_to(operand, shape=shape) for operand in operands]


def _are_ready(operands: Sequence[Any], floating: bool) -> bool:
    """Whether these are nodes of one type that needs no conversion: the common case, made fast."""
    first = operands[0]
    if not isinstance(first, Node) or (floating and not first.type.is_float):
        return False
    return all(isinstance(other, Node) and other.type == first.type for other in operands[1:])


def result_dtype(args: Sequence[Any], operands: Sequence[Any]) -> np.dtype[Any]:
    """NumPy's promotion of the arguments, Python numbers counting as weak."""
    weak = [isinstance(arg, (bool, int, float, complex)) for arg in args]
    if all(weak):
        return np.result_type(*operands)
    return np.result_type(
        *[arg if w else op.dtype for arg, op, w in zip(args, operands, weak, strict=True)]
    )


def broadcast_shape(name: str, shapes: Sequence[Shape]) -> Shape:
    """The shape that all of `shapes` broadcast to: aligned at the last axis, 1 stretches."""
    ndim = max(map(len, shapes))
    rows = [(1,) * (ndim - len(shape)) + tuple(shape) for shape in shapes]
    result: list[Any] = []
    for sizes in zip(*rows, strict=True):
        distinct = list(dict.fromkeys(size for size in sizes if size != 1))
        if len(distinct) > 1:
            came = " and ".join(map(shape_text, shapes))
            raise ValueError(
                f"{name}: shapes {came} do not broadcast: sizes {distinct[0]} and {distinct[1]} "
                "meet on one axis; they must be equal or 1"
            )
        result.append(distinct[0] if distinct else 1)
    return tuple(result)


def normalize_axis(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from 0, sorted; None means all. ValueError for one that does not exist."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    found: set[int] = set()
    for one in axes:
        if not -ndim <= one < ndim:
            raise ValueError(f"{name}: axis {one} of an array with {ndim} axes")
        found.add(int(one) % ndim)
    if len(found) < len(axes):
        raise ValueError(f"{name}: axis {axis} names an axis twice")
    return tuple(sorted(found))


def _times(ct: Any, partial: Any) -> Any:
    """`ct * partial`, without the product where the partial is the number 1 or -1."""
    if isinstance(partial, (int, float)) and partial == 1:
        return ct
    if isinstance(partial, (int, float)) and partial == -1:
        return -ct
    return ct * partial
