"""One job, in a process of its own: `python -m benchmarks.tabular.work JOB`, both ways in JSON."""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.tabular.datasets import Samples, read
from benchmarks.tabular.folds import fold_of
from benchmarks.tabular.methods import METHODS


#: Before the line of the result: peers print, too.
MARK = "result: "


@dataclass(frozen=True)
class Job:
    """What is measured: a method on a fold of a data set of at most so many rows."""

    set: str
    method: str
    fold: int
    rows: int
    threads: int
    seed: int = 0


@dataclass(frozen=True)
class Span:
    """Seconds on the clock, and of all cores together."""

    seconds: float
    cpu: float


def measured(job: Job, samples: Samples, estimator: Any) -> dict[str, Any]:
    """Scores and times of an estimator that is fitted on all folds but one."""
    fold = fold_of(samples.y)
    is_test = fold == job.fold
    x, x_test = (samples.x[chosen].reset_index(drop=True) for chosen in (~is_test, is_test))
    y, y_test = samples.y[~is_test], samples.y[is_test]
    _, fit = timed(lambda: estimator.fit(x, y))
    is_labels = samples.task == "classification"
    found, predict = timed(
        lambda: (estimator.predict_proba if is_labels else estimator.predict)(x_test)
    )
    scores = label_scores(y_test, found) if is_labels else number_scores(y_test, found)
    return {
        **asdict(job),
        "task": samples.task,
        "scores": scores,
        "fit": asdict(fit),
        "predict": asdict(predict),
        "training_rows": len(y),
        "test_rows": len(y_test),
        "features": samples.x.shape[1],
        "classes": samples.classes,
        "peak_mb": _peak_mb(),
        "load": os.getloadavg()[0] if "getloadavg" in dir(os) else None,
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }


def timed(call: Callable[[], Any]) -> tuple[Any, Span]:
    """What a call gives, and how long it takes."""
    start, cpu = time.perf_counter(), time.process_time()
    out = call()
    return out, Span(time.perf_counter() - start, time.process_time() - cpu)


def label_scores(y: Any, probabilities: Any) -> dict[str, float]:
    """Accuracy, log-loss in nats, and the area under the ROC curve: one class against the rest,
    all classes alike.

    y              labels `(rows,)`
    probabilities  `(rows, classes)`
    """
    from sklearn.metrics import log_loss, roc_auc_score

    p = np.asarray(probabilities, np.float64)
    p = p / p.sum(axis=1, keepdims=True)  # float32 sums are not 1 to the digits that are asked for
    ranked = p[:, 1] if p.shape[1] == 2 else p
    return {
        "accuracy": float(np.mean(p.argmax(axis=1) == y)),
        "log_loss": float(log_loss(y, p, labels=np.arange(p.shape[1]))),
        "auc": float(roc_auc_score(y, ranked, multi_class="ovr")),
    }


def number_scores(y: Any, predicted: Any) -> dict[str, float]:
    """Root of the mean squared error in the units of y, and R²; both arrays `(rows,)`."""
    errors = np.asarray(predicted, np.float64).reshape(-1) - y
    mean_square = float(np.mean(errors**2))
    return {"rmse": mean_square**0.5, "r2": 1 - mean_square / float(np.var(y))}


def _peak_mb() -> float | None:
    """The most memory that this process has held, where the system tells it."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def main() -> None:
    """Do the job in the first argument and print its result."""
    job = Job(**json.loads(sys.argv[1]))
    warnings.simplefilter("ignore")  # of peers
    method = METHODS[job.method]
    samples = read(job.set, job.rows)
    estimator = method.make(samples.task, min(job.threads, method.most_threads), job.seed)
    print(MARK + json.dumps(measured(job, samples, estimator)), flush=True)


if __name__ == "__main__":
    main()
