"""Optimisers and schedules against those of PyTorch: the same paths, the same curves."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.train.optimizers import optimizer
from chainrule.train.schedules import Clock, schedule


pytestmark = pytest.mark.oracle

STEPS = 50
ROWS = np.random.default_rng(0).normal(size=(40, 6)) * [1, 2, 0.5, 1, 3, 0.1]
LABELS = (ROWS @ [1, -1, 2, 0, 0.5, 4] > 0.3).astype(float)
START = np.linspace(-1, 1, 6)


@pytest.fixture(scope="module")
def torch():
    library = pytest.importorskip("torch")
    # NAdam keeps its product of momenta in the default dtype, not in that of the parameters.
    library.set_default_dtype(library.float64)
    yield library
    library.set_default_dtype(library.float32)


# ---- paths: 50 steps of logistic regression ------------------------------------------------------


def objective(w):
    scores = ROWS @ w
    return cr.mean(cr.softplus(scores) - LABELS * scores)


def our_path(text, rates):
    chosen, point = optimizer(text), START
    state, gradient = chosen.init(point), cr.trace(cr.grad(objective), point)
    points = []
    for step, rate in enumerate(rates, start=1):
        shrunk = point - rate * chosen.weight_decay * point  # as the training step does
        point, state = chosen.update(shrunk, gradient(point), state, rate, np.float64(step))
        points.append(point)
    return np.array(points)


def torch_path(torch, method, rates, settings):
    rows, labels = torch.tensor(ROWS), torch.tensor(LABELS)
    point = torch.tensor(START, requires_grad=True)
    theirs = getattr(torch.optim, method)([point], lr=1.0, **settings)
    points = []
    for rate in rates:
        theirs.param_groups[0]["lr"] = rate
        theirs.zero_grad()
        scores = rows @ point
        loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels)
        loss.backward()
        theirs.step()
        points.append(point.detach().numpy().copy())
    return np.array(points)


CONSTANT = np.full(STEPS, 0.02)  # at 0.05 RMSprop oscillates, and rounding errors grow to 1e-9
FALLING = 0.2 / np.arange(1, STEPS + 1)
MOMENTUM = {
    "momentum(momentum=0.8)": ("SGD", {"momentum": 0.8}),
    "nesterov(momentum=0.8)": ("SGD", {"momentum": 0.8, "nesterov": True}),
}
OTHERS = {
    "sgd": ("SGD", {}),
    "adagrad": ("Adagrad", {"eps": 1e-7}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop(rho=0.9, epsilon=1e-3)": ("RMSprop", {"alpha": 0.9, "eps": 1e-3}),
    "adadelta": ("Adadelta", {}),
    "adam": ("Adam", {}),
    "adam(beta1=0.8, beta2=0.95, epsilon=1e-3)": ("Adam", {"betas": (0.8, 0.95), "eps": 1e-3}),
    "adamax": ("Adamax", {}),
    "nadam": ("NAdam", {}),
    "nadam(beta1=0.8, momentum_decay=0.1)": (
        "NAdam",
        {"betas": (0.8, 0.999), "momentum_decay": 0.1},
    ),
    "adamw": ("AdamW", {}),
    "adamw(weight_decay=0.3)": ("AdamW", {"weight_decay": 0.3}),
}


@pytest.mark.parametrize("rates", [CONSTANT, FALLING], ids=["constant", "falling"])
@pytest.mark.parametrize("text", OTHERS)
def test_path_is_that_of_torch(text, rates, torch):
    theirs = torch_path(torch, OTHERS[text][0], rates, OTHERS[text][1])
    np.testing.assert_allclose(our_path(text, rates), theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("text", MOMENTUM)
def test_path_with_velocity_is_that_of_torch_at_a_constant_rate(text, torch):
    """There the gradients are summed and then multiplied by the rate: at one rate, the same."""
    theirs = torch_path(torch, MOMENTUM[text][0], CONSTANT, MOMENTUM[text][1])
    np.testing.assert_allclose(our_path(text, CONSTANT), theirs, rtol=0, atol=1e-9)


# ---- curves --------------------------------------------------------------------------------------


def torch_curve(torch, make, steps, watched=None):
    """The learning rates of `steps` updates, from 1."""
    chosen = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = make(torch.optim.lr_scheduler, chosen)
    rates = []
    for step in range(steps):
        rates.append(chosen.param_groups[0]["lr"])
        chosen.step()
        theirs.step(*([] if watched is None else [watched[step]]))
    return rates


def warmup_then_cosine(library, chosen):
    ramp = library.LinearLR(chosen, start_factor=0.1, total_iters=10)
    rest = library.CosineAnnealingLR(chosen, T_max=40, eta_min=0.01)
    return library.SequentialLR(chosen, [ramp, rest], milestones=[10])


CURVES = {
    "step_decay(every=7, unit=step)": lambda lib, o: lib.StepLR(o, 7),
    "step_decay(factor=0.5, milestones=(10, 30), unit=step)": lambda lib, o: lib.MultiStepLR(
        o, [10, 30], gamma=0.5
    ),
    "exponential(unit=step)": lambda lib, o: lib.ExponentialLR(o, 0.95),
    "polynomial(power=2.5)": lambda lib, o: lib.PolynomialLR(o, STEPS, power=2.5),
    "cosine(end=0.01)": lambda lib, o: lib.CosineAnnealingLR(o, STEPS, eta_min=0.01),
    "cosine(cycles=5)": lambda lib, o: lib.CosineAnnealingWarmRestarts(o, STEPS // 5),
    "warmup(steps=10, start=0.1, then=cosine(end=0.01))": warmup_then_cosine,
}


@pytest.mark.parametrize("text", CURVES)
def test_curve_is_that_of_torch(text, torch):
    found = schedule(text).factor(Clock(np.arange(float(STEPS)), STEPS, 10))
    np.testing.assert_allclose(found, torch_curve(torch, CURVES[text], STEPS), rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("patience", "cooldown", "threshold", "smallest"),
    [(0, 0, 1e-4, 0.0), (2, 0, 0.1, 0.0), (1, 3, 1e-4, 1e-3), (3, 2, 0.05, 0.0)],
)
def test_plateaus_are_those_of_torch(seed, patience, cooldown, threshold, smallest, torch):
    watched = np.random.default_rng(seed).uniform(0.5, 1, STEPS) * np.exp(-0.02 * np.arange(STEPS))
    theirs = torch_curve(
        torch,
        lambda library, chosen: library.ReduceLROnPlateau(
            chosen,
            factor=0.5,
            patience=patience,
            cooldown=cooldown,
            threshold=threshold,
            min_lr=smallest,
            eps=0,
        ),
        STEPS,
        watched,
    )
    chosen = schedule(
        f"reduce_on_plateau(factor=0.5, patience={patience}, cooldown={cooldown}, "
        f"threshold={threshold}, smallest={smallest})"
    )
    first = np.zeros(1)
    found = [chosen.factor(Clock(first, STEPS, 1, watched[:n]))[0] for n in range(STEPS)]
    np.testing.assert_array_equal(found, theirs)
