"""Random graphs over all primitives: compiled code gives what NumPy gives."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.compile import compile
from chainrule.compile.program import Compiled, Program
from chainrule.ops import PRIMITIVES
from chainrule.types import BATCH, ArrayType


pytestmark = pytest.mark.usefixtures("poisoned_memory")


class Inputs(NamedTuple):
    """What the functions take: floats of several shapes, labels, and a random key."""

    scalar: Any
    vector: Any
    matrix: Any
    rows: Any
    stack: Any
    labels: Any
    key: Any

    @property
    def floats(self) -> tuple[Any, ...]:
        return tuple(self[:5])

    def with_floats(self, floats: Sequence[Any]) -> "Inputs":
        return Inputs(*floats, *self[5:])


@dataclasses.dataclass(frozen=True)
class Case:
    """A random function of `Inputs`.

    operations  the tables of them
    steps       (operation, how far back its first operand lies, its second operand, a number)
    outputs     which of all values, counted from the last; inputs and constants are among them
    sizes       of the axes of the inputs
    dtypes      of inputs without and with rows
    kinks       whether kinks are applied to values that are not exact
    """

    operations: Any
    steps: Sequence[tuple[int, int, int, int]]
    outputs: Sequence[int]
    sizes: tuple[int, int]
    dtypes: tuple[str, str]
    kinks: bool = True

    def __call__(self, inputs: Inputs) -> list[Any]:
        ops, value = self.operations, self.operations.value
        kept = cr.uniform(inputs.key, inputs.rows.shape, inputs.rows.dtype) >= 0.25
        values = [
            *(value(node, 2, 2) for node in inputs.floats),
            value(inputs.labels, 2, 0),
            value(kept, 1, 0),
            value(cr.one_hot(inputs.labels, 3, inputs.rows.dtype), 1, 0),
            value(cr.normal(inputs.key, inputs.vector.shape, inputs.vector.dtype), 9),
            value(cr.constant([0.5, -1.5, 0.0], inputs.matrix.dtype), 2, 1),
        ]
        for operation, back, other, number in self.steps:
            x, y = values[-1 - back % len(values)], values[other % len(values)]
            is_exact = x.is_exact and y.is_exact
            table = ops.smooth + ops.kinked * (self.kinks or is_exact) + ops.jumping * is_exact
            values.append(ops.settled(table[operation % len(table)](x, y, number)))
        return [values[-1 - place % len(values)].node for place in self.outputs]

    @property
    def types(self) -> Inputs:
        (m, n), (narrow, wide) = self.sizes, self.dtypes
        shapes = [(), (n,), (m, n), (BATCH, n), (2, m, n)]
        floats = [ArrayType(shape, wide if BATCH in shape else narrow) for shape in shapes]
        return Inputs(*floats, ArrayType((BATCH,), "int64"), ArrayType((2,), "uint32"))

    @functools.cached_property
    def graph(self) -> cr.Graph:
        return cr.trace(self, self.types)

    def gradient(self, inputs: Inputs) -> Any:
        """One number made of all results, and its gradient with respect to the floats."""

        def objective(floats: Any) -> Any:
            results = self.graph(inputs.with_floats(floats))
            parts = [cr.mean(cr.sin(part)) for part in results if part.type.is_float]
            return sum(parts, start=0.5 * floats[0])

        return cr.value_and_grad(objective)(inputs.floats)

    def second_derivative(self, inputs: Inputs) -> Any:
        """Of the gradient, along the floats themselves."""

        def gradient(floats: Any) -> Any:
            return self.gradient(inputs.with_floats(floats))[1]

        return cr.jvp(gradient, (inputs.floats,), (inputs.floats,))[1]

    def arguments(self, seed: int, rows: int, specials: Sequence[float] = ()) -> Inputs:
        """Quarters from -2 to 2, and special values in every fifth place."""
        rng = np.random.default_rng([seed, rows])

        def numbers(type: ArrayType) -> Any:
            shape = tuple(rows if size is BATCH else size for size in type.shape)
            plain = rng.integers(-8, 9, shape) / 4
            if specials:
                plain = np.where(rng.random(shape) < 0.2, rng.choice(specials, shape), plain)
            return np.asarray(plain, type.dtype)

        labels, key = rng.integers(0, 3, rows), cr.key(int(rng.integers(2**60)))
        return Inputs(*map(numbers, self.types.floats), labels, key)


@pytest.fixture(scope="session")
def random_case(operations):
    """A case of the other fields of `Case`."""
    return functools.partial(Case, operations)


#: Errors relative to the largest number on the way, for graphs that have float32 in them or not.
TOLERANCES = {True: 2e-5, False: 1e-13}


def check(found: Any, graph: cr.Graph, args: Any) -> None:
    """What compiled code gave for a graph is what NumPy gives, within the rounding of each step."""
    values = cr.node_values(graph, args)
    sizes = [
        np.max(np.abs(value), initial=0, where=np.isfinite(value))
        for node, value in values.items()
        if node.type.is_float
    ]
    is_rough = any(node.type.dtype == "float32" for node in graph.nodes)
    allowed = TOLERANCES[is_rough] * max(sizes)
    for number, (a, node) in enumerate(zip(cr.tree.leaves(found), graph.outputs, strict=True)):
        b = values[node]
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        bound = allowed if node.type.is_float else 0
        np.testing.assert_allclose(a, b, 0, bound, err_msg=f"output {number} of {graph}")


def check_compiled(graph: cr.Graph, arguments: Sequence[Any]) -> None:
    """One compiled function for all these arguments, whatever their numbers of rows."""
    function = compile(graph)
    for args in arguments:
        check(function(args), graph, args)


# ---- what hypothesis draws -----------------------------------------------------------------------

number = st.integers(0, 999)
step = st.tuples(number, st.integers(0, 4), number, number)
steps, few_steps = (st.lists(step, min_size=1, max_size=count) for count in (10, 6))
outputs = st.lists(st.integers(0, 15), min_size=1, max_size=3)
size = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 19, 33, 70])
small = st.sampled_from([0, 1, 2, 5])
dtypes = st.tuples(*[st.sampled_from(["float32", "float64"])] * 2) | st.just(("float64",) * 2)
seeds = st.integers(0, 2**32)
any_case = st.tuples(steps, outputs, st.tuples(size, size), dtypes)
small_case = st.tuples(steps, outputs, st.tuples(small, small), dtypes)
short_case = st.tuples(few_steps, outputs, st.tuples(size, size), dtypes, st.just(False))

SPECIALS = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -2.0]


@settings(max_examples=800)
@given(any_case, seeds)
def test_any_numbers(random_case, made, seed):
    """Numbers of rows grow and shrink."""
    case = random_case(*made)
    check_compiled(case.graph, [case.arguments(seed, rows) for rows in (3, 17, 1)])


@settings(max_examples=400)
@given(any_case, seeds)
def test_zeros_infinities_and_nan(random_case, made, seed):
    case = random_case(*made)
    check_compiled(case.graph, [case.arguments(seed, rows, SPECIALS) for rows in (5, 33)])


@settings(max_examples=300)
@given(small_case, seeds)
def test_sizes_of_0_and_1(random_case, made, seed):
    case = random_case(*made)
    arguments = [case.arguments(seed, rows) for rows in (2, 1, 0)]
    try:
        case.graph(arguments[-1])
    except ValueError:  # there is no largest of no rows
        arguments.pop()
    check_compiled(case.graph, arguments)


@settings(max_examples=400)
@given(short_case, seeds)
def test_gradient(random_case, made, seed):
    case = random_case(*made)
    graph = cr.trace(case.gradient, case.types)
    check_compiled(graph, [case.arguments(seed, rows) for rows in (3, 18, 1)])


@settings(max_examples=150)
@given(short_case, seeds)
def test_second_derivative(random_case, made, seed):
    case = random_case(*made)
    check_compiled(cr.trace(case.second_derivative, case.types), [case.arguments(seed, 6)])


@settings(max_examples=75)
@given(any_case, seeds)
@pytest.mark.parametrize("name", ["avx2", "avx2 without masks", "sse2"])
def test_narrower_vectors(random_case, narrower, name, made, seed):
    case = random_case(*made)
    args = case.arguments(seed, 13)
    check(Compiled(Program(case.graph, narrower(name)), 1)(args), case.graph, args)


@settings(max_examples=75)
@given(any_case, seeds)
def test_threads_give_the_same_bits(random_case, made, seed):
    case = random_case(*made)
    args = case.arguments(seed, 40)
    wanted, *others = (
        [array.tobytes() for array in compile(case.graph, threads=threads)(args)]
        for threads in (1, 2, 5)
    )
    assert all(found == wanted for found in others)


def test_every_primitive_takes_part(random_case):
    rng = np.random.default_rng(0)
    found = set()
    for _ in range(300):
        steps = rng.integers(0, 1000, (8, 4)).tolist()
        case = random_case(steps, range(8), tuple(rng.choice([1, 3, 8], 2)), ("float32", "float64"))
        found |= {node.primitive.name for node in case.graph.nodes if node.primitive}
    assert found >= set(PRIMITIVES) - {"place"}  # which derivatives make
