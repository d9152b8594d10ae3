"""Optimisers with a step size of its own for each parameter, from the sizes of its gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.train.bounds import BELOW_1, NOT_NEGATIVE, POSITIVE
from chainrule.train.descent import Optimizer, State, along, zeros


def adagrad(learning_rate: float = 0.01, epsilon: float = 1e-7) -> Optimizer:
    """AdaGrad (OP-08): h ← h + g², w ← w - η g / (√h + ε).

    J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", 2011.
    """
    epsilon = POSITIVE.check("adagrad: epsilon", epsilon)

    def direction(gradient: Any, state: State, step: Any) -> tuple[Any, State]:
        h = state["h"] + ops.square(gradient)
        return gradient / (ops.sqrt(h) + epsilon), {"h": h}

    return along("adagrad", learning_rate, zeros("h"), direction)


def rmsprop(learning_rate: float = 1e-3, rho: float = 0.99, epsilon: float = 1e-8) -> Optimizer:
    """RMSprop (OP-10): h ← ρh + (1-ρ)g², w ← w - η g / (√h + ε).

    T. Tieleman, G. Hinton, "Lecture 6.5: rmsprop", 2012.
    """
    rho = BELOW_1.check("rmsprop: rho", rho)
    epsilon = POSITIVE.check("rmsprop: epsilon", epsilon)

    def direction(gradient: Any, state: State, step: Any) -> tuple[Any, State]:
        h = _average(rho, state["h"], ops.square(gradient))
        return gradient / (ops.sqrt(h) + epsilon), {"h": h}

    return along("rmsprop", learning_rate, zeros("h"), direction)


def adadelta(learning_rate: float = 1.0, rho: float = 0.9, epsilon: float = 1e-6) -> Optimizer:
    """AdaDelta (OP-11): h ← ρh + (1-ρ)g², d = √(s+ε) / √(h+ε) g, w ← w - η d, s ← ρs + (1-ρ)d².

    M. Zeiler, "ADADELTA: an adaptive learning rate method", 2012, where η is 1.
    """
    rho = BELOW_1.check("adadelta: rho", rho)
    epsilon = POSITIVE.check("adadelta: epsilon", epsilon)

    def direction(gradient: Any, state: State, step: Any) -> tuple[Any, State]:
        h = _average(rho, state["h"], ops.square(gradient))
        toward = ops.sqrt(state["s"] + epsilon) / ops.sqrt(h + epsilon) * gradient
        return toward, {"h": h, "s": _average(rho, state["s"], ops.square(toward))}

    return along("adadelta", learning_rate, zeros("h", "s"), direction)


def adam(
    learning_rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> Optimizer:
    """Adam (OP-09): m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², w ← w - η m̂ / (√v̂ + ε).

    m̂ = m / (1-β₁ᵗ) and v̂ = v / (1-β₂ᵗ) in step t. D. Kingma, J. Ba, "Adam: a method for
    stochastic optimization", 2015; ε is added after the root of v̂, as there.
    """
    beta1, beta2, epsilon = _adam_settings("adam", beta1, beta2, epsilon)

    def direction(gradient: Any, state: State, step: Any) -> tuple[Any, State]:
        m = _average(beta1, state["m"], gradient)
        v = _average(beta2, state["v"], ops.square(gradient))
        size = ops.sqrt(_unbiased(v, beta2, step)) + epsilon
        return _unbiased(m, beta1, step) / size, {"m": m, "v": v}

    return along("adam", learning_rate, zeros("m", "v"), direction)


def adamw(
    learning_rate: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> Optimizer:
    """Adam with decoupled weight decay: w ← w - η λ w before each update, λ being `weight_decay`.

    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", 2019.
    """
    beta1, beta2, epsilon = _adam_settings("adamw", beta1, beta2, epsilon)
    plain = adam(1.0, beta1, beta2, epsilon)
    return replace(plain, name="adamw", learning_rate=learning_rate, weight_decay=weight_decay)


def adamax(
    learning_rate: float = 2e-3, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> Optimizer:
    """AdaMax (OP-11): m ← β₁m + (1-β₁)g, u ← max(β₂u, |g| + ε), w ← w - η m / ((1-β₁ᵗ) u).

    D. Kingma, J. Ba, "Adam: a method for stochastic optimization", 2015, section 7.1. There is no
    ε there: it keeps the step finite where every gradient so far was 0.
    """
    beta1, beta2, epsilon = _adam_settings("adamax", beta1, beta2, epsilon)

    def direction(gradient: Any, state: State, step: Any) -> tuple[Any, State]:
        m = _average(beta1, state["m"], gradient)
        u = ops.maximum(beta2 * state["u"], ops.abs(gradient) + epsilon)
        return _unbiased(m, beta1, step) / u, {"m": m, "u": u}

    return along("adamax", learning_rate, zeros("m", "u"), direction)


def nadam(
    learning_rate: float = 2e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    momentum_decay: float = 4e-3,
) -> Optimizer:
    """NAdam, Adam with Nesterov's momentum. With m, v and v̂ as in Adam, ψ the `momentum_decay`:

    μₜ = β₁ (1 - ½ 0.96^(t ψ)), Mₜ = μ₁ ... μₜ,
    w ← w - η (μₜ₊₁ m / (1 - Mₜ₊₁) + (1-μₜ) g / (1 - Mₜ)) / (√v̂ + ε)

    T. Dozat, "Incorporating Nesterov momentum into Adam", 2016.
    """
    beta1, beta2, epsilon = _adam_settings("nadam", beta1, beta2, epsilon)
    momentum_decay = NOT_NEGATIVE.check("nadam: momentum_decay", momentum_decay)

    def init(parameters: Any) -> State:
        return {**zeros("m", "v")(parameters), "product": np.ones(())}

    def mu(step: Any) -> Any:
        return beta1 * (1 - 0.5 * _power(0.96, momentum_decay * step))

    def direction(gradient: Any, state: State, step: Any) -> tuple[Any, State]:
        m = _average(beta1, state["m"], gradient)
        v = _average(beta2, state["v"], ops.square(gradient))
        now, following = mu(step), mu(step + 1)
        product = state["product"] * now
        of_m = ops.cast(following / (1 - product * following), gradient.dtype)
        of_gradient = ops.cast((1 - now) / (1 - product), gradient.dtype)
        size = ops.sqrt(_unbiased(v, beta2, step)) + epsilon
        return (of_m * m + of_gradient * gradient) / size, {"m": m, "v": v, "product": product}

    return along("nadam", learning_rate, init, direction)


def _adam_settings(
    name: str, beta1: float, beta2: float, epsilon: float
) -> tuple[float, float, float]:
    return (
        BELOW_1.check(f"{name}: beta1", beta1),
        BELOW_1.check(f"{name}: beta2", beta2),
        POSITIVE.check(f"{name}: epsilon", epsilon),
    )


def _average(decay: float, average: Any, new: Any) -> Any:
    """The exponential moving average, one value later."""
    return decay * average + (1 - decay) * new


def _unbiased(average: Any, decay: float, step: Any) -> Any:
    """The moving average after `step` values, without the share of the 0 that it began with."""
    return ops.cast(1 / (1 - _power(decay, step)), average.dtype) * average


def _power(number: float, exponent: Any) -> Any:
    """`number` to a power, in float64: in float32 1 - 0.999ᵗ would keep four digits at first."""
    return ops.power(np.float64(number), exponent)
