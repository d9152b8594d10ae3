"""Pictures of the lectures: the same file each time, of the right kind, that shows what it says."""

import re
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from chainrule.draw.plots import canvas, corrections, curves, descent, matrices, planes, search


OR = planes.Gate("OR", [False, True, True, True], (1, 1), -0.5)
NAND = planes.Gate("NAND", [True, True, True, False], (-1, -1), 1.5)
XOR = planes.Gate("XOR", [False, True, True, False])
X = np.linspace(-1, 1, 21)


def dot(shown, number):
    shown.subplots().plot(number, number, "o")


def frames_of(path):
    from PIL import Image

    with Image.open(path) as image:
        return image.n_frames


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are drawn, instead of files."""
    figures = []
    for module in (planes, curves, descent, search, matrices):
        monkeypatch.setattr(module, "write", lambda figure, path: figures.append(figure))
    return figures


# ---- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_picture_is_the_same_file(tmp_path, suffix):
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    planes.decision_lines([OR, XOR], first)
    planes.decision_lines([OR, XOR], second)
    assert first.read_bytes() == second.read_bytes()


def test_svg_holds_no_date(tmp_path):
    planes.decision_lines([OR], tmp_path / "p.svg")
    assert b"date" not in (tmp_path / "p.svg").read_bytes()


def test_gif_has_every_frame(tmp_path):
    canvas.animate(dot, 3, tmp_path / "p.gif", size=(2, 2), title="t")
    assert frames_of(tmp_path / "p.gif") == 3
    assert [path.name for path in tmp_path.iterdir()] == ["p.gif"]


def test_page_of_an_animation_holds_every_frame_and_asks_for_nothing_else(tmp_path):
    canvas.animate(dot, 3, tmp_path / "p.html", size=(2, 2), title="a < b")
    page = (tmp_path / "p.html").read_text()
    assert len(set(re.findall(r"data:image/png;base64,[^\"]+", page))) == 3
    assert "a &lt; b" in page and 'max="2"' in page
    assert "http" not in page and "{{" not in page


def test_still_of_an_animation_is_the_frame_asked_for(tmp_path):
    seen = []

    def draw(shown, number):
        seen.append(number)
        dot(shown, number)

    canvas.animate(draw, 5, tmp_path / "p.svg", size=(2, 2), title="t", still=3)
    assert seen == [3]
    ElementTree.parse(tmp_path / "p.svg")


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[plot\]'"):
        planes.decision_lines([OR], "p.png")


# ---- what is shown -------------------------------------------------------------------------------


def test_decision_line_is_where_the_sum_is_0(drawn):
    planes.decision_lines([OR], "p.png")
    x, y = drawn[0].axes[0].lines[4].get_data()
    np.testing.assert_allclose(np.add(x, y), 0.5)


def test_true_points_are_filled_and_false_ones_are_not(drawn):
    planes.decision_lines([XOR], "p.png")
    faces = [line.get_markerfacecolor() for line in drawn[0].axes[0].lines]
    assert [face != "white" for face in faces] == [False, True, True, False]


def test_a_function_without_a_unit_says_so(drawn):
    planes.decision_lines([XOR], "p.png")
    assert "no line separates" in drawn[0].axes[0].get_xlabel()


@pytest.mark.parametrize(
    ("weight", "bias", "equation"),
    [
        ((1, 1), -0.5, "$x_2 = -x_1+0.5$"),
        ((-2, 1), 1, "$x_2 = 2\\,x_1-1$"),
        ((0, 2), -1, "$x_2 = 0.5$"),
        ((2, 0), -1, "$x_1 = 0.5$"),
    ],
)
def test_equation_of_the_line(drawn, weight, bias, equation):
    planes.decision_lines([planes.Gate("f", [False] * 4, weight, bias)], "p.png")
    assert equation in drawn[0].axes[0].get_xlabel()


def test_regions_list_the_joint_truth_table(drawn):
    planes.regions(OR, NAND, "p.png")
    cells = [text.get_text() for text in drawn[0].axes[3].texts]
    assert cells[:5] == ["$x_1$", "$x_2$", "OR", "NAND", "both"]
    assert "".join(cells[5:]) == "00010011111011111100"


def test_slice_of_a_heat_map_is_its_middle_row(drawn):
    z = np.add.outer(10 * X, X)
    planes.heat_maps(X, X, {"z": z}, "p.png", "t")
    slices = [axes for axes in drawn[0].axes if "slice" in axes.get_title()]
    np.testing.assert_allclose(slices[0].lines[0].get_ydata(), X)


def test_jumps_of_a_function_are_gaps(drawn):
    x = np.linspace(-1, 1, 20)
    curves.activations(x, {"step": (x > 0, np.zeros(20))}, "p.png")
    assert np.isnan(drawn[0].axes[0].lines[0].get_ydata()).sum() == 1


def test_lines_of_one_picture_have_different_dashes(drawn):
    curves.lines(X, {str(k): k * X for k in range(5)}, "p.png", title="t", axes_names=("x", "y"))
    dashes = [
        str(line.get_linestyle()) + str(line._dash_pattern) for line in drawn[0].axes[0].lines
    ]
    assert len(set(dashes)) == 5


def test_minimiser_is_marked_at_the_least_loss(drawn):
    curves.minimiser(X, (X - 0.5) ** 2, (0.0,), "p.png", lambda w: 2 * (w - 0.5))
    labels = [text.get_text() for text in drawn[0].axes[0].get_legend().get_texts()]
    assert "w* = 0.50" in labels


def test_paths_begin_at_the_square(drawn):
    points = np.array([[-0.5, 0.5], [0.0, 0.25], [0.0, 0.0]])
    heights = np.add.outer(X**2, X**2)
    descent.optimizer_paths(X, X, heights, {"a": points}, "p.png", "t")
    route, start, _ = drawn[0].axes[0].lines
    np.testing.assert_array_equal(route.get_xydata(), points)
    np.testing.assert_array_equal(start.get_xydata(), points[:1])


def test_histograms_show_shares_of_all_values(drawn):
    search.histograms({"a": [np.linspace(0, 1, 40), np.full((5, 8), 0.5)]}, "p.png", "t")
    heights = [axes.patches[0].get_data().values.sum() for axes in drawn[0].axes]
    np.testing.assert_allclose(heights, 100)


def test_best_trial_of_a_search_has_a_ring(drawn):
    points = np.array([[0.1, 0.01], [1.0, 0.1]])
    curve = (np.array([0.01, 1.0]), np.array([2.0, 1.0]))
    found = [search.Search("grid", points, np.array([0.4, 0.3]))]
    search.searches(found, ("rate", "decay"), (curve, curve), "p.png", score="loss")
    rings = [line for axes in drawn[0].axes for line in axes.lines if line.get_markersize() == 16]
    np.testing.assert_array_equal(rings[0].get_xydata(), [[1.0, 0.1]])


def test_matrix_shows_every_number_once(drawn):
    found = [[matrices.Matrix("A", np.array([[1.5, -2], [0, 3]])), "="]]
    matrices.matrices(found, "p.png", "t")
    texts = [text.get_text() for text in drawn[0].axes[0].texts]
    assert texts == ["1.5", "−2", "0", "3", "A", "", "="]


def test_corners_of_a_chain_lead_from_the_bias_to_the_output():
    one = corrections.Pass(
        x=np.zeros(2), y=np.zeros(2), output=np.array([3.0, 1.0]), excitations=np.zeros(2),
        hidden=np.array([1.0, 0.5]), rows=np.zeros((2, 2)),
        vectors=np.array([[1.0, 0.0], [2.0, 2.0]]), bias=np.array([1.0, 0.0]),
    )  # fmt: skip
    np.testing.assert_array_equal(corrections._corners(one), [[1, 0], [2, 0], [3, 1]])
