"""L-BFGS by SciPy, inside the same loop as every other optimiser."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import fit


rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
Y = (X @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=60) > 0).astype(int)


def net(*sizes, **settings):
    return cr.nn.mlp(sizes or (4, 2), "tanh", rng=0, dtype="float64", **settings)


def test_finds_the_minimum_of_a_convex_objective():
    """That of scikit-learn's logistic regression with the same penalty."""
    from sklearn.linear_model import LogisticRegression

    strength = 0.01
    result = fit(net(), X, Y, loss="cross_entropy", optimizer="lbfgs(tolerance=1e-9)", epochs=20,
                 penalty=f"l2(strength={strength})")  # fmt: skip
    peer = LogisticRegression(C=1 / (60 * strength), tol=1e-10, max_iter=1000).fit(X, Y)
    scores = result.network(X)
    want = peer.predict_proba(X)[:, 1]
    # Of two logits w and -w, 2 λ ‖w‖² is penalised: ½ λ ‖2w‖² of their difference.
    found = 1 / (1 + np.exp(scores[:, 0] - scores[:, 1]))
    np.testing.assert_allclose(found, want, atol=2e-5)


def test_same_bits_again_and_the_history_is_that_of_epochs():
    first, again = (
        fit(net(4, 6, 2), X, Y, loss="cross_entropy", optimizer="lbfgs(iterations=5)", epochs=4,
            validation=0.2) for _ in range(2)
    )  # fmt: skip
    assert first.history["loss"] == again.history["loss"]
    assert len(first.history["validation_accuracy"]) == 4
    assert "learning_rate" not in first.history
    assert first.history["loss"] == sorted(first.history["loss"], reverse=True)


def test_weights_of_samples_enter():
    weights = np.arange(60) % 2
    result = fit(net(), X, Y, loss="cross_entropy", optimizer="lbfgs", epochs=3,
                 penalty="l2(strength=0.1)", sample_weight=weights)  # fmt: skip
    half = fit(net(), X[1::2], Y[1::2], loss="cross_entropy", optimizer="lbfgs", epochs=3,
               penalty="l2(strength=0.1)")  # fmt: skip
    np.testing.assert_allclose(result.network(X), half.network(X), atol=1e-4)


def test_dropout_and_batch_normalisation_work_with_it():
    network = net(4, 8, 2, batch_norm=True, dropout=0.2)
    result = fit(network, X, Y, loss="cross_entropy", optimizer="lbfgs", epochs=5)
    assert max(result.history["loss"]) < 0.1
    assert np.mean(result.network(X).argmax(axis=1) == Y) > 0.7


@pytest.mark.parametrize(
    "option",
    [{"weight_decay": 0.1}, {"clip_norm": 1.0}, {"average": 0.9}, {"schedule": "cosine"},
     {"groups": [cr.train.Group("*", 0.1)]}],
)  # fmt: skip
def test_what_has_no_meaning_for_it_is_refused(option):
    with pytest.raises(ValueError, match=f"{next(iter(option))}.* with lbfgs"):
        fit(net(), X, Y, loss="cross_entropy", optimizer="lbfgs", **option)


def test_blocks_are_refused():
    with pytest.raises(ValueError, match="x in blocks with lbfgs, which needs all samples at once"):
        fit(net(), [(X[:30], Y[:30]), (X[30:], Y[30:])], loss="cross_entropy", optimizer="lbfgs")
