"""Random graphs: laws that hold for every graph, tried on hundreds of them."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.differences import complex_step
from chainrule.evaluate import program


ROWS = 4
SHAPES = ((), (3,), (2, 3), (cr.BATCH, 3))


# Each takes operands of one shape and gives a result of that shape. All are analytic where they
# are tried but for kinks, which a random point misses; most stay small.
OPERATIONS = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: cr.tanh(x) * y,
    "divide": lambda x, y: x / (1.5 + cr.square(y)),
    "maximum": lambda x, y: cr.maximum(x, y),
    "minimum": lambda x, y: cr.minimum(x, y + 0.1),
    "where": lambda x, y: cr.where(x > y, cr.sin(x), 2.0 * y),
    "negative": lambda x, y: -x,
    "double negative": lambda x, y: cr.negative(-x) * cr.negative(-y),
    "tanh": lambda x, y: cr.tanh(x),
    "sigmoid": lambda x, y: cr.sigmoid(x),
    "softplus": lambda x, y: cr.softplus(x),
    "exp": lambda x, y: cr.exp(cr.sin(x)),
    "log": lambda x, y: cr.log(1.0 + cr.square(x)),
    "cos": lambda x, y: cr.cos(x),
    "relu": lambda x, y: cr.relu(x - 0.05),
    "abs": lambda x, y: cr.abs(x),
    "erf": lambda x, y: cr.erf(x),
    "power": lambda x, y: (1.0 + cr.square(cr.tanh(x))) ** 1.5,
    "neutral": lambda x, y: (x * 1.0 - 0.0) / 1.0,
    "normalise": lambda x, y: x / (1.0 + cr.sum(cr.square(x))),
    "centre": lambda x, y: x - cr.mean(x, axis=-1, keepdims=True) if x.shape else x - 1.0,
    "softmax": lambda x, y: cr.softmax(x) + y if x.shape else cr.sin(y),
    "logsumexp": lambda x, y: x + cr.logsumexp(y),
    "reverse": lambda x, y: x[..., ::-1] if x.shape else 0.5 * x,
    "matmul": lambda x, y: x @ cr.reshape(y, (-1, 3))[0:1].T * y if len(y.shape) == 1 else x * 0.5,
    "linear": lambda x, y: cr.tanh(x @ MATRIX.astype(x.dtype)) if len(x.shape) == 2 else x,
    "concatenate": lambda x, y: (
        cr.concatenate([x[..., :1], y[..., 1:]], axis=-1) if x.shape else x + 0.25
    ),
    "take": lambda x, y: cr.take(x, np.array([2, 0, 0]), axis=-1) if x.shape else y,
}
MATRIX = np.array([[0.5, -1.0, 0.25], [1.5, 0.5, -0.5], [0.0, 1.0, 1.0]])
UNSAFE = {
    "log of anything": lambda x, y: cr.log(x),
    "quotient": lambda x, y: x / y,
    "root": lambda x, y: cr.sqrt(x),
    "zero": lambda x, y: (x - x) * y,
    "plus zero": lambda x, y: x + 0.0,
    "minus negative zero": lambda x, y: x - (-0.0),
    "times zero": lambda x, y: x * 0.0 + y,
    "zero minus": lambda x, y: 0.0 - x,
    "sum of one": lambda x, y: cr.sum(x[..., None], axis=-1),
    "overflow": lambda x, y: cr.exp(cr.exp(4.0 * x)) - y,
    "product of negatives": lambda x, y: (-x) * (-y),
    "quotient of negatives": lambda x, y: (-x) / (-y),
}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A random function: the shape of its two arguments, and steps (operation, place, place)."""

    shape: tuple
    steps: tuple

    def __call__(self, x, y):
        made = [x, y]
        for name, first, second in self.steps:
            operation = OPERATIONS.get(name) or UNSAFE[name]
            made.append(operation(made[first % len(made)], made[second % len(made)]))
        return made[-1], made[-2]

    def objective(self, x, y):
        """One number made of both results."""
        first, second = self(x, y)
        return cr.mean(first * 0.7 - second)

    def types(self, dtype="float64"):
        return [cr.ArrayType(self.shape, dtype)] * 2

    def arguments(self, seed, dtype="float64"):
        rng = np.random.default_rng(seed)
        shape = tuple(ROWS if size is cr.BATCH else size for size in self.shape)
        return tuple(rng.uniform(-1.5, 1.5, shape).astype(dtype) for _ in range(2))

    def hard_arguments(self, seed):
        """Among the numbers zeros of both signs, infinities, NaN, the largest and the smallest."""
        rng = np.random.default_rng(seed)
        return tuple(
            np.where(rng.random(plain.shape) < 0.3, rng.choice(HARD, plain.shape), plain)
            for plain in self.arguments(seed)
        )


HARD = [0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 1.7e308, 5e-324]


def recipe(rng, names):
    count = rng.integers(2, 13)
    # Steps mostly use what was made last, so that graphs are deep as well as wide.
    steps = tuple(
        (str(rng.choice(names)), int(rng.choice([place, place + 1, rng.integers(50)])),
         int(rng.integers(50)))
        for place in range(count)
    )  # fmt: skip
    return Recipe(SHAPES[rng.integers(len(SHAPES))], steps)


def recipes(count, names=tuple(OPERATIONS), first=0):
    """`count` recipes of fixed seeds."""
    return [recipe(np.random.default_rng(seed), names) for seed in range(first, first + count)]


SMOOTH = recipes(60)
WILD = recipes(60, (*OPERATIONS, *UNSAFE), first=1000)
each_smooth = pytest.mark.parametrize("made", SMOOTH, ids=range(len(SMOOTH)))
each = pytest.mark.parametrize("made", SMOOTH + WILD, ids=range(len(SMOOTH + WILD)))


def bits(value):
    """The bytes of an array, with every NaN made the same one."""
    array = np.array(value)
    array[np.isnan(array)] = np.nan
    return array.tobytes()


def same_bits(found, wanted):
    assert [bits(a) for a in found] == [bits(b) for b in wanted]


# ---- one graph, several readers ---------------------------------------------------------------


@each
def test_graph_gives_the_bits_of_the_function(made):
    args = made.hard_arguments(0)
    with np.errstate(all="ignore"):
        same_bits(cr.trace(made, *args)(*args), made(*args))


@each
def test_simplified_graph_gives_the_same_bits(made):
    graph = cr.trace(made, *made.types())
    args = made.hard_arguments(1)
    same_bits(cr.simplify(graph)(*args), graph(*args))


@each
def test_simplified_gradient_gives_the_same_bits(made):
    graph = cr.trace(cr.grad(made.objective, argnums=(0, 1)), *made.types())
    args = made.hard_arguments(2)
    same_bits(cr.simplify(graph)(*args), graph(*args))


@each
def test_program_gives_the_same_bits(made):
    graph = cr.trace(cr.value_and_grad(made.objective), *made.types())
    args = made.hard_arguments(3)
    same_bits(program(graph)(*args), graph(*args))


@each
def test_graph_inlined_into_another_gives_the_same_bits(made):
    graph = cr.trace(made, *made.types())
    outer = cr.trace(lambda x, y: graph(x, y), *made.types())
    args = made.hard_arguments(4)
    same_bits(outer(*args), graph(*args))


@each
def test_graph_of_open_rows_inlined_where_rows_are_fixed_gives_the_same_bits(made):
    graph = cr.trace(made, *made.types())
    args = made.hard_arguments(4)
    fixed = cr.trace(lambda x, y: graph(x, y), *args)
    assert "batch" not in str(fixed)
    same_bits(fixed(*args), graph(*args))


@pytest.mark.parametrize("name", [*OPERATIONS, *UNSAFE])
def test_every_pair_of_hard_numbers_gives_the_same_bits(name):
    made = Recipe((cr.BATCH, 3), ((name, 0, 1),))
    args = tuple(np.repeat(side.reshape(-1, 1), 3, axis=1) for side in np.meshgrid(HARD, HARD))
    graph = cr.trace(made, *made.types())
    same_bits(cr.simplify(graph)(*args), graph(*args))
    same_bits(program(graph)(*args), graph(*args))


@each
def test_graph_inlined_into_itself_is_the_same_graph(made):
    graph = cr.trace(made, *made.types())
    assert cr.trace(graph, *made.types()).hash == graph.hash


@each
def test_tracing_twice_gives_one_hash(made):
    first, second = (cr.trace(made, *made.types()) for _ in range(2))
    assert first.hash == second.hash
    assert str(first) == str(second)


@each
def test_open_rows_give_the_bits_of_fixed_rows(made):
    args = made.hard_arguments(5)
    same_bits(cr.trace(made, *made.types())(*args), cr.trace(made, *args)(*args))


@each
def test_float32_graph_stays_float32(made):
    graph = cr.trace(cr.value_and_grad(made.objective), *made.types("float32"))
    kinds = {node.type.dtype for node in graph.nodes if node.type.is_float}
    assert kinds == {"float32"}
    assert {out.dtype.name for out in graph(*made.arguments(6, "float32"))} == {"float32"}


# ---- derivatives ------------------------------------------------------------------------------


def inner(pairs):
    """Σ ⟨a, b⟩, and Σ of the magnitudes it is made of."""
    terms = np.concatenate([np.ravel(a * b) for a, b in pairs])
    return terms.sum(), np.abs(terms).sum() + 1e-300


@each_smooth
def test_reverse_mode_is_the_transpose_of_forward_mode(made):
    """⟨u, J v⟩ = ⟨Jᵀ u, v⟩."""
    args, directions, weights = (made.arguments(seed) for seed in (7, 8, 9))
    out, tangents = cr.jvp(made, args, directions)
    weights = [np.broadcast_to(w, o.shape) for w, o in zip(weights, out, strict=True)]
    pulled = cr.vjp(made, *args)[1](tuple(weights))
    forward, size = inner(zip(weights, tangents, strict=True))
    backward, other = inner(zip(pulled, directions, strict=True))
    assert abs(forward - backward) <= 1e-10 * (size + other)


@each_smooth
def test_gradient_agrees_with_a_complex_step_through_the_graph(made):
    args, directions = made.arguments(10), made.arguments(11)
    graph = cr.trace(made.objective, *made.types())
    exact = complex_step(graph, args, directions)
    gradient = cr.grad(made.objective, argnums=(0, 1))(*args)
    found, size = inner(zip(gradient, directions, strict=True))
    assert abs(found - exact) <= 1e-10 * size + 1e-14


@each_smooth
def test_second_order_agrees_with_a_complex_step_through_the_gradient(made):
    args, directions = made.arguments(12), made.arguments(13)
    gradient = cr.trace(cr.grad(made.objective, argnums=(0, 1)), *made.types())
    exact = complex_step(gradient, args, directions)
    product = cr.hvp(made.objective, args, directions)
    for one, other in zip(product, exact, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-10)


@each_smooth
def test_value_of_value_and_grad_is_the_value(made):
    args = made.arguments(14)
    assert cr.value_and_grad(made.objective)(*args)[0] == cr.trace(made.objective, *args)(*args)


# ---- the same laws, on what hypothesis finds --------------------------------------------------

any_recipe = st.builds(
    Recipe,
    st.sampled_from(SHAPES),
    st.lists(
        st.tuples(
            st.sampled_from([*OPERATIONS, *UNSAFE]),
            st.integers(0, 9),
            st.integers(0, 9),
        ),
        min_size=1,
        max_size=8,
    ).map(tuple),
)
any_number = st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])


@settings(max_examples=150)
@given(any_recipe, any_number, any_number)
def test_every_reader_gives_the_same_bits_for_any_numbers(made, a, b):
    shape = tuple(ROWS if size is cr.BATCH else size for size in made.shape)
    args = np.full(shape, a), np.full(shape, b)
    graph = cr.trace(made, *made.types())
    want = graph(*args)
    same_bits(program(graph)(*args), want)
    same_bits(cr.simplify(graph)(*args), want)


@settings(max_examples=60)
@given(any_recipe, st.integers(0, 2**32))
def test_every_reader_of_the_gradient_gives_the_same_bits(made, seed):
    graph = cr.trace(cr.grad(made.objective), *made.types())
    args = made.arguments(seed)
    want = graph(*args)
    same_bits([program(graph)(*args)], [want])
    same_bits([cr.simplify(graph)(*args)], [want])
