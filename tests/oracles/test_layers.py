"""Activations, PReLU, dense layers and batch normalisation against those of PyTorch."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import BatchNorm, Dense, PReLU, activation


pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch")

TOLERANCE = {"float64": 1e-12, "float32": 2e-6}
each_dtype = pytest.mark.parametrize("dtype", TOLERANCE)
rng = np.random.default_rng(0)
X = np.concatenate([rng.normal(0, 3, (30, 4)), [[-40, 40, 0, -0.0]]])  # far out, and the kink at 0
CT = rng.normal(size=X.shape)
ACTIVATIONS = {
    "elu": torch.nn.ELU,
    "elu(alpha=0.5)": lambda: torch.nn.ELU(0.5),
    "gelu": torch.nn.GELU,
    "hard_tanh": torch.nn.Hardtanh,
    "identity": torch.nn.Identity,
    "leaky_relu": torch.nn.LeakyReLU,
    "leaky_relu(slope=0.2)": lambda: torch.nn.LeakyReLU(0.2),
    "mish": torch.nn.Mish,
    "relu": torch.nn.ReLU,
    "selu": torch.nn.SELU,
    "sigmoid": torch.nn.Sigmoid,
    "signum": lambda: torch.sign,
    "softmax": lambda: torch.nn.Softmax(dim=-1),
    # The step of PyTorch has no derivative; 0 x gives it the one that ours has.
    "step": lambda: lambda x: 0 * x + torch.heaviside(x.detach(), torch.zeros_like(x)),
    "step(at_zero=1)": lambda: lambda x: 0 * x + torch.heaviside(x.detach(), torch.ones_like(x)),
    "softplus": lambda: torch.nn.Softplus(threshold=1e9),
    "swish": torch.nn.SiLU,
    "swish(beta=2)": lambda: lambda x: torch.nn.SiLU()(2 * x) / 2,
    "tanh": torch.nn.Tanh,
}


def test_every_activation_is_compared():
    assert {text for text in ACTIVATIONS if "(" not in text} == set(cr.nn.ACTIVATIONS)


def by_torch(function, x, ct):
    """The value, and the cotangent of x."""
    tensor = torch.tensor(x, requires_grad=True)
    value = function(tensor)
    (gradient,) = torch.autograd.grad(value, tensor, torch.tensor(ct))
    return value.numpy(force=True), gradient.numpy()


def from_torch(tensor):
    return tensor.numpy(force=True)


@each_dtype
@pytest.mark.parametrize("text", ACTIVATIONS)
def test_activation_is_that_of_torch(text, dtype, assert_close):
    x, ct = X.astype(dtype), CT.astype(dtype)
    value, pull = cr.vjp(activation(text), x)
    wanted, gradient = by_torch(ACTIVATIONS[text](), x, ct)
    assert value.dtype == dtype
    assert_close(value, wanted, TOLERANCE[dtype])
    assert_close(pull(ct)[0], gradient, TOLERANCE[dtype])


@each_dtype
def test_prelu_is_that_of_torch(dtype, assert_close):
    x, ct = X.astype(dtype), CT.astype(dtype)
    theirs = torch.nn.PReLU(4, dtype=getattr(torch, dtype))
    layer = PReLU.init(4, dtype)
    np.testing.assert_array_equal(layer.slope, from_torch(theirs.weight))
    value, pull = cr.vjp(lambda layer, x: layer(x), layer, x)
    by_slope, by_x = pull(ct)
    wanted, gradient = by_torch(theirs, x, ct)
    theirs(torch.tensor(x)).backward(torch.tensor(ct))
    assert_close(value, wanted, TOLERANCE[dtype])
    assert_close(by_x, gradient, TOLERANCE[dtype])
    assert_close(by_slope.slope, from_torch(theirs.weight.grad), TOLERANCE[dtype])


@each_dtype
@pytest.mark.parametrize("bias", [True, False])
def test_dense_is_the_linear_layer_of_torch(bias, dtype, assert_close):
    x = X.astype(dtype)
    layer = Dense.init(4, 3, rng=0, dtype=dtype, bias=0.5 if bias else False)
    theirs = torch.nn.Linear(4, 3, bias=bias, dtype=getattr(torch, dtype))
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(layer.weight.T))
        if bias:
            theirs.bias.fill_(0.5)
    assert_close(layer(x), from_torch(theirs(torch.tensor(x))), TOLERANCE[dtype])


def norms(dtype, momentum):
    """Ours and that of PyTorch, whose momentum is what a new batch weighs."""
    scale, shift = rng.uniform(0.5, 2, 4).astype(dtype), rng.normal(size=4).astype(dtype)
    start = BatchNorm.init(4, momentum=momentum, dtype=dtype)
    ours = BatchNorm(scale, shift, start.mean, start.variance, momentum)
    theirs = torch.nn.BatchNorm1d(4, momentum=1 - momentum, dtype=getattr(torch, dtype))
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(scale))
        theirs.bias.copy_(torch.tensor(shift))
    return ours, theirs


@each_dtype
def test_batch_norm_in_training_is_that_of_torch(dtype, assert_close):
    x, ct = X.astype(dtype), CT.astype(dtype)
    ours, theirs = norms(dtype, 0.9)
    value, pull = cr.vjp(lambda layer, x: layer.train(x, cr.key(0))[0], ours, x)
    by_layer, by_x = pull(ct)
    tensor = torch.tensor(x, requires_grad=True)
    output = theirs(tensor)
    output.backward(torch.tensor(ct))
    tolerance = 10 * TOLERANCE[dtype]
    assert_close(value, from_torch(output), tolerance)
    assert_close(by_x, tensor.grad.numpy(), tolerance)
    assert_close(by_layer.scale, theirs.weight.grad.numpy(), tolerance)
    assert_close(by_layer.shift, theirs.bias.grad.numpy(), tolerance)


@each_dtype
@pytest.mark.parametrize("momentum", [0.9, 0.99])
def test_batch_norm_in_use_after_training_is_that_of_torch(momentum, dtype, assert_close):
    """But for the running variance, of which PyTorch keeps the unbiased one."""
    ours, theirs = norms(dtype, momentum)
    for step in range(5):
        x = (X + step).astype(dtype)
        _, ours = ours.train(x, cr.key(step))
        theirs(torch.tensor(x))
    assert_close(ours.mean, from_torch(theirs.running_mean), 10 * TOLERANCE[dtype])
    started = momentum**5  # what is left of the 1 that both began from
    unbiased = started + (ours.variance - started) * len(X) / (len(X) - 1)
    assert_close(unbiased, from_torch(theirs.running_var), 10 * TOLERANCE[dtype])
    with torch.no_grad():
        theirs.running_var.copy_(torch.tensor(ours.variance))
    x = X.astype(dtype)
    wanted = from_torch(theirs.eval()(torch.tensor(x)))
    assert_close(ours(x), wanted, 10 * TOLERANCE[dtype])
