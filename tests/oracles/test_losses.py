"""Losses and their gradients against PyTorch. `make test-oracles`."""

import numpy as np
import pytest

import chainrule as cr


pytestmark = pytest.mark.oracle

rng = np.random.default_rng(0)
OUTPUTS, TARGETS = rng.normal(size=(2, 30, 4))
LABELS = rng.integers(0, 4, 30)
SOFT = rng.dirichlet(np.ones(4), 30)
YES = rng.uniform(size=(30, 4))
COUNTS = rng.poisson(2, (30, 4)).astype(float)
CASES = {
    "squared_error": (TARGETS, lambda f, z, t: f.mse_loss(z, t, reduction="none").sum(1)),
    "absolute_error": (TARGETS, lambda f, z, t: f.l1_loss(z, t, reduction="none").sum(1)),
    "huber(delta=0.7)": (
        TARGETS,
        lambda f, z, t: f.huber_loss(z, t, reduction="none", delta=0.7).sum(1),
    ),
    "poisson": (
        COUNTS,
        lambda f, z, t: f.poisson_nll_loss(z, t, reduction="none", log_input=True).sum(1),
    ),
    "gaussian_nll": (
        TARGETS[:, :2],
        lambda f, z, t: f.gaussian_nll_loss(
            z[:, :2], t, z[:, 2:].exp(), full=True, eps=1e-300, reduction="none"
        ).sum(1),
    ),
    "cross_entropy": (LABELS, lambda f, z, t: f.cross_entropy(z, t, reduction="none")),
    "cross_entropy(label_smoothing=0.2)": (
        LABELS,
        lambda f, z, t: f.cross_entropy(z, t, reduction="none", label_smoothing=0.2),
    ),
    "cross_entropy(label_smoothing=0.3)": (
        SOFT,
        lambda f, z, t: f.cross_entropy(z, t, reduction="none", label_smoothing=0.3),
    ),
    "binary_cross_entropy": (
        YES,
        lambda f, z, t: f.binary_cross_entropy_with_logits(z, t, reduction="none").sum(1),
    ),
    "binary_cross_entropy(outputs='mean')": (
        YES,
        lambda f, z, t: f.multilabel_soft_margin_loss(z, t, reduction="none"),
    ),
}


@pytest.mark.parametrize("scale", [1.0, 50.0])
@pytest.mark.parametrize("name", CASES)
def test_loss_and_gradient_agree(name, scale, assert_close):
    import torch

    target, peer = CASES[name]
    outputs = OUTPUTS * (scale if "poisson" not in name and "gaussian" not in name else 1)
    function = cr.nn.loss(name).function
    z = torch.tensor(outputs, requires_grad=True)
    losses = peer(torch.nn.functional, z, torch.tensor(target))
    losses.sum().backward()
    assert_close(function(outputs, target), losses.numpy(force=True), 1e-12)
    gradient = cr.grad(lambda z: cr.sum(function(z, target)))(outputs)
    assert_close(gradient, z.grad.numpy(force=True), 1e-12)


@pytest.mark.parametrize("margin", [1.0, 0.3])
def test_hinge_of_two_classes_is_twice_their_multi_margin_loss(margin, assert_close):
    """The peer divides by the classes, and sums over the others where we take the worst."""
    import torch

    scores, labels = OUTPUTS[:, :2], LABELS % 2
    want = torch.nn.functional.multi_margin_loss(
        torch.tensor(scores), torch.tensor(labels), margin=margin, reduction="none"
    )
    assert_close(cr.nn.hinge(scores, labels, margin), 2 * want.numpy(), 1e-12)
