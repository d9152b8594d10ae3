"""One parametrised test over the table of primitives: to add an operation is to add its tests."""

import dataclasses

import numpy as np
import pytest

import chainrule as cr
from chainrule.differences import complex_step
from chainrule.evaluate import program
from chainrule.node import OPERATIONS, Emit, Primitive, placeholder
from chainrule.ops import PRIMITIVES
from chainrule.testing import draw
from chainrule.types import type_of


# These have no derivative to be wrong: their results are piecewise constant, whole or random.
FLAT = {"sign", "step", "stop_gradient", "argmax", "fold_in", "uniform", "batch_size"} | {
    name for name, primitive in PRIMITIVES.items() if primitive.infer is not None and
    name.startswith(("equal", "not_equal", "less", "greater", "logical"))
}  # fmt: skip

every_primitive = pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=PRIMITIVES)
smooth = pytest.mark.parametrize(
    "primitive", [p for n, p in PRIMITIVES.items() if n not in FLAT], ids=str
)
smooth_elementwise = pytest.mark.parametrize(
    "primitive",
    [
        p
        for n, p in PRIMITIVES.items()
        if p.emit is Emit.ELEMENTWISE and n not in FLAT | {"cast", "where"}
    ],
    ids=str,
)


def scaled_by(primitive: Primitive, factor: float, place: int | None = None) -> Primitive:
    """The primitive with one cotangent (or all) multiplied by `factor`."""

    def vjp(ct, out, *args, **params):
        cts = primitive.vjp(ct, out, *args, **params)
        return tuple(
            c * factor if c is not None and place in (None, i) else c for i, c in enumerate(cts)
        )

    return dataclasses.replace(primitive, vjp=vjp)


@every_primitive
def test_declaration_holds(primitive):
    """Type, reverse mode, forward mode and second order, against complex step."""
    cr.check_primitive(primitive)


@smooth
def test_rule_wrong_by_a_thousandth_fails(primitive):
    with pytest.raises(AssertionError, match=f"{primitive.name}: (jvp|vjp) is off"):
        cr.check_primitive(scaled_by(primitive, 1.001))


@smooth
def test_rule_of_wrong_sign_fails_for_each_argument(primitive):
    types, params = primitive.samples[0]
    inputs = [placeholder(type) for type in types]
    out = primitive(*inputs, **params)
    cts = primitive.vjp(placeholder(out.type), out, *out.inputs, **dict(out.params))
    places = [i for i, ct in enumerate(cts) if ct is not None]
    assert places
    for place in places:
        with pytest.raises(AssertionError, match="is off"):
            cr.check_primitive(scaled_by(primitive, -1, place))


@smooth
def test_second_order_is_checked_too(primitive):
    """A rule whose value is right but whose own derivative is not must fail."""

    def frozen(ct, out, *args, **params):
        cts = primitive.vjp(ct, out, *args, **params)
        return tuple(None if c is None else cr.stop_gradient(c) for c in cts)

    with pytest.raises(AssertionError, match="is off"):
        cr.check_primitive(dataclasses.replace(primitive, vjp=frozen))


@smooth_elementwise
def test_partials_agree_with_complex_step_at_20000_points(primitive):
    rng = np.random.default_rng(1)
    types, params = primitive.samples[0]
    args = [rng.uniform(*primitive.domain, 20_000) for _ in types]
    for place in range(len(args)):
        tangents = [np.full(20_000, float(place == i)) for i in range(len(args))]
        want = complex_step(lambda *xs: primitive(*xs, **params), args, tangents)
        got = cr.jvp(lambda *xs: primitive(*xs, **params), args, tangents)[1]
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-15)


@every_primitive
def test_float32_stays_float32(primitive):
    rng = np.random.default_rng(2)
    for types, params in primitive.samples:
        narrow = [cr.ArrayType(t.shape, "float32") if t.is_float else t for t in types]
        params = {k: "float32" if v == "float64" else v for k, v in params.items()}
        args = [draw(type, primitive.domain, rng) for type in narrow]
        inputs = [placeholder(type) for type in narrow]
        graph = cr.Graph(tuple(inputs), (primitive(*inputs, **params),))
        assert type_of(graph(*args)) == graph.outputs[0].type
        assert graph.outputs[0].type.dtype != "float64"


@every_primitive
def test_arrays_and_graph_and_program_give_the_same_bits(primitive):
    rng = np.random.default_rng(3)
    for types, params in primitive.samples:
        args = [draw(type, primitive.domain, rng) for type in types]
        inputs = [placeholder(type) for type in types]
        graph = cr.Graph(tuple(inputs), (primitive(*inputs, **params),))
        at_once = primitive(*args, **params)
        np.testing.assert_array_equal(graph(*args), at_once)
        np.testing.assert_array_equal(program(graph)(*args), at_once)


@every_primitive
def test_declaration_is_complete(primitive):
    assert primitive.doc
    assert primitive.notation.symbol and primitive.notation.latex
    assert primitive.samples or primitive.name == "batch_size"


@pytest.fixture
def table():
    """The table of primitives, put back as it was afterwards."""
    before = dict(PRIMITIVES)
    yield PRIMITIVES
    for name in set(PRIMITIVES) - set(before):
        del PRIMITIVES[name], OPERATIONS[name]


def test_operation_of_ones_own_is_one_declaration(table):
    cube = cr.ops.elementwise(
        "cube",
        lambda x: x * x * x,
        lambda y, x: 3 * cr.square(x),
        doc="x³",
        notation=cr.ops.template("{0}³", "{{{0}}}^3", "³"),
    )
    cr.check_primitive(cube)
    assert cr.grad(cr.grad(lambda x: cube(x)))(2.0) == 12
    assert table["cube"] is cube
    with pytest.raises(ValueError, match="there is a primitive 'cube' already"):
        cr.ops.elementwise("cube", np.abs, None, doc="", notation=cr.ops.function("cube"))
