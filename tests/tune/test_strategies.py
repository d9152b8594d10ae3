"""Which values each strategy tries: grid, random, coarse to fine, optuna."""

import math
import sys

import pytest

from chainrule import tune
from chainrule.tune import choice, integer, log_uniform, search, uniform


SPACE = {
    "rate": log_uniform(1e-6, 10),
    "units": integer(4, 64, log=True),
    "momentum": uniform(0, 1),
    "activation": choice("relu", "tanh"),
}
each_sampler = pytest.mark.parametrize("strategy", ["random", "coarse-to-fine", "optuna"])


def bowl(values):
    """Lowest, 0, at rate 0.01, 16 units, momentum 0.3 and tanh."""
    return (
        (math.log10(values["rate"]) + 2) ** 2
        + math.log2(values["units"] / 16) ** 2
        + (values["momentum"] - 0.3) ** 2
        + (values["activation"] == "relu")
    )


def values_of(strategy, objective=bowl, space=SPACE, **settings):
    if strategy == "optuna":
        pytest.importorskip("optuna")
    found = search(objective, space, strategy=strategy, progress=False, **settings)
    return [trial.values for trial in found.trials]


def test_grid_takes_every_combination_once():
    space = {"a": choice(1, 2, 3), "b": choice("x", "y")}
    tried = values_of("grid", lambda values: 0, space, trials=6)
    assert tried == [{"a": a, "b": b} for a in (1, 2, 3) for b in "xy"]


def test_grid_shares_the_trials_between_intervals():
    tried = values_of("grid", lambda values: 0, {"a": uniform(0, 1), "b": uniform(0, 1)}, trials=9)
    thirds = (0.0, 0.5, 1.0)
    assert tried == [{"a": a, "b": b} for a in thirds for b in thirds]


def test_grid_takes_no_more_than_the_trials():
    space = {"a": uniform(0, 1), "b": uniform(0, 1), "c": choice(1, 2)}
    for trials in (2, 3, 7, 17, 20, 31):
        assert trials / 2 < len(values_of("grid", lambda values: 0, space, trials=trials)) <= trials


def test_grid_does_not_take_a_whole_number_twice():
    space = {"a": integer(1, 3), "b": uniform(0, 1)}
    tried = values_of("grid", lambda values: 0, space, trials=30)
    assert sorted({values["a"] for values in tried}) == [1, 2, 3]
    assert len(tried) == 30


def test_grid_with_more_options_than_trials_is_refused():
    with pytest.raises(ValueError, match="6 combinations, more than trials=5"):
        values_of("grid", bowl, {"a": choice(1, 2, 3), "b": choice(1, 2)}, trials=5)


def test_random_search_tries_more_values_of_each_name_than_a_grid():
    """HP-04: 9 trials are 3 rates on a grid, and 9 at random."""
    space = {"rate": log_uniform(1e-6, 10), "useless": uniform(0, 1)}
    rates = {
        strategy: len(
            {values["rate"] for values in values_of(strategy, bowl_of_rate, space, trials=9)}
        )
        for strategy in ("grid", "random")
    }
    assert rates == {"grid": 3, "random": 9}


def bowl_of_rate(values):
    return (math.log10(values["rate"]) + 2) ** 2


@each_sampler
def test_same_seed_tries_the_same_values(strategy):
    tried = values_of(strategy, trials=15, seed=3)
    assert tried == values_of(strategy, trials=15, seed=3)
    assert tried != values_of(strategy, trials=15, seed=4)


@each_sampler
def test_values_are_of_the_kind_and_within_the_bounds_of_their_range(strategy):
    for values in values_of(strategy, trials=20):
        assert 1e-6 <= values["rate"] <= 10 and 0 <= values["momentum"] <= 1
        assert isinstance(values["units"], int) and 4 <= values["units"] <= 64
        assert values["activation"] in ("relu", "tanh")


def test_more_trials_begin_with_the_same_ones():
    assert values_of("random", trials=20)[:5] == values_of("random", trials=5)


def test_coarse_to_fine_narrows_around_the_best_in_log_scale():
    """HP-05: after round one of two, rates lie within 0.3 of seven decades around the best."""
    tried = values_of("coarse-to-fine(rounds=2, share=0.3)", trials=20)
    best = min(tried[:10], key=bowl)
    decades = [math.log10(values["rate"] / best["rate"]) for values in tried[10:]]
    assert max(decades) - min(decades) <= 0.3 * 7


def test_coarse_to_fine_comes_closer_than_random_for_most_seeds():
    def lowest(strategy, seed):
        return search(bowl, SPACE, strategy=strategy, trials=60, seed=seed).best.score

    closer = [lowest("coarse-to-fine", seed) < lowest("random", seed) for seed in range(20)]
    assert sum(closer) >= 15


def test_coarse_to_fine_searches_everywhere_while_all_trials_fail():
    tried = values_of("coarse-to-fine", lambda values: math.nan, trials=60)
    last = [math.log10(values["rate"]) for values in tried[45:]]
    assert max(last) - min(last) > 0.5 * 7


@pytest.mark.parametrize("trials", [1, 2, 7, 20])
def test_coarse_to_fine_takes_all_trials(trials):
    assert len(values_of("coarse-to-fine", trials=trials)) == trials


def test_optuna_suggests_what_a_study_of_its_own_would():
    library = pytest.importorskip("optuna")

    def objective(trial):
        return bowl(
            {
                "rate": trial.suggest_float("rate", 1e-6, 10, log=True),
                "units": trial.suggest_int("units", 4, 64, log=True),
                "momentum": trial.suggest_float("momentum", 0, 1),
                "activation": "relu",
            }
        )

    study = library.create_study(sampler=library.samplers.TPESampler(seed=3))
    study.optimize(objective, n_trials=25)
    space = {name: SPACE[name] for name in ("rate", "units", "momentum")}
    tried = values_of(
        "optuna", lambda values: bowl({**values, "activation": "relu"}), space, trials=25, seed=3
    )
    assert tried == [trial.params for trial in study.trials]


def test_optuna_is_told_of_failures():
    pytest.importorskip("optuna")

    def fails_for_large_rates(values):
        return math.nan if values["rate"] > 0.1 else bowl(values)

    found = search(fails_for_large_rates, SPACE, strategy="optuna", trials=30, progress=False)
    assert any(trial.error for trial in found.trials) and found.best.values["rate"] <= 0.1


def test_optuna_announces_nothing(capsys):
    pytest.importorskip("optuna")
    values_of("optuna", trials=2)
    assert capsys.readouterr().err == ""


def test_without_optuna_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ModuleNotFoundError, match="pip install optuna"):
        search(bowl, SPACE, strategy="optuna", progress=False)


def test_a_function_is_a_strategy():
    def halving(space, trials, seed, done):
        while len(done) < trials:
            yield {"a": 0.5 ** len(done)}

    found = search(lambda values: values["a"], {"a": uniform(0, 1)}, strategy=halving, trials=4)
    assert [trial.score for trial in found.trials] == [1, 0.5, 0.25, 0.125]
    assert found.strategy == "halving"


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ("randm", "did you mean 'random'"),
        ("coarse-to-fine(round=2)", "did you mean 'rounds'"),
        ("coarse-to-fine(rounds=2.5)", "expected a whole number"),
        ("coarse-to-fine(rounds=0)", "1 round or more"),
        ("coarse-to-fine(share=1)", "between 0 and 1"),
        ("grid(3)", "expected a name"),
    ],
)
def test_a_strategy_that_does_not_exist_is_refused(strategy, message):
    with pytest.raises(ValueError, match=message):
        values_of(strategy)


def test_what_is_no_strategy_is_refused():
    with pytest.raises(TypeError, match="neither a name nor a function"):
        search(bowl, SPACE, strategy=3)  # pyright: ignore[reportArgumentType]


def test_every_strategy_is_in_the_table():
    assert set(tune.STRATEGIES) == {"coarse_to_fine", "grid", "optuna", "random"}
