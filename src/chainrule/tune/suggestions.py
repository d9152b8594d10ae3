"""Suggestions of optuna, for those who have it. Nothing here is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chainrule.tune.space import Choice, Interval, Space
from chainrule.tune.trials import Trial


def suggested(
    space: Space, trials: int, seed: int, done: Sequence[Trial]
) -> Iterator[dict[str, Any]]:
    """The values that optuna suggests, told after each the score of the trial before.

    ModuleNotFoundError where optuna is not installed.
    """
    try:
        import optuna  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "search: the strategy 'optuna' needs optuna; install it with pip install optuna, or "
            "choose 'random', 'grid' or 'coarse-to-fine'"
        ) from None
    study = _study(optuna, seed)
    axes = {name: distribution(optuna, range_of) for name, range_of in space.items()}
    for _ in range(trials):
        asked = study.ask(axes)
        yield {name: value_of(space[name], asked.params[name]) for name in space}
        if done[-1].error is None:
            study.tell(asked, done[-1].score)
        else:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)


def _study(optuna: Any, seed: int) -> Any:
    """A study that does not announce itself on standard error."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    finally:
        optuna.logging.set_verbosity(before)


def distribution(optuna: Any, range_of: Interval | Choice) -> Any:
    """What optuna draws from: of options their places, since they may be of any type."""
    found = optuna.distributions
    if isinstance(range_of, Choice):
        return found.CategoricalDistribution(tuple(range(len(range_of.options))))
    kind = found.IntDistribution if range_of.is_whole else found.FloatDistribution
    return kind(range_of.low, range_of.high, log=range_of.is_log)


def value_of(range_of: Interval | Choice, suggestion: Any) -> Any:
    """The value that a suggestion of optuna stands for."""
    return range_of.options[suggestion] if isinstance(range_of, Choice) else suggestion
