import json

import pytest

from benchmarks import report
from benchmarks.__main__ import main, parsed


def row(peer, threads, *seconds):
    return {"peer": peer, "threads": threads, "seconds": seconds, "check": 0.5}


RESULTS = {
    "machine": {
        "processor": "A processor",
        "cores": 2,
        "system": "Linux 6",
        "versions": {"python": "3.12"},
        "date": "2026-01-01",
    },
    "measured": {"rounds": 3, "threads": [1, 2]},
    "peaks": {"fma_gflops": 243.4, "fma_ns": 1.0},
    "steps": {
        "2-2-1": {
            "batch": 4,
            "floor": {"seconds": 5e-8},
            "rows": [
                row("chainrule", 1, 2e-7, 1e-7, 9e-7),
                row("chainrule", 2, 1e-6),
                row("torch", 1, 1e-4),
                row("jax-scan", 1, 3e-6),
                row("jax-scan", 2, 2e-6),
            ],
        }
    },
    "prediction": {"1": [row("torch", 1, 5e-5)], "10000": [row("torch", 1, 5e-2)]},
    "imports": {"torch": [2.0, 1.0, 3.0]},
    "first_calls": [{"peer": "torch", "is_warm": True, "seconds": [4.0], "peak_mb": [377.2]}],
    "mnist": [
        {"peer": "torch", "seconds": 9.0, "epochs": 8, "is_reached": True},
        {"peer": "sklearn", "seconds": 9.0, "epochs": 25, "is_reached": False},
    ],
    "notes": ["torch.compile: not available"],
}


def cells(text, first):
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {first}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_steps_show_the_better_number_of_threads_and_the_share_of_the_floor():
    row = cells(report.steps_table(RESULTS), "2-2-1")
    assert row == ["2-2-1", "4", "200 ns", "100 µs", "2.00 µs", "50.0 ns", "25%"]


def test_ratios_are_of_the_others_to_ours_and_the_best_stands_first():
    assert cells(report.ratios_table(RESULTS), "2-2-1") == [
        "2-2-1", "200 ns", "**10.0x**", "500x", "10.0x",
    ]  # fmt: skip


def test_startup_takes_medians_and_names_the_cache():
    found = cells(report.startup_table(RESULTS), "PyTorch eager")
    assert found == ["PyTorch eager, cache filled", "2.00 s", "4.00 s", "377 MB"]


def test_mnist_says_who_does_not_reach_the_goal():
    found = cells(report.mnist_table(RESULTS), "scikit-learn")
    assert found == ["scikit-learn", "not reached", "25", "360 ms"]


def test_everything_measured_is_in_the_text():
    text = report.markdown(RESULTS)
    for part in ("A processor", "python 3.12", "243 GFLOP/s", "50.0 µs", "not available"):
        assert part in text


def test_tables_of_parts_that_were_not_measured_are_left_out():
    text = report.markdown({k: RESULTS[k] for k in ("machine", "measured")})
    assert "|" not in text


def test_the_block_of_a_page_is_replaced_and_nothing_else():
    page = "before\n<!-- benchmark -->\nold\n<!-- /benchmark -->\nafter\n"
    filled = report.filled(page, "new \\1")
    assert filled == "before\n<!-- benchmark -->\n\nnew \\1\n\n<!-- /benchmark -->\nafter\n"
    assert report.filled(filled, "new \\1") == filled


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="<!-- benchmark -->"):
        report.filled("no marks", "new")


def test_results_are_read_shown_and_put_into_a_page(tmp_path, capsys):
    stored, page = tmp_path / "benchmark.json", tmp_path / "README.md"
    stored.write_text(json.dumps(RESULTS), encoding="utf-8")
    page.write_text("<!-- benchmark -->\n<!-- /benchmark -->\n", encoding="utf-8")
    main(["--read", str(stored), "--json", str(stored), "--readme", str(page)])
    assert "10.0x" in capsys.readouterr().out
    assert "10.0x" in page.read_text(encoding="utf-8")
    assert (tmp_path / "docs" / "images" / "benchmark.svg").exists()
    assert (tmp_path / "benchmark.png").exists()
    assert json.loads(stored.read_text(encoding="utf-8")) == json.loads(json.dumps(RESULTS))


def test_quick_means_two_rounds_unless_more_are_asked_for():
    assert parsed(["--quick"]).rounds == 2
    assert parsed(["--quick", "--rounds", "4"]).rounds == 4
