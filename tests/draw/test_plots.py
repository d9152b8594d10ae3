"""Pictures of training: valid files, written whole."""

import numpy as np
import pytest

from chainrule.draw import plots


HISTORY = {"loss": [1.0, 0.5, 0.3], "validation_loss": [1.1, 0.6, 0.7]}
PLOTS = {
    "learning_curve": lambda path: plots.learning_curve(HISTORY, path),
    "learning_curve_without_validation": lambda path: plots.learning_curve({"loss": [1.0]}, path),
    "confusion": lambda path: plots.confusion(np.array([[5, 1], [0, 0]]), ["a", "<b>"], path),
    "weight_images": lambda path: plots.weight_images(np.ones((6, 5)), (2, 3), path),
    "weight_images_all_zero": lambda path: plots.weight_images(np.zeros((4, 300)), (2, 2), path),
}

each_plot = pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)


@each_plot
def test_picture_is_a_png_and_nothing_else_is_left(plot, tmp_path):
    plot(tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]


@each_plot
def test_suffix_decides_the_kind_of_file(plot, tmp_path):
    plot(tmp_path / "p.svg")
    assert b"<svg" in (tmp_path / "p.svg").read_bytes()


@each_plot
def test_failure_leaves_the_old_picture(plot, tmp_path):
    path = tmp_path / "p.unknown"
    path.write_text("old")
    with pytest.raises(ValueError, match="unknown"):
        plot(path)
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["p.unknown"]
