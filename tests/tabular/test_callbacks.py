"""Callbacks of scikit-learn 1.9, and the small form of the protocol for versions before it."""

import pytest
from sklearn.base import BaseEstimator
from sklearn.callback import ScoringMonitor
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from chainrule.tabular import MLPClassifier, callback_protocol
from chainrule.tabular.callbacks import begin_fit


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
QUICK = {"random_state": 0, "max_iter": 6, "hidden_layer_sizes": (4,), "backend": "numpy"}


class Diary:
    """Notes what it is told, and ends the training after `last` epochs."""

    def __init__(self, last=None):
        self.notes, self.epochs, self.last = [], 0, last

    def setup(self, estimator, context):
        self.notes.append("setup")

    def teardown(self, estimator, context):
        self.notes.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.notes.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        self.notes.append(f"end {context.task_name}")
        self.epochs += context.task_name in ("epoch", "iteration")
        self.score = fitted_estimator and fitted_estimator.predict(X)
        return self.epochs == self.last


@pytest.mark.parametrize(("solver", "name"), [("adam", "epoch"), ("lbfgs", "iteration")])
def test_a_callback_is_told_of_every_epoch_and_may_end_the_training(solver, name):
    diary = Diary(last=2)
    model = MLPClassifier(**QUICK, solver=solver).set_callbacks(diary)
    assert model.fit(X, Y).n_iter_ == 2
    told = [f"begin {name}", f"end {name}"] * 2
    assert diary.notes == ["setup", "begin fit", *told, "end fit", "teardown"]


def test_a_callback_gets_an_estimator_that_predicts_as_of_now():
    scores = []

    class Scores(Diary):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            scores.append(fitted_estimator.score(X, Y))

    model = MLPClassifier(**QUICK, learning_rate_init=0.1).set_callbacks(Scores()).fit(X, Y)
    assert len(scores) == model.n_iter_ + 1
    assert scores[0] < scores[-1] == model.score(X, Y)


def test_training_is_the_same_with_callbacks_as_without():
    with_one = MLPClassifier(**QUICK).set_callbacks(Diary()).fit(X, Y)
    assert with_one.loss_curve_ == MLPClassifier(**QUICK).fit(X, Y).loss_curve_


def test_scikit_learns_monitor_logs_every_epoch_inside_a_search():
    monitor = ScoringMonitor(scoring="accuracy")
    model = MLPClassifier(**QUICK).set_callbacks(monitor)
    GridSearchCV(model, {"alpha": [1e-4]}, cv=2, refit=False).fit(X, Y)
    logged = [row for run in monitor.get_logs(select="all") for row in run.data]
    assert sum(row["task_name"] == "epoch" for row in logged) == 2 * 6


class Probe(callback_protocol.CallbackSupportMixin, BaseEstimator):
    """Trains for three epochs by the small form of the protocol."""

    @callback_protocol.with_callbacks
    def fit(self, X, y=None):
        task = begin_fit(self, X, y, 3)
        for number in range(3):
            self.n_iter_ = number + 1
            if task.subtask("epoch").end(lambda number=number: {"coef_": number}):
                break
        task.end()
        return self

    def predict(self, X):
        return self.coef_


def test_without_callbacks_in_scikit_learn_the_small_form_tells_the_same():
    diary = Diary(last=2)
    assert Probe().set_callbacks(diary).fit(X).n_iter_ == 2
    told = ["begin epoch", "end epoch"] * 2
    assert diary.notes == ["setup", "begin fit", *told, "end fit", "teardown"]
    assert diary.score is None  # the last task says nothing of what was fitted


def test_the_small_form_tears_down_after_an_error():
    diary = Diary()

    class Failing(Diary):
        def on_fit_task_begin(self, estimator, context):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        Probe().set_callbacks(diary, Failing()).fit(X)
    assert diary.notes[-1] == "teardown"


def test_what_is_no_callback_is_refused():
    for model in (MLPClassifier(), Probe()):
        with pytest.raises(TypeError, match="FitCallback protocol"):
            model.set_callbacks(object())
