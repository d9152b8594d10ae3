"""Every operation against PyTorch and JAX: values, vjps and second order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.ops import PRIMITIVES


pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy
F = torch.nn.functional

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


# ---- arguments: each maker takes a generator and gives an array --------------------------------


def between(low, high, *shape):
    return lambda rng: rng.uniform(low, high, shape)


def real(*shape):
    return between(-2, 2, *shape)


def positive(*shape):
    return between(0.5, 2, *shape)


def whole(below, *shape):
    return lambda rng: rng.integers(0, below, shape)


def mask(*shape):
    return lambda rng: rng.random(shape) < 0.5


def fixed(*numbers):
    return lambda rng: np.array(numbers, float)


# ---- the table ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One operation in three libraries.

    name    what is compared: the public name, and in brackets which form of it
    args    makers of the arguments
    smooth  whether second derivatives are compared too
    """

    name: str
    chainrule: Callable[..., Any]
    torch: Callable[..., Any]
    jax: Callable[..., Any]
    args: tuple[Callable[[np.random.Generator], Any], ...]
    smooth: bool = True

    @property
    def operation(self) -> str:
        """The name alone."""
        return self.name.split(" ")[0]

    def arguments(self, dtype: str, seed: int = 0) -> list[Any]:
        """The arguments, floats in `dtype`."""
        rng = np.random.default_rng(seed)
        made = [make(rng) for make in self.args]
        return [array.astype(dtype) if array.dtype.kind == "f" else array for array in made]


A, B = real(3, 4), real(3, 4)
P, Q = positive(3, 4), positive(3, 4)

# fmt: off
SMOOTH = [
    Row("add", cr.add, torch.add, jnp.add, (A, B)),
    Row("add (broadcast)", cr.add, torch.add, jnp.add, (real(3, 1), real(4))),
    Row("subtract", cr.subtract, torch.subtract, jnp.subtract, (A, B)),
    Row("multiply", cr.multiply, torch.multiply, jnp.multiply, (A, B)),
    Row("multiply (broadcast)", cr.multiply, torch.multiply, jnp.multiply, (A, real())),
    Row("divide", cr.divide, torch.divide, jnp.divide, (A, Q)),
    Row("negative", cr.negative, torch.negative, jnp.negative, (A,)),
    Row("power", cr.power, torch.pow, jnp.power, (P, B)),
    Row("power (fixed)", lambda x: cr.power(x, -1.7), lambda x: x**-1.7, lambda x: x**-1.7, (P,)),
    Row("power (cube)", lambda x: cr.power(x, 3), lambda x: x**3, lambda x: x**3, (A,)),
    Row("square", cr.square, torch.square, jnp.square, (A,)),
    Row("sqrt", cr.sqrt, torch.sqrt, jnp.sqrt, (P,)),
    Row("reciprocal", cr.reciprocal, torch.reciprocal, jnp.reciprocal, (P,)),
    Row("exp", cr.exp, torch.exp, jnp.exp, (A,)),
    Row("expm1", cr.expm1, torch.expm1, jnp.expm1, (between(-1e-3, 1e-3, 5),)),
    Row("log", cr.log, torch.log, jnp.log, (P,)),
    Row("log1p", cr.log1p, torch.log1p, jnp.log1p, (between(-1e-3, 1e-3, 5),)),
    Row("sin", cr.sin, torch.sin, jnp.sin, (A,)),
    Row("cos", cr.cos, torch.cos, jnp.cos, (A,)),
    Row("tanh", cr.tanh, torch.tanh, jnp.tanh, (A,)),
    Row("sigmoid", cr.sigmoid, torch.sigmoid, jax.nn.sigmoid, (A,)),
    Row("softplus", cr.softplus, F.softplus, jax.nn.softplus, (A,)),
    Row("erf", cr.erf, torch.erf, jax.scipy.special.erf, (A,)),
    Row("abs", cr.abs, torch.abs, jnp.abs, (A,)),
    Row("relu", cr.relu, torch.relu, jax.nn.relu, (A,)),
    Row("maximum", cr.maximum, torch.maximum, jnp.maximum, (A, B)),
    Row("minimum", cr.minimum, torch.minimum, jnp.minimum, (A, B)),
    Row("clip", lambda x: cr.clip(x, -0.7, 0.9), lambda x: torch.clip(x, -0.7, 0.9),
        lambda x: jnp.clip(x, -0.7, 0.9), (A,)),
    Row("where", cr.where, torch.where, jnp.where, (mask(3, 4), A, B)),
    Row("stop_gradient", lambda x: x * cr.stop_gradient(x), lambda x: x * x.detach(),
        lambda x: x * jax.lax.stop_gradient(x), (A,)),
    Row("cast", lambda x: cr.cast(x, "float32") ** 2, lambda x: x.float() ** 2,
        lambda x: x.astype("float32") ** 2, (A,), smooth=False),
    Row("matmul", cr.matmul, torch.matmul, jnp.matmul, (real(3, 4), real(4, 2))),
    Row("matmul (vectors)", cr.matmul, torch.matmul, jnp.matmul, (real(4), real(4))),
    Row("matmul (matrix, vector)", cr.matmul, torch.matmul, jnp.matmul, (real(3, 4), real(4))),
    Row("matmul (stacks)", cr.matmul, torch.matmul, jnp.matmul, (real(2, 1, 3, 4), real(5, 4, 2))),
    Row("matrix_transpose", lambda x: ops.matrix_transpose(x) ** 2, lambda x: x.mT**2,
        lambda x: jnp.swapaxes(x, -1, -2) ** 2, (real(2, 3, 4),)),
    Row("transpose", lambda x: cr.transpose(x, axes=(2, 0, 1)), lambda x: x.permute(2, 0, 1),
        lambda x: jnp.transpose(x, (2, 0, 1)), (real(2, 3, 4),)),
    Row("reshape", lambda x: cr.reshape(x, (2, -1)), lambda x: x.reshape(2, -1),
        lambda x: x.reshape(2, -1), (A,)),
    Row("broadcast_to", lambda x: cr.broadcast_to(x, (2, 3, 4)), lambda x: x.expand(2, 3, 4),
        lambda x: jnp.broadcast_to(x, (2, 3, 4)), (real(3, 1),)),
    Row("sum", cr.sum, torch.sum, jnp.sum, (A,)),
    Row("sum (axes)", lambda x: cr.sum(x, axis=(0, 2), keepdims=True),
        lambda x: torch.sum(x, (0, 2), keepdim=True),
        lambda x: jnp.sum(x, (0, 2), keepdims=True), (real(2, 3, 4),)),
    Row("mean", lambda x: cr.mean(x, axis=1), lambda x: torch.mean(x, 1),
        lambda x: jnp.mean(x, 1), (A,)),
    Row("variance", lambda x: cr.variance(x, axis=0), lambda x: torch.var(x, 0, correction=0),
        lambda x: jnp.var(x, 0), (A,)),
    Row("norm", lambda x: cr.norm(x, axis=1), lambda x: torch.linalg.vector_norm(x, dim=1),
        lambda x: jnp.linalg.norm(x, axis=1), (A,)),
    Row("logsumexp", lambda x: cr.logsumexp(x, axis=1), lambda x: torch.logsumexp(x, 1),
        lambda x: jax.scipy.special.logsumexp(x, axis=1), (A,)),
    Row("softmax", cr.softmax, lambda x: torch.softmax(x, -1), jax.nn.softmax, (A,)),
    Row("softmax (axis 0)", lambda x: cr.softmax(x, axis=0), lambda x: torch.softmax(x, 0),
        lambda x: jax.nn.softmax(x, axis=0), (A,)),
    Row("log_softmax", cr.log_softmax, lambda x: torch.log_softmax(x, -1), jax.nn.log_softmax,
        (between(-30, 30, 3, 4),)),
    Row("max", lambda x: cr.max(x, axis=1), lambda x: torch.amax(x, 1),
        lambda x: jnp.max(x, 1), (A,)),
    Row("min", lambda x: cr.min(x, axis=(0, 1)), lambda x: torch.amin(x, (0, 1)),
        lambda x: jnp.min(x, (0, 1)), (A,)),
    Row("concatenate", lambda x, y: cr.concatenate([x, y], axis=1),
        lambda x, y: torch.cat([x, y], 1), lambda x, y: jnp.concatenate([x, y], 1),
        (A, real(3, 2))),
    Row("stack", lambda x, y: cr.stack([x, y], axis=1), lambda x, y: torch.stack([x, y], 1),
        lambda x, y: jnp.stack([x, y], 1), (A, B)),
    Row("getitem", lambda x: ops.getitem(x, np.s_[None, 1:, 2]), lambda x: x[None, 1:, 2],
        lambda x: x[None, 1:, 2], (A,)),
    Row("slice", lambda x: cr.slice(x, start=(1, 0), stop=(3, 4), stride=(1, 2)),
        lambda x: x[1:3, 0:4:2], lambda x: x[1:3, 0:4:2], (A,)),
    Row("place",
        lambda x: ops.place(x, shape=(5, 8), start=(1, 0), stop=(4, 8), stride=(1, 2)),
        lambda x: torch.zeros(5, 8, dtype=x.dtype).index_put(
            (torch.arange(1, 4)[:, None], torch.arange(0, 8, 2)), x),
        lambda x: jnp.zeros((5, 8), x.dtype).at[1:4, 0:8:2].set(x), (A,)),
    Row("take", lambda x, i: cr.take(x, i, axis=1), lambda x, i: x[:, i],
        lambda x, i: jnp.take(x, i, axis=1), (A, whole(4, 2, 5))),
    Row("scatter_add", lambda x, i: cr.scatter_add(x, i, axis=0, shape=(6, 4)),
        lambda x, i: torch.zeros(6, 4, dtype=x.dtype).index_add(0, i, x),
        lambda x, i: jnp.zeros((6, 4), x.dtype).at[i].add(x), (A, whole(3, 3))),
]

NOT_SMOOTH = [
    Row("step", cr.step, lambda x: (x > 0).to(x.dtype), lambda x: (x > 0).astype(x.dtype), (A,)),
    Row("sign", cr.sign, torch.sign, jnp.sign, (A,)),
    # JAX takes 1 as the derivative of jnp.abs at 0; that of x sign(x) is 0.
    Row("abs (at zero)", cr.abs, torch.abs, lambda x: x * jnp.sign(x), (fixed(-1, 0, 1),)),
    Row("relu (at zero)", cr.relu, torch.relu, jax.nn.relu, (fixed(-1, 0, 1),)),
    Row("maximum (ties)", cr.maximum, torch.maximum, jnp.maximum, (fixed(1, 2, 3), fixed(1, 3, 2))),
    Row("minimum (ties)", cr.minimum, torch.minimum, jnp.minimum, (fixed(1, 2, 3), fixed(1, 3, 2))),
    Row("max (ties)", cr.max, torch.amax, jnp.max, (fixed(1, 3, 2, 3, 3),)),
    Row("min (ties)", cr.min, torch.amin, jnp.min, (fixed(1, 1, 2),)),
    Row("argmax", cr.argmax, torch.argmax, jnp.argmax, (A,)),
    Row("argmax (axis)", lambda x: cr.argmax(x, axis=1), lambda x: torch.argmax(x, 1),
        lambda x: jnp.argmax(x, 1), (A,)),
    Row("one_hot", lambda n: cr.one_hot(n, 5), lambda n: F.one_hot(n, 5).double(),
        lambda n: jax.nn.one_hot(n, 5), (whole(5, 3, 2),)),
    Row("equal", cr.equal, torch.eq, jnp.equal, (whole(2, 9), whole(2, 9))),
    Row("not_equal", cr.not_equal, torch.ne, jnp.not_equal, (whole(2, 9), whole(2, 9))),
    Row("less", cr.less, torch.lt, jnp.less, (whole(3, 9), whole(3, 9))),
    Row("less_equal", cr.less_equal, torch.le, jnp.less_equal, (whole(3, 9), whole(3, 9))),
    Row("greater", cr.greater, torch.gt, jnp.greater, (whole(3, 9), whole(3, 9))),
    Row("greater_equal", cr.greater_equal, torch.ge, jnp.greater_equal, (whole(3, 9), whole(3, 9))),
    Row("logical_and", cr.logical_and, torch.logical_and, jnp.logical_and, (mask(9), mask(9))),
    Row("logical_or", cr.logical_or, torch.logical_or, jnp.logical_or, (mask(9), mask(9))),
    Row("logical_not", cr.logical_not, torch.logical_not, jnp.logical_not, (mask(9),)),
]
# fmt: on
ROWS = SMOOTH + [Row(r.name, r.chainrule, r.torch, r.jax, r.args, False) for r in NOT_SMOOTH]

#: What stands in no row, and why.
NO_ROW = {
    "uniform": "each library has random numbers of its own; published answers: ops/test_random.py",
    "normal": "as uniform",
    "fold_in": "as uniform",
    "key": "as uniform",
    "batch_size": "the others have no open number of rows",
}
DECLARING = {"declare", "elementwise", "function", "infix", "linear", "sample", "template"}

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
each_dtype = pytest.mark.parametrize("dtype", TOLERANCE)
each_smooth = pytest.mark.parametrize(
    "row", [row for row in ROWS if row.smooth], ids=lambda row: row.name
)

each_oracle = pytest.mark.parametrize("oracle", ["torch", "jax"])


def is_float(array):
    return np.asarray(array).dtype.kind == "f"


@pytest.fixture
def both(row, dtype, oracle, found_by):
    """What chainrule and the oracle find for one row."""
    args = row.arguments(dtype)
    value = np.asarray(row.chainrule(*args))
    rng = np.random.default_rng(1)
    ct = rng.normal(size=value.shape).astype(value.dtype) if is_float(value) else None
    directions = [rng.normal(size=a.shape).astype(dtype) for a in args if is_float(a)]
    return [
        found_by[name](getattr(row, name), args, ct, directions) for name in ("chainrule", oracle)
    ]


# ---- operations --------------------------------------------------------------------------------


@each_oracle
@each_dtype
@each_row
def test_value(both, dtype, assert_close):
    own, other = both
    assert_close(own.value, other.value, TOLERANCE[dtype])


@each_oracle
@each_dtype
@each_row
def test_vjp(both, dtype, assert_close):
    own, other = both
    assert len(own.cotangents) == len(other.cotangents)
    for found, wanted in zip(own.cotangents, other.cotangents, strict=True):
        assert_close(found, wanted, TOLERANCE[dtype])


@each_oracle
@pytest.mark.parametrize("dtype", ["float64"])
@each_smooth
def test_second_order(both, assert_close):
    own, other = both
    assert own.seconds
    for found, wanted in zip(own.seconds, other.seconds, strict=True):
        assert_close(found, wanted, 1e-9)


def test_every_public_operation_has_a_row_or_a_reason():
    public = {name for name in vars(ops) if not name.startswith("_")} - DECLARING - {"PRIMITIVES"}
    operations = {name for name in public if callable(getattr(ops, name))}
    assert operations == {row.operation for row in ROWS} | set(NO_ROW)


def test_every_primitive_is_reached_by_a_row_or_has_a_reason():
    reached = set()
    for row in ROWS:
        graph = cr.trace(row.chainrule, *row.arguments("float64"))
        reached |= {node.primitive.name for node in graph.nodes if node.primitive}
    assert reached == set(PRIMITIVES) - set(NO_ROW)
