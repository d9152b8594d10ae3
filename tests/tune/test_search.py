"""A search: what it records, prints, survives and refuses, and what it finds for networks."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.tune import Trial, choice, integer, log_uniform, search, uniform


LINE = {"a": uniform(0, 1)}
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
HELD_OUT = X[40:], Y[40:]


def test_trials_are_recorded_in_their_order():
    tried = []

    def objective(values):
        tried.append(values)
        return values["a"]

    found = search(objective, LINE, trials=5)
    assert [trial.values for trial in found.trials] == tried
    assert [trial.score for trial in found.trials] == [values["a"] for values in tried]
    assert all(trial.seconds >= 0 and trial.error is None for trial in found.trials)
    assert not found.interrupted


def test_best_is_the_lowest_score_and_the_first_of_equal_ones():
    found = search(lambda values: round(values["a"]), LINE, trials=10)
    lowest = [trial for trial in found.trials if trial.score == 0]
    assert len(lowest) > 1 and found.best is lowest[0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_a_failure_and_never_the_best(bad):
    found = search(lambda values: bad if values["a"] < 0.5 else values["a"], LINE, trials=10)
    failed = [trial for trial in found.trials if trial.values["a"] < 0.5]
    assert failed and all(trial.error == f"the loss is {bad}" for trial in failed)
    assert all(math.isnan(trial.score) for trial in failed)
    assert found.best.values["a"] >= 0.5


def test_an_error_is_a_failure_with_its_message():
    def objective(values):
        if values["a"] < 0.5:
            raise RuntimeError("no\nmemory")
        return values["a"]

    found = search(objective, LINE, trials=10)
    errors = [trial.error for trial in found.trials if trial.values["a"] < 0.5]
    assert errors and set(errors) == {"RuntimeError: no memory"}
    assert found.best.values["a"] >= 0.5


def test_without_a_finite_loss_there_is_no_best():
    found = search(lambda values: math.nan, LINE, trials=3)
    with pytest.raises(
        ValueError, match="none of 3 trials gave a finite loss; the first: the loss"
    ):
        _ = found.best


def test_ctrl_c_returns_the_trials_so_far():
    calls = []

    def objective(values):
        calls.append(values)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return values["a"]

    found = search(objective, LINE, trials=10)
    assert found.interrupted and len(found.trials) == 3
    assert found.best.score == min(values["a"] for values in calls[:3])


def test_an_objective_that_changes_its_values_does_not_change_the_record():
    found = search(lambda values: values.pop("a"), LINE, trials=2)
    assert all(set(trial.values) == {"a"} for trial in found.trials)


def test_table_has_the_best_first_and_failures_last():
    found = search(
        lambda values: 1 / 0 if values["a"] < 0.5 else values["a"], LINE, trials=5, progress=False
    )
    head, *lines = str(found).splitlines()
    assert head.split() == ["trial", "loss", "seconds", "a"]
    assert lines[0].split()[:2] == ["1", "0.636962"]
    assert lines[-1].endswith("ZeroDivisionError: division by zero")
    assert len(lines) == 5 and found.table(most=2).splitlines() == [head.rstrip(), *lines[:2]]


def test_progress_is_a_line_for_each_trial(capsys):
    search(lambda values: values["a"], LINE, trials=2, progress=True)
    assert capsys.readouterr().err == (
        "trial 1/2  loss 0.637  best 0.637  a=0.637\n"
        "trial 2/2  loss 0.2698  best 0.2698  a=0.2698\n"
    )


def test_without_a_terminal_there_is_no_progress(capsys):
    search(lambda values: values["a"], LINE, trials=2)
    assert capsys.readouterr().err == ""


# ---- networks --------------------------------------------------------------------------------


def trained(values, **settings):
    net = cr.nn.mlp([3, values.get("units", 8), 2], "tanh", rng=0, dropout=values.get("dropout", 0))
    options = {"loss": "cross_entropy", "validation": HELD_OUT, "epochs": 5, "progress": False}
    rate = cr.train.momentum(values.get("rate", 0.1))
    penalty = cr.nn.l2(values.get("strength", 1e-9))
    return cr.train.fit(
        net, X[:40], Y[:40], optimizer=rate, penalty=penalty, **{**options, **settings}
    )


def test_what_fit_returns_counts_by_its_lowest_validation_loss():
    found = search(trained, {"rate": log_uniform(1e-3, 1)}, trials=2)
    again = trained(found.best.values).history["validation_loss"]
    assert found.best.score == min(again)


def test_every_hyper_parameter_can_be_searched_together():
    """HP-01, HP-02: nodes, batch size, rate, schedule, penalty, dropout, on a validation set."""
    space = {
        "units": integer(2, 32, log=True),
        "batch": choice(8, 16, None),
        "schedule": choice("constant", "cosine"),
        "rate": log_uniform(1e-6, 10),
        "strength": log_uniform(1e-6, 1e-1),
        "dropout": uniform(0, 0.5),
    }
    found = search(
        lambda values: trained(values, batch_size=values["batch"], schedule=values["schedule"]),
        space,
        trials=8,
    )
    worst = max(trial.score for trial in found.trials if trial.error is None)
    assert found.best.score < worst


def test_strength_of_the_penalty_lies_between_over_and_underfitting():
    """HP-06: of noisy data a wide network learns the noise, and under a large λ nothing."""
    x = np.linspace(-1, 1, 12)[:, None]
    noise = 0.4 * np.random.default_rng(1).normal(size=12)
    fine = np.linspace(-1, 1, 50)[:, None]
    net = cr.nn.mlp([1, 30, 1], "tanh", rng=0, dtype="float64")

    def objective(values):
        result = cr.train.fit(
            net, x, np.sin(3 * x[:, 0]) + noise, loss="squared_error", optimizer="lbfgs",
            epochs=8, penalty=cr.nn.l2(values["strength"]), progress=False,
        )  # fmt: skip
        return np.mean((result.network(fine)[:, 0] - np.sin(3 * fine[:, 0])) ** 2)

    found = search(objective, {"strength": log_uniform(1e-7, 10)}, strategy="grid", trials=5)
    scores = [trial.score for trial in found.trials]
    assert 0 < scores.index(min(scores)) < 4


def test_diverged_training_is_a_failure():
    def diverges(values):
        net = cr.nn.mlp([3, 1], rng=0)
        return cr.train.fit(
            net, 1e6 * X, Y, loss="squared_error", optimizer=cr.train.sgd(1e3), validation=0.2,
            progress=False,
        )  # fmt: skip

    found = search(lambda values: diverges(values) if values["a"] else 1.0,
                   {"a": choice(True, False)}, strategy="grid", trials=2)  # fmt: skip
    assert str(found.trials[0].error).startswith("DivergedError: fit: ")
    assert found.best is found.trials[1]


def test_ctrl_c_during_training_ends_the_search():
    def interrupt(moment):
        raise KeyboardInterrupt

    found = search(lambda values: trained(values, callbacks=[interrupt]), LINE, trials=3)
    assert found.interrupted and found.trials == ()


def test_training_without_validation_is_refused():
    with pytest.raises(ValueError, match="without a validation set; pass validation="):
        search(lambda values: trained(values, validation=None), LINE, trials=3)


@pytest.mark.parametrize("returned", [None, "0.5", [0.5], np.zeros(2), True, 1j])
def test_an_objective_that_returns_no_number_is_refused(returned):
    with pytest.raises(TypeError, match="expected the validation loss, one number"):
        search(lambda values: returned, LINE, trials=3)


@pytest.mark.parametrize("returned", [1, 0.5, np.float32(0.5), np.array(2.0)])
def test_numbers_of_all_kinds_are_scores(returned):
    found = search(lambda values: returned, LINE, trials=1)
    assert found.best == Trial(found.best.values, float(returned), found.best.seconds)


@pytest.mark.parametrize(
    ("space", "settings", "error", "message"),
    [
        ({}, {}, ValueError, "empty"),
        ([uniform(0, 1)], {}, TypeError, "expected a dict"),
        ({"a": [0.1, 0.2]}, {}, TypeError, r"'a' is \[0.1, 0.2\]; expected uniform"),
        (LINE, {"trials": 0}, ValueError, "trials is 0"),
        (LINE, {"trials": 2.5}, ValueError, "trials is 2.5"),
        (LINE, {"trials": True}, ValueError, "trials is True"),
        (LINE, {"seed": -1}, ValueError, "seed is -1"),
    ],
)
def test_arguments_that_cannot_be_are_refused(space, settings, error, message):
    with pytest.raises(error, match=message):
        search(lambda values: values["a"], space, **settings)
