"""Pictures of training: valid files, written whole, that show what they say."""

import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from chainrule.draw import plots


HISTORY = {"loss": [1.0, 0.5, 0.3], "validation_loss": [1.1, 0.6, 0.7]}
PLOTS = {
    "learning_curve": lambda path: plots.learning_curve(HISTORY, path),
    "learning_curve_of_one_epoch": lambda path: plots.learning_curve({"loss": [1.0]}, path),
    "confusion": lambda path: plots.confusion(np.array([[5, 1], [0, 0]]), ["a", "<b>"], path),
    "confusion_of_many": lambda path: plots.confusion(np.eye(40, dtype=int), ["n"] * 40, path),
    "residuals": lambda path: plots.residuals([1.0, 2.0], [1.1, 1.8], path, "price"),
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


def test_residuals_are_target_minus_prediction_over_the_prediction(drawn):
    plots.residuals(np.array([3.0, 5.0]), np.array([1.0, 6.0]), "p.png", "price")
    axes = drawn[0].axes[0]
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), [[1, 2], [6, -1]])
    assert (
        axes.get_xlabel() == "predicted (price)" and f"RMSE {np.sqrt(2.5):.4g}" in axes.get_title()
    )


def test_loss_below_0_has_a_linear_scale(drawn):
    for losses, scale in (([1.0, 0.5], "log"), ([1.0, -0.5], "linear"), ([1.0, 0.0], "linear")):
        plots.learning_curve({"loss": losses}, "p.png")
        assert drawn[-1].axes[0].get_yscale() == scale


@pytest.mark.parametrize("name", ["$\\frac{$", "\x1b]0;x\x07", "日本", "a" * 10_000, "<script>"])
def test_names_of_data_are_drawn_as_they_are_and_mean_nothing(tmp_path, name):
    plots.confusion(np.array([[5, 1], [0, 3]]), [name, "b"], tmp_path / "p.svg")
    plots.residuals(np.ones(2), np.zeros(2), tmp_path / "q.svg", name)
    for file in tmp_path.iterdir():
        ElementTree.parse(file)


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
