"""Every method that is measured: a table, and what makes each row's estimator for a task.

A library is imported only when a method of it is made, in the process that measures it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.tabular.datasets import Task
from benchmarks.tabular.pipelines import Categories, numbers, standardised_target


Make = Callable[[Task, int, int], Any]


@dataclass(frozen=True)
class Method:
    """A way to learn a table.

    name, title   that choose it, and that are shown
    make          (task, threads, seed) to an estimator with fit, predict and predict_proba that
                  takes a frame of numbers and strings
    framework     the import that it needs
    most_threads  more of them make it slower
    """

    name: str
    title: str
    make: Make
    framework: str
    most_threads: int = 64


def _tabular(preset: str) -> Make:
    def make(task: Task, threads: int, seed: int) -> Any:
        from chainrule.tabular import TabularClassifier, TabularRegressor

        kind = TabularClassifier if task == "classification" else TabularRegressor
        return kind(preset=preset, random_state=seed, threads=threads)

    return make


def _drop_in(task: Task, threads: int, seed: int) -> Any:
    from chainrule.tabular import MLPClassifier, MLPRegressor

    if task == "classification":
        return numbers(MLPClassifier(random_state=seed, threads=threads))
    return numbers(standardised_target(MLPRegressor(random_state=seed, threads=threads)))


def _sklearn_mlp(task: Task, threads: int, seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    if task == "classification":
        return numbers(MLPClassifier(random_state=seed))
    return numbers(standardised_target(MLPRegressor(random_state=seed)))


def _linear(task: Task, threads: int, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    # The default of 100 steps is too few for letter and marketing.
    return numbers(LogisticRegression(max_iter=1000) if task == "classification" else Ridge())


def _histogram_trees(task: Task, threads: int, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    if task == "classification":
        return Categories(HistGradientBoostingClassifier(random_state=seed))
    return Categories(HistGradientBoostingRegressor(random_state=seed))


def _lightgbm(task: Task, threads: int, seed: int) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    kind = LGBMClassifier if task == "classification" else LGBMRegressor
    return Categories(kind(n_jobs=threads, random_state=seed, verbose=-1))


def _real_mlp(task: Task, threads: int, seed: int) -> Any:
    from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

    kind = RealMLP_TD_S_Classifier if task == "classification" else RealMLP_TD_S_Regressor
    estimator = kind(device="cpu", random_state=seed, n_threads=threads, verbosity=0)
    return Categories(estimator, is_filled=True)


#: Every method, by name; the comparisons are of the first rows with the others.
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("fast", "chainrule fast", _tabular("fast"), "chainrule"),
        Method("default", "chainrule default", _tabular("default"), "chainrule"),
        Method("accurate", "chainrule accurate", _tabular("accurate"), "chainrule"),
        Method("tabm", "chainrule tabm", _tabular("tabm"), "chainrule"),
        Method("ensemble", "chainrule ensemble", _tabular("ensemble"), "chainrule"),
        Method("mlp", "chainrule MLP", _drop_in, "chainrule"),
        Method("sklearn-mlp", "scikit-learn MLP", _sklearn_mlp, "sklearn"),
        Method("trees", "HistGradientBoosting", _histogram_trees, "sklearn"),
        Method("lightgbm", "LightGBM", _lightgbm, "lightgbm"),
        # 4,000 rows, 32 epochs: 2.4 s with one thread, 3.6 s with two.
        Method("realmlp", "RealMLP-TD-S", _real_mlp, "pytabkit", most_threads=1),
        Method("linear", "logistic / ridge", _linear, "sklearn"),
    )
}
OURS = frozenset({"fast", "default", "accurate", "ensemble", "mlp"})
