"""Three libraries behind one form: arrays in, and the value and derivatives out as arrays.

PyTorch and JAX are imported where they are used: not everyone has them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr


@dataclass(frozen=True)
class Found:
    """The value, the cotangents, and the second derivatives in one direction."""

    value: Any
    cotangents: list[Any]
    seconds: list[Any]


def is_float(array):
    return np.asarray(array).dtype.kind == "f"


def by_chainrule(function, args, ct, directions):
    value = function(*args)
    if not is_float(value) or not any(map(is_float, args)):
        return Found(value, [], [])
    places = [place for place, arg in enumerate(args) if is_float(arg)]
    cotangents = cr.vjp(function, *args)[1](ct)

    def objective(*floats):
        full = list(args)
        for place, array in zip(places, floats, strict=True):
            full[place] = array
        return cr.sum(function(*full) * ct)

    seconds = cr.hvp(objective, [args[place] for place in places], directions)
    return Found(value, [cotangents[place] for place in places], list(seconds))


def by_torch(function, args, ct, directions):
    import torch

    tensors = [torch.tensor(arg, requires_grad=is_float(arg)) for arg in args]
    floats = [tensor for tensor in tensors if tensor.requires_grad]
    value = function(*tensors)
    if not value.is_floating_point() or not floats:
        return Found(value.numpy(), [], [])
    first = _torch_gradients(torch.sum(value * torch.tensor(ct)), floats)
    along = sum(torch.sum(g * torch.tensor(d)) for g, d in zip(first, directions, strict=True))
    second = _torch_gradients(along, floats)
    first, second = ([g.numpy(force=True) for g in gradients] for gradients in (first, second))
    return Found(value.numpy(force=True), first, second)


def _torch_gradients(objective, floats):
    """Zeros where PyTorch says that there is no dependence."""
    import torch

    if not objective.requires_grad:
        return [torch.zeros_like(x) for x in floats]
    found = torch.autograd.grad(objective, floats, create_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, floats, strict=True)]


def by_jax(function, args, ct, directions):
    import jax
    import jax.numpy as jnp

    value = function(*map(jnp.asarray, args))
    places = [place for place, arg in enumerate(args) if is_float(arg)]
    if not is_float(value) or not places:
        return Found(np.asarray(value), [], [])

    def objective(*floats):
        full = list(map(jnp.asarray, args))
        for place, array in zip(places, floats, strict=True):
            full[place] = array
        return jnp.sum(function(*full) * ct)

    floats = tuple(jnp.asarray(args[place]) for place in places)
    gradient = jax.grad(objective, argnums=tuple(range(len(floats))))
    first, second = jax.jvp(gradient, floats, tuple(map(jnp.asarray, directions)))
    return Found(np.asarray(value), list(map(np.asarray, first)), list(map(np.asarray, second)))


def close(found, wanted, tolerance):
    """Equal shapes, and no difference larger than `tolerance` times the largest number."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    largest = np.max(np.abs(wanted), initial=0.0)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * largest + 1e-300)


@pytest.fixture
def found_by():
    """By library: (function, args, ct, directions) -> `Found`.

    function    that library's form of the operation
    args        arrays
    ct          the cotangent of the result, where that is of floating point
    directions  for each floating argument, in which the gradient is differentiated again
    """
    return {"chainrule": by_chainrule, "torch": by_torch, "jax": by_jax}


@pytest.fixture
def assert_close():
    """(found, wanted, tolerance): see `close`."""
    return close
