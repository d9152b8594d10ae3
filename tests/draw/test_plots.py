"""Pictures of training: valid files, written whole, that show what they say."""

import sys

import numpy as np
import pytest

from chainrule.draw import plots


HISTORY = {"loss": [1.0, 0.5, 0.3], "validation_loss": [1.1, 0.6, 0.7]}
PLOTS = {
    "learning_curve": lambda path: plots.learning_curve(HISTORY, path),
    "learning_curve_of_one_epoch": lambda path: plots.learning_curve({"loss": [1.0]}, path),
    "confusion": lambda path: plots.confusion(np.array([[5, 1], [0, 0]]), ["a", "<b>"], path),
    "weight_images": lambda path: plots.weight_images(np.ones((6, 5)), (2, 3), path),
    "weight_images_all_zero": lambda path: plots.weight_images(np.zeros((4, 300)), (2, 2), path),
}

each_plot = pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are drawn, instead of files."""
    figures = []
    monkeypatch.setattr(plots, "_write", lambda figure, path: figures.append(figure))
    return figures


@each_plot
def test_picture_is_a_png_and_nothing_else_is_left(plot, tmp_path):
    from matplotlib.image import imread

    plot(tmp_path / "p.png")
    pixels = imread(tmp_path / "p.png")
    assert pixels.ndim == 3 and pixels.std() > 0.01
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


def test_learning_curve_marks_the_best_epoch(drawn):
    plots.learning_curve(HISTORY, "p.png")
    training, validation, best = drawn[0].axes[0].lines
    assert training.get_ydata().tolist() == HISTORY["loss"]
    assert validation.get_ydata().tolist() == HISTORY["validation_loss"]
    assert (best.get_xdata().tolist(), best.get_ydata().tolist()) == ([2], [0.6])


def test_learning_curve_counts_epochs_in_whole_numbers(drawn):
    plots.learning_curve(HISTORY, "p.png")
    ticks = drawn[0].axes[0].get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_confusion_writes_every_count_that_is_not_0(drawn):
    plots.confusion(np.array([[5, 1], [0, 2]]), ["a", "b"], "p.png")
    axes = drawn[0].axes[0]
    assert [text.get_text() for text in axes.texts] == ["5", "1", "2"]
    assert axes.get_title() == "Held out: 7 of 8 right"


def test_weight_images_show_each_unit_on_one_scale_around_0(drawn):
    weight = np.arange(8.0).reshape(4, 2) - 2
    plots.weight_images(weight, (2, 2), "p.png")
    image = drawn[0].axes[0].images[0]
    assert image.get_clim() == (-5, 5)
    sheet = image.get_array()
    np.testing.assert_array_equal(sheet[1:3, 1:3], weight[:, 0].reshape(2, 2))
    np.testing.assert_array_equal(sheet[1:3, 4:6], weight[:, 1].reshape(2, 2))


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[plot\]'"):
        plots.learning_curve(HISTORY, "p.png")
