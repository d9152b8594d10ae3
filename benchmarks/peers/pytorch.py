"""PyTorch: eager with the fused optimiser, or the whole training step compiled."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.cases import (
    BETAS,
    EPSILON,
    LEARNING_RATE,
    NORM_EPSILON,
    NORM_MOMENTUM,
    Case,
    Data,
    Layer,
)
from benchmarks.peers.trainer import Call, EpochByEpoch


Step: TypeAlias = Callable[[torch.Tensor, torch.Tensor], Any]


def trainer(case: Case, data: Data, layers: list[Layer], threads: int, style: str) -> EpochByEpoch:
    """See `Trainer`. Samples are tensors in memory; batches are taken by index, no DataLoader."""
    torch.set_num_threads(threads)
    model = network(layers, case.dropout).train()
    step = STEPS[style](model, case)
    x = torch.from_numpy(data.x)
    y = torch.from_numpy(data.y).float()[:, None] if case.is_binary else torch.from_numpy(data.y)

    rng = torch.Generator().manual_seed(0)

    def epoch(shuffled: bool) -> None:
        torch.set_num_threads(threads)
        order = torch.randperm(len(x), generator=rng) if shuffled else torch.arange(len(x))
        for places in order.split(case.batch):
            step(x.index_select(0, places), y.index_select(0, places))

    return EpochByEpoch(epoch, functools.partial(arrays, model))


def predictor(layers: list[Layer], x: Any, threads: int) -> Call:
    """Probabilities under `inference_mode`, from an array to an array."""
    model = network(layers, 0.0).eval()

    def call() -> Any:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            return functional.softmax(model(torch.from_numpy(x)), dim=1).numpy()

    return Call(call)


def network(layers: list[Layer], dropout: float) -> nn.Sequential:
    """The network of these arrays."""
    made: list[nn.Module] = []
    for place, layer in enumerate(layers):
        linear = nn.Linear(*layer.weight.shape, bias=layer.bias is not None)
        linear.weight.data = torch.tensor(np.ascontiguousarray(layer.weight.T))
        made.append(linear)
        if layer.bias is not None:
            linear.bias.data = torch.tensor(layer.bias)
        if layer.scale is not None:
            norm = nn.BatchNorm1d(len(layer.scale), NORM_EPSILON, 1 - NORM_MOMENTUM)
            norm.weight.data, norm.bias.data = torch.tensor(layer.scale), torch.tensor(layer.shift)
            made.append(norm)
        if place < len(layers) - 1:
            made.append(nn.ReLU())
            made += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*made)


def arrays(model: nn.Sequential) -> list[Layer]:
    """The arrays of a network that `network` made."""
    found: list[Layer] = []
    for part in model:
        if isinstance(part, nn.Linear):
            bias = None if part.bias is None else part.bias.detach().numpy().copy()
            found.append(Layer(part.weight.detach().numpy().T.copy(), bias))
        if isinstance(part, nn.BatchNorm1d):
            scale, shift = (p.detach().numpy().copy() for p in (part.weight, part.bias))
            found[-1] = Layer(found[-1].weight, None, scale, shift)
    return found


def _optimizer(model: nn.Sequential, case: Case) -> torch.optim.Optimizer:
    rate = LEARNING_RATE[case.optimizer]
    if case.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), rate, fused=True)
    return torch.optim.Adam(model.parameters(), rate, BETAS, EPSILON, fused=True)


def _loss(case: Case) -> Callable[..., torch.Tensor]:
    is_binary = case.is_binary
    return functional.binary_cross_entropy_with_logits if is_binary else functional.cross_entropy


def _eager(model: nn.Sequential, case: Case) -> Step:
    optimizer, loss = _optimizer(model, case), _loss(case)

    def step(x: torch.Tensor, y: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss(model(x), y).backward()
        optimizer.step()

    return step


def _compiled(model: nn.Sequential, case: Case) -> Step:
    """Loss, gradient and update as one function of tensors: one compiled graph.

    It takes a quarter to two thirds of the time of a compiled model with the fused optimiser.
    """
    objective = _functional(model, case)
    parameters = {name: p.detach() for name, p in model.named_parameters()}
    buffers = dict(model.named_buffers())
    moments = {name: (torch.zeros_like(p), torch.zeros_like(p)) for name, p in parameters.items()}
    update = UPDATES[case.optimizer]

    def whole(parameters: Any, buffers: Any, moments: Any, t: Any, x: Any, y: Any) -> None:
        gradients, after = torch.func.grad(objective, has_aux=True)(parameters, buffers, x, y)
        t.add_(1)
        for name, parameter in parameters.items():
            update(parameter, gradients[name], *moments[name], t)
        for name, buffer in buffers.items():
            buffer.copy_(after[name])

    # Compiled code is kept by code object; a new one has guards of its own alone to pass.
    whole.__code__ = whole.__code__.replace()
    options: dict[str, Any] = {"cpp_wrapper": True}
    compiled = torch.compile(whole, dynamic=False, fullgraph=True, options=options)
    t = torch.zeros(())
    return lambda x, y: compiled(parameters, buffers, moments, t, x, y)


def _functional(model: nn.Sequential, case: Case) -> Callable[..., Any]:
    """(parameters, running statistics, x, y) -> (loss, running statistics)."""
    loss = _loss(case)

    def objective(parameters: Any, buffers: Any, x: Any, y: Any) -> Any:
        after = {name: buffer.clone() for name, buffer in buffers.items()}
        output = torch.func.functional_call(model, {**parameters, **after}, (x,))
        return loss(output, y), after

    return objective


def _sgd(parameter: Any, gradient: Any, m: Any, v: Any, t: Any) -> None:
    parameter.sub_(gradient, alpha=LEARNING_RATE["sgd"])


def _adam(parameter: Any, gradient: Any, m: Any, v: Any, t: Any) -> None:
    beta1, beta2 = BETAS
    m.mul_(beta1).add_(gradient, alpha=1 - beta1)
    v.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    size = (v / (1 - beta2**t)).sqrt() + EPSILON
    parameter.sub_(LEARNING_RATE["adam"] * (m / (1 - beta1**t)) / size)


UPDATES: dict[str, Callable[..., None]] = {"sgd": _sgd, "adam": _adam}


#: How a training step is made of a model and a case.
STEPS: dict[str, Callable[[nn.Sequential, Case], Step]] = {
    "eager": _eager,
    "compiled": _compiled,
}
