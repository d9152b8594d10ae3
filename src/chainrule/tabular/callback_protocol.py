"""A small form of scikit-learn's callback protocol, for versions before 1.9, which have none.

Callbacks are objects with `setup`, `teardown`, `on_fit_task_begin` and `on_fit_task_end`, as the
protocol `sklearn.callback.FitCallback` of version 1.9 says. They are not handed on by searches and
pipelines.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


_HOOKS = ("setup", "teardown", "on_fit_task_begin", "on_fit_task_end")


@dataclass(frozen=True)
class Context:
    """Where a task stands: its name, its number among its parent's, how many parts it may have."""

    callbacks: Sequence[Any]
    estimator_name: str
    task_name: str
    task_id: int
    max_subtasks: int | None
    parent: Context | None
    begun: list[str]

    def subcontext(self, task_name: str = "", max_subtasks: int | None = 0) -> Context:
        """The context of the next part."""
        self.begun.append(task_name)
        number = len(self.begun) - 1
        return Context(
            self.callbacks, self.estimator_name, task_name, number, max_subtasks, self, []
        )

    def call_on_fit_task_begin(self, *, estimator: Any, **facts: Any) -> Context:
        """Tell the callbacks that the task begins."""
        self._call("on_fit_task_begin", estimator, facts)
        return self

    def call_on_fit_task_end(self, *, estimator: Any, **facts: Any) -> bool:
        """Tell the callbacks that the task has ended; whether one of them says to stop."""
        return self._call("on_fit_task_end", estimator, facts)

    def _call(self, hook: str, estimator: Any, facts: dict[str, Any]) -> bool:
        fitted = facts.pop("reconstruction_attributes", None)
        answers: list[bool] = []
        for callback in self.callbacks:
            function = getattr(callback, hook)
            wanted = inspect.signature(function).parameters
            given = {name: value for name, value in facts.items() if name in wanted}
            if "fitted_estimator" in wanted:
                given["fitted_estimator"] = fitted and _as_fitted(estimator, fitted())
            answers.append(bool(function(estimator, self, **given)))
        return any(answers)


class CallbackSupportMixin:
    """Adds `set_callbacks` to an estimator."""

    def set_callbacks(self, *callbacks: Any) -> Any:
        """Set the callbacks, or none. TypeError for what does not follow the protocol."""
        for callback in callbacks:
            missing = [name for name in _HOOKS if not callable(getattr(callback, name, None))]
            if missing or isinstance(callback, type):
                raise TypeError("callbacks must be instances following the FitCallback protocol.")
        self._skl_callbacks = list(callbacks)
        return self

    def _init_callback_context(self, max_subtasks: int | None = 0) -> Context:
        callbacks = getattr(self, "_skl_callbacks", [])
        context = Context(callbacks, type(self).__name__, "fit", 0, max_subtasks, None, [])
        self._callback_fit_ctx = context
        for callback in callbacks:
            callback.setup(estimator=self, context=context)
        return context


def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method `fit`, after which callbacks are torn down, however it ends."""

    @functools.wraps(method)
    def managed(estimator: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(estimator, *args, **kwargs)
        finally:
            context = vars(estimator).pop("_callback_fit_ctx", None)
            for callback in context.callbacks if context else ():
                callback.teardown(estimator=estimator, context=context)

    return managed


def _as_fitted(estimator: Any, attributes: Any) -> Any:
    fitted = copy.copy(estimator)
    for name, value in attributes.items():
        setattr(fitted, name, value)
    return fitted
