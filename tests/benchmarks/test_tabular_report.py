import copy

import pytest

from benchmarks.tabular import __main__ as command
from benchmarks.tabular import plot, report
from benchmarks.tabular.ranks import MEASURES, compared


MACHINE = {
    "processor": "A processor",
    "cores": 2,
    "system": "Linux 6",
    "versions": {"python": "3.12"},
    "date": "2026-01-01",
}


def row(name, method, fold, accuracy, seconds):
    return {
        "set": name,
        "method": method,
        "fold": fold,
        "seed": 0,
        "rows": 100,
        "threads": 2,
        "task": "classification",
        "scores": {"accuracy": accuracy, "log_loss": 1 - accuracy, "auc": accuracy},
        "fit": {"seconds": seconds, "cpu": 2 * seconds},
        "predict": {"seconds": seconds / 100, "cpu": seconds / 100},
        "training_rows": 80,
        "features": 4,
    }


ROWS = [
    row(name, method, fold, accuracy + 0.02 * fold, seconds)
    for name in ("german", "letter", "magic")
    for method, accuracy, seconds in (("default", 0.9, 1.0), ("realmlp", 0.8, 10.0))
    for fold in (0, 1)
]
RESULTS = {"machines": [MACHINE], "cap": 100, "methods": ["default", "realmlp"], "rows": ROWS}


def cells(text, first):
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {first}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_best_stands_first_with_its_rank_score_and_times():
    text = report.overall(ROWS, ["realmlp", "default"], "errors")
    assert cells(text, "chainrule default") == [
        "chainrule default", "1.00", "1.000", "1.00 s", "2.00 s", "10.0 ms", "0.1"
    ]  # fmt: skip
    assert text.index("chainrule default") < text.index("RealMLP-TD-S")


def test_scores_are_means_with_deviations_and_the_best_is_bold():
    text = report.scores_table(ROWS, ["default", "realmlp"], "accuracy")
    assert cells(text, "german") == ["german", "**0.91 ± 0.014**", "0.81 ± 0.014"]


def test_of_a_loss_the_least_is_the_best():
    text = report.scores_table(ROWS, ["default", "realmlp"], "log_loss")
    assert cells(text, "german") == ["german", "**0.09 ± 0.014**", "0.19 ± 0.014"]


def test_what_failed_is_named_with_its_reason():
    rows = [*ROWS, {"set": "adult", "method": "realmlp", "fold": 0, "seed": 0, "error": "memory"}]
    assert report.failures_text(rows) == "- RealMLP-TD-S on adult, fold 0, seed 0: memory"


def test_everything_measured_is_in_the_text():
    text = report.markdown(RESULTS)
    for part in ("A processor", "3 data sets of at most 100 rows", "2 of 5 folds", "Friedman"):
        assert part in text
    assert "Root of the mean" not in text  # nothing was a regression


def test_results_are_shown_and_written_without_measuring(tmp_path, capsys):
    options = command.parsed(["--read", "--results", str(tmp_path / "t.jsonl")])
    command.show(copy.deepcopy(RESULTS), options)
    assert "chainrule default" in capsys.readouterr().out
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["t.json", "t.md", "t.png", "t.svg"]


def test_nothing_is_drawn_of_a_single_set(tmp_path):
    found = compared(ROWS[:4], ["default", "realmlp"], MEASURES["errors"])
    assert plot.draw(found, tmp_path / "t") == []


def test_a_quick_run_takes_fewer_sets_rows_and_folds():
    options = command.parsed(["--quick"])
    assert (len(options.set), options.rows, options.folds) == (8, 2000, 1)


def test_a_file_without_results_is_said(tmp_path):
    with pytest.raises(SystemExit, match="has no result"):
        command.main(["--read", "--results", str(tmp_path / "none.jsonl")])
