import json

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge

from benchmarks.tabular import jobs, work
from benchmarks.tabular.datasets import Samples
from benchmarks.tabular.pipelines import Categories, numbers, standardised_target
from benchmarks.tabular.work import Job


JOB = Job("german", "linear", 0, 100, 1)


def mixed(rows=60):
    rng = np.random.default_rng(0)
    x = pd.DataFrame({
        "size": rng.normal(size=rows),
        "colour": rng.choice(["red", "blue"], rows).astype(object),
    })  # fmt: skip
    x.loc[::7, "size"] = np.nan
    x.loc[3, "colour"] = None
    return x


def result(method, **more):
    return {
        "set": "german",
        "method": method,
        "fold": 0,
        "rows": 100,
        "seed": 0,
        "scores": {},
        **more,
    }


@pytest.fixture
def ran(monkeypatch):
    """The jobs that were done, none of them in earnest."""
    done = []

    def stand_in(job, timeout):
        done.append(job.method)
        return result(job.method, fit={"seconds": 1.0})

    monkeypatch.setattr(jobs, "result_of", stand_in)
    monkeypatch.setattr(jobs.machine, "description", lambda: {"processor": "a processor"})
    return done


def test_a_fold_of_every_set_is_done_before_the_next_fold():
    found = jobs.jobs_of(["a", "b"], ["x", "y"], 2, 100, 1, 3)
    places = [(job.fold, job.set, job.method) for job in found]
    assert places == sorted(places)
    assert len(places) == 8


def test_small_sets_are_learnt_with_several_seeds():
    found = jobs.jobs_of(["german", "adult"], ["x"], 1, 100, 1, 3)
    assert [(job.set, job.seed) for job in found] == [
        ("german", 0), ("german", 1), ("german", 2), ("adult", 0)
    ]  # fmt: skip


def test_a_second_run_goes_on_where_the_first_was_ended(ran, tmp_path):
    path = tmp_path / "results.jsonl"
    todo = jobs.jobs_of(["german"], ["linear", "trees"], 1, 100, 1, 1)
    jobs.run(todo[:1], path, 9, lambda text: None)
    jobs.run(todo, path, 9, lambda text: None)
    assert ran == ["linear", "trees"]
    assert [row["method"] for row in jobs.stored(path)] == ["linear", "trees"]
    assert jobs.machines(path) == [{"processor": "a processor"}]


def test_what_failed_is_tried_again_and_a_result_stands_before_a_failure(ran, tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps(result("linear", error="memory")) + "\n")
    jobs.run([JOB], path, 9, lambda text: None)
    assert ran == ["linear"]
    with path.open("a") as file:
        file.write(json.dumps(result("linear", error="time")) + "\n")
    (row,) = jobs.stored(path)
    assert "error" not in row


def test_a_line_that_a_kill_cut_short_costs_only_itself(ran, tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps(result("trees")) + '\n{"set": "ger')
    jobs.run([JOB], path, 9, lambda text: None)
    assert [row["method"] for row in jobs.stored(path)] == ["trees", "linear"]


def test_a_method_is_measured_anew_after_its_results_are_forgotten(tmp_path):
    path = tmp_path / "results.jsonl"
    lines = [json.dumps(result(name)) + "\n" for name in ("mlp", "sklearn-mlp", "trees")]
    path.write_text("".join(lines))
    jobs.forget(path, ["mlp"])
    assert [row["method"] for row in jobs.stored(path)] == ["sklearn-mlp", "trees"]


def test_a_job_that_fails_says_why_in_its_result(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "file"))
    found = jobs.result_of(JOB, 60)
    assert "name another folder in CHAINRULE_CACHE_DIR" in found["error"]
    assert (found["set"], found["method"], found["task"]) == ("german", "linear", "classification")


def test_a_job_that_takes_too_long_is_stopped():
    found = jobs.result_of(JOB, 0.01)
    assert found["error"] == "took more than 0 s"


def test_a_method_is_measured_on_the_fold_that_it_was_not_fitted_on():
    y = np.tile([0, 0, 1], 20)
    found = work.measured(JOB, Samples("t", "classification", mixed(), y), DummyClassifier())
    assert (found["training_rows"], found["test_rows"], found["classes"]) == (48, 12, 2)
    assert found["scores"]["accuracy"] == pytest.approx(2 / 3, abs=0.1)
    assert found["scores"]["auc"] == 0.5
    assert min(found["fit"]["seconds"], found["predict"]["seconds"]) > 0


def test_the_mean_as_a_prediction_explains_nothing():
    y = np.arange(60.0)
    found = work.measured(JOB, Samples("t", "regression", mixed(), y), DummyRegressor())
    assert found["scores"]["r2"] == pytest.approx(0, abs=0.01)
    assert found["scores"]["rmse"] == pytest.approx(np.std(y), rel=0.05)


def test_scores_of_labels_are_those_of_their_formulas():
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], np.float32)
    found = work.label_scores(np.array([0, 0, 1]), p)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.8]).mean())
    assert found["auc"] == 1.0


def test_numbers_and_strings_with_gaps_become_numbers_for_methods_that_need_them():
    x, y = mixed(), np.arange(60) % 2
    fitted = numbers(LogisticRegression()).fit(x, y)
    new = pd.DataFrame({"size": [np.nan], "colour": np.array(["green"], object)})
    assert fitted.predict_proba(new).shape == (1, 2)
    assert fitted[0].transform(x).shape == (60, 5)  # the size, its flag, blue, red, missing


def test_targets_are_scaled_and_predictions_scaled_back():
    x, y = mixed(), 1e6 + 1e3 * np.arange(60.0)
    found = numbers(standardised_target(Ridge())).fit(x, y).predict(x)
    assert found.mean() == pytest.approx(y.mean())


class Recorder:
    """Keeps the frame that it is fitted on."""

    def fit(self, x, y):
        self.x = x


def test_strings_become_categories_of_the_training_rows():
    recorder, new = Recorder(), pd.DataFrame({"size": [1.0], "colour": ["green"]})
    found = Categories(recorder).fit(mixed(), np.zeros(60))._converted(new)
    assert list(recorder.x.columns) == ["c0", "c1"]
    assert list(recorder.x["c1"].cat.categories) == ["blue", "red"]
    assert recorder.x["c0"].isna().any()
    assert found["c1"].isna().all()


def test_gaps_are_filled_and_flagged_where_that_is_asked_for():
    recorder = Recorder()
    Categories(recorder, is_filled=True).fit(mixed(), np.zeros(60))
    assert not recorder.x["c0"].isna().any()
    assert (recorder.x["c2"] == "True").sum() == 9
