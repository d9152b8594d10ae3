"""scikit-learn's callback protocol (its 1.9), the one place that knows it.

An estimator inherits `CallbackSupportMixin`, decorates `fit` with `with_callbacks`, and reports:

    task = begin_fit(self, x, y, epochs)
    for ...:
        epoch = task.subtask("epoch")
        ...
        if epoch.end(lambda: {"coefs_": ...}):
            break  # a callback asks for it
    task.end(lambda: {...})

Older versions of scikit-learn have no callbacks; a small form of the protocol stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any


try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupportMixin
    from sklearn.callback import with_callbacks as with_callbacks
except ImportError:  # before 1.9
    from chainrule.tabular.callback_protocol import CallbackSupportMixin as CallbackSupportMixin
    from chainrule.tabular.callback_protocol import with_callbacks as with_callbacks


#: Gives what has to be set on a copy of the estimator so that it predicts as of now.
Fitted = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True)
class Task:
    """A part of the work of `fit`, such as an epoch, that callbacks are told of.

    context    scikit-learn's, or None where nobody listens
    estimator  that is being fitted
    x, y       what it is fitted to; metadata  what else it was given, such as sample weights
    """

    context: Any
    estimator: Any = None
    x: Any = None
    y: Any = None
    metadata: Mapping[str, Any] | None = None

    def subtask(self, name: str) -> Task:
        """A part of this task, which begins."""
        if self.context is None:
            return self
        return replace(self, context=self.context.subcontext(task_name=name))._begun()

    def end(self, fitted: Fitted | None = None) -> bool:
        """Tell that the task has ended; whether a callback asks to end the training."""
        if self.context is None:
            return False
        return self.context.call_on_fit_task_end(
            estimator=self.estimator,
            X=self.x,
            y=self.y,
            metadata=self.metadata,
            reconstruction_attributes=fitted,
        )

    def _begun(self) -> Task:
        self.context.call_on_fit_task_begin(
            estimator=self.estimator, X=self.x, y=self.y, metadata=self.metadata
        )
        return self


#: Of which nobody is told.
SILENT = Task(None)


def begin_fit(
    estimator: Any,
    x: Any,
    y: Any,
    most: int | None,
    metadata: Mapping[str, Any] | None = None,
) -> Task:
    """The task of a whole `fit`, which begins. Without callbacks it costs nothing an epoch.

    most  how many subtasks it will have at most, or None
    """
    context = estimator._init_callback_context(max_subtasks=most)
    if not getattr(estimator, "_skl_callbacks", ()):
        return SILENT
    return Task(context, estimator, x, y, metadata)._begun()
