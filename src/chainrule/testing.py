"""Derivatives checked against numerical ones, and machine code against NumPy: for users' functions
and for their primitives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.differences import METHODS, complex_step
from chainrule.graph import Graph
from chainrule.node import Primitive, placeholder
from chainrule.transforms.functions import grad, jvp, vjp
from chainrule.transforms.trace import leaf_names, trace
from chainrule.types import ArrayType, type_of


class DerivativeError(AssertionError):
    """A derivative that disagrees with its numerical value; `report` has the table."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"derivatives disagree with differences\n{report}")
        self.report = report


@dataclass(frozen=True)
class Row:
    """One leaf: the derivative in a random direction within it, computed in three ways."""

    path: str
    type: ArrayType
    reverse: float
    forward: float
    numerical: float
    error: float


@dataclass(frozen=True)
class Report:
    """What `check_derivatives` found. Printed, it is a table."""

    rows: tuple[Row, ...]
    tolerance: float

    @property
    def max_error(self) -> float:
        """The largest relative error of any leaf; 0 where there is none."""
        return max((row.error for row in self.rows), default=0.0)

    def __str__(self) -> str:
        head = ("leaf", "type", "reverse mode", "forward mode", "numerical", "relative error", "")
        lines = [head] + [
            (
                row.path,
                str(row.type),
                f"{row.reverse:.10g}",
                f"{row.forward:.10g}",
                f"{row.numerical:.10g}",
                f"{row.error:.1e}",
                "ok" if row.error <= self.tolerance else "WRONG",
            )
            for row in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )


def relative_error(a: float, b: float) -> float:
    """|a - b| / (|a| + |b|), and 0 where both are 0. (GC-03)"""
    return abs(a - b) / (abs(a) + abs(b)) if a != b else 0.0


def check_derivatives(
    function: Callable[..., Any],
    *args: Any,
    tolerance: float = 1e-6,
    method: str = "two_sided",
    order: int = 1,
    seed: int = 0,
) -> Report:
    """Compare reverse and forward mode with a numerical derivative, leaf by leaf, in float64.

    args       pytrees of arrays; floating leaves are converted to float64 and checked, others kept
    tolerance  of the relative error |a - b| / (|a| + |b|) of each leaf. A disagreement smaller
               than the rounding noise of the difference quotient counts as none
    method     "two_sided", "one_sided" or "complex_step"
    order      2 checks the gradient's own derivatives as well
    Raises DerivativeError, with the table, where an error is larger. The result of a function that
    is not scalar is weighted with random numbers first.
    """
    if method not in METHODS:
        raise ValueError(f"check_derivatives: method {method!r}; choose from {', '.join(METHODS)}")
    rng = np.random.default_rng(seed)
    primals = tree.map(_as_float64, tuple(args))
    objective = _weighted(function, primals, rng)
    report = _check(objective, primals, leaf_names(function, primals), method, tolerance, rng)
    if order > 1:
        places = [i for i, arg in enumerate(primals) if _is_smooth(arg)]
        check_derivatives(
            grad(objective, places), *primals, tolerance=tolerance, method=method, order=order - 1
        )
    return report


def check_primitive(primitive: Primitive, *, tolerance: float = 1e-12, seed: int = 0) -> None:
    """Check what a primitive declares, on each of its samples; AssertionError where it is wrong.

    The type rule against evaluation; reverse and forward mode against complex step; and the
    derivative of the vjp itself, so second order, in the same way.
    """
    rng = np.random.default_rng(seed)
    assert primitive.samples or primitive.emit.value == "view", f"{primitive.name}: no samples"
    for types, params in primitive.samples:
        inputs = [placeholder(type, f"x{i}") for i, type in enumerate(types)]
        graph = Graph(tuple(inputs), (primitive(*inputs, **params),))
        args = [draw(type, primitive.domain, rng) for type in types]
        found, expected = type_of(graph(*args)), graph.outputs[0].type
        assert found == expected, f"{primitive.name}: evaluates to {found}, infers {expected}"
        if expected.is_float and any(type.is_float for type in types):
            _check_exactly(primitive.name, graph, args, tolerance, rng)
            _check_exactly(
                f"vjp of {primitive.name}", *_vjp_graph(graph, args, rng), tolerance, rng
            )


#: By how much compiled numbers may differ, relative to the largest of an array; others not at all.
TOLERANCES = {"float32": 1e-5, "float64": 1e-12}


def check_compiled(
    function: Callable[..., Any] | Graph, *args: Any, tolerance: float | None = None
) -> None:
    """Compare what machine code gives with what NumPy gives, for a function or a graph.

    args       arrays, or pytrees of arrays
    tolerance  of |compiled - evaluated|, relative to the largest finite number of the output; by
               default that of its dtype in `TOLERANCES`
    Raises AssertionError, naming the output, the place and both values, where they differ by more,
    or where one is NaN or infinite and the other is not the same; TypeError for an operation that
    cannot be compiled.
    """
    from chainrule.compile import compile

    graph = function if isinstance(function, Graph) else trace(function, *args)
    check_same(compile(graph)(*args), graph(*args), tolerance)


def check_same(found: Any, wanted: Any, tolerance: float | None = None) -> None:
    """Compare two pytrees of arrays, `found` by machine code and `wanted` by NumPy.

    Dtypes, shapes, whole numbers, booleans, NaNs and infinities must be equal, and all else as for
    `check_compiled`, which says what is raised.
    """
    leaves, structure = tree.flatten(wanted)
    others, other_structure = tree.flatten(found)
    assert other_structure == structure, f"compiled {other_structure}, evaluated {structure}"
    for path, a, b in zip(tree.paths(wanted, "output"), others, leaves, strict=True):
        _check_leaf(path, np.asarray(a), np.asarray(b), tolerance)


def _check_leaf(path: str, found: Any, wanted: Any, tolerance: float | None) -> None:
    types = type_of(found), type_of(wanted)
    assert types[0] == types[1], f"{path}: compiled {types[0]}, evaluated {types[1]}"
    allowed, scale = 0.0, 0.0
    if types[1].is_float:
        dtype = wanted.dtype.name
        scale = float(np.max(np.abs(wanted), initial=0, where=np.isfinite(wanted)))
        relative = TOLERANCES[dtype] if tolerance is None else tolerance
        # Numbers below the normal ones have fewer digits.
        allowed = relative * max(scale, float(np.finfo(dtype).smallest_normal))
    with np.errstate(all="ignore"):
        is_near = np.abs(found.astype("float64") - wanted.astype("float64")) <= allowed
        is_nan = np.isnan(found) & np.isnan(wanted) if types[1].is_float else False
        is_right = (found == wanted) | is_nan | (is_near if types[1].is_float else False)
    if not np.all(is_right):
        place = tuple(int(i) for i in np.argwhere(~is_right)[0])
        count = np.count_nonzero(~is_right)
        raise AssertionError(
            f"{path} {types[1]}, at {list(place)} and {count - 1} other places: "
            f"compiled {found[place]!r}, evaluated {wanted[place]!r}; they may differ by "
            f"{allowed:.1e}, the largest number being {scale:.3g}"
        )


def draw(type: ArrayType, domain: tuple[float, float], rng: np.random.Generator) -> Any:
    """A random array of this type: floats from `domain`, whole numbers from 0, 1, 2."""
    shape = tuple(int(size) for size in type.shape if isinstance(size, int))
    if type.is_float:
        return rng.uniform(*domain, shape).astype(type.dtype)
    return rng.integers(0, 2 if type.dtype == "bool" else 3, shape).astype(type.dtype)


def _check(
    objective: Callable[..., Any],
    primals: Sequence[Any],
    names: Sequence[str],
    method: str,
    tolerance: float,
    rng: np.random.Generator,
) -> Report:
    leaves, structure = tree.flatten(primals)
    value, pull = vjp(objective, *primals)
    cts = tree.leaves(pull(np.float64(1)))
    rows: list[Row] = []
    for place, (name, leaf) in enumerate(zip(names, leaves, strict=True)):
        if leaf.dtype.kind != "f":
            continue
        direction = rng.normal(size=leaf.shape)
        direction = direction / max(float(np.sqrt(np.sum(direction**2))), 1e-300)
        tangents = [np.zeros_like(other) for other in leaves]
        tangents[place] = direction
        moved = tree.unflatten(structure, tangents)
        numerical = float(METHODS[method](objective, primals, moved))
        reverse = float(np.sum(cts[place] * direction))
        forward = float(jvp(objective, primals, moved)[1])
        noise = 0.0 if method == "complex_step" else 1e-10 * float(abs(value))
        error = max(_error(mode, numerical, noise) for mode in (reverse, forward))
        rows.append(Row(name, type_of(leaf), reverse, forward, numerical, error))
    report = Report(tuple(rows), tolerance)
    if not report.max_error <= tolerance:  # NaN is an error too
        raise DerivativeError(report)
    return report


def _error(a: float, b: float, noise: float) -> float:
    return 0.0 if abs(a - b) <= noise else relative_error(a, b)


def _weighted(
    function: Callable[..., Any], primals: Sequence[Any], rng: np.random.Generator
) -> Callable[..., Any]:
    """The function, its results multiplied by random numbers and added up to one scalar."""
    results = tree.leaves(function(*primals))
    weights = [rng.normal(size=np.shape(result)) for result in results]
    if [np.shape(result) for result in results] == [()]:
        weights = [np.float64(1)]

    def objective(*args: Any) -> Any:
        parts = zip(tree.leaves(function(*args)), weights, strict=True)
        return sum(np.sum(result * weight) for result, weight in parts)

    return objective


def _check_exactly(
    name: str, graph: Graph, args: Sequence[Any], tolerance: float, rng: np.random.Generator
) -> None:
    """Forward and reverse mode against complex step, relative to the size of what is compared."""
    tangents = [draw_tangent(arg, rng) for arg in args]
    want = np.asarray(complex_step(graph, args, tangents))
    got = np.asarray(jvp(graph, args, tangents)[1])
    scale = np.max(np.abs(want), initial=1e-300)
    off = np.max(np.abs(got - want), initial=0) / scale
    assert off <= tolerance, f"{name}: jvp is off by {off:.1e} of {scale:.3g}"
    weight = rng.normal(size=want.shape)
    cts = vjp(graph, *args)[1](weight)
    pairs = [(ct * dx) for ct, dx in zip(cts, tangents, strict=True) if dx.dtype.kind == "f"]
    size = sum(float(np.sum(np.abs(pair))) for pair in pairs) + 1e-300
    off = abs(sum(float(np.sum(pair)) for pair in pairs) - float(np.sum(weight * want))) / size
    assert off <= tolerance, f"{name}: vjp is off by {off:.1e} of {size:.3g}"


def _vjp_graph(
    graph: Graph, args: Sequence[Any], rng: np.random.Generator
) -> tuple[Graph, list[Any]]:
    """(ct, *args) -> all cotangents in one vector, and arguments for it."""
    ct = rng.normal(size=np.shape(graph(*args)))

    def cotangents(ct: Any, *xs: Any) -> Any:
        found = vjp(graph, *xs)[1](ct)
        return np.concatenate(
            [c.reshape(-1) for c, x in zip(found, xs, strict=True) if x.type.is_float]
        )

    return trace(cotangents, ct, *args), [ct, *args]


def draw_tangent(arg: Any, rng: np.random.Generator) -> Any:
    """A random direction for a floating array, zeros of its dtype for any other."""
    if arg.dtype.kind != "f":
        return np.zeros_like(arg)
    return rng.normal(size=arg.shape)


def _as_float64(leaf: Any) -> Any:
    array = np.asarray(leaf)
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _is_smooth(arg: Any) -> bool:
    return all(np.asarray(leaf).dtype.kind == "f" for leaf in tree.leaves(arg))
