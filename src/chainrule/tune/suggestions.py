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
    for _ in range(trials):
        asked = study.ask()
        for name, range_of in space.items():
            suggest(asked, name, range_of)
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


def suggest(asked: Any, name: str, range_of: Interval | Choice) -> None:
    """Give a trial of optuna a value: of options the place, since they may be of any type."""
    if isinstance(range_of, Choice):
        asked.suggest_categorical(name, tuple(range(len(range_of.options))))
        return
    draw = asked.suggest_int if range_of.is_whole else asked.suggest_float
    draw(name, range_of.low, range_of.high, log=range_of.is_log)


def value_of(range_of: Interval | Choice, suggestion: Any) -> Any:
    """The value that a suggestion of optuna stands for."""
    return range_of.options[suggestion] if isinstance(range_of, Choice) else suggestion
