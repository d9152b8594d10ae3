"""The table of figures, and the files and the page that are made of it."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

from chainrule.draw.plots.canvas import animate
from chainrule.gallery import FIGURES, Figure, build, chosen


SIGNATURES = {".png": b"\x89PNG", ".svg": b"<?xml", ".gif": b"GIF8"}
PICTURES = {f"VZ-{number:02}" for number in range(1, 20)}


@pytest.mark.parametrize("id", FIGURES)
def test_figure_is_drawn(id, tmp_path):
    row = FIGURES[id]
    suffix = ".svg" if row.kind == "diagram" else ".png"
    row.draw(tmp_path / f"p{suffix}")
    content = (tmp_path / f"p{suffix}").read_bytes()
    assert len(content) > 2000
    assert content.startswith(SIGNATURES[suffix]) or b"<svg" in content[:200]


def test_every_picture_of_the_mission_is_in_the_table():
    shown = {topic for row in FIGURES.values() for topic in row.shows}
    assert shown >= PICTURES


def test_rows_of_the_table_say_what_they_are():
    for id, row in FIGURES.items():
        assert id == row.id and re.fullmatch(r"[a-z-]+", id)
        assert (
            row.title and row.caption.endswith(".") and row.kind in ("plot", "diagram", "animation")
        )
        assert all(re.fullmatch(r"(VZ-|F|W)\d\d", topic) for topic in row.shows)


def test_figures_are_chosen_by_id_and_by_topic():
    assert [row.id for row in chosen(["vz-07", "gates"])] == ["gates", "optimizer-paths"]
    assert chosen([]) == list(FIGURES.values())


def test_unknown_figure_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'sharpening'"):
        chosen(["sharpenin"])


def two_frames(path):
    def draw(shown, number):
        shown.subplots().plot(number, number, "o")

    animate(draw, 2, path, size=(2, 2), title="t")


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for key, value in attrs if key in ("src", "href")]


def test_page_links_to_every_file_that_was_made(tmp_path):
    told = []
    moving = Figure("moving", "Moves", "It moves.", ("F01",), two_frames, "animation")
    made = build(
        tmp_path / "new" / "folder",
        [*chosen(["xor-network", "sharpening"]), moving],
        progress=lambda done, row: told.append((done, row.id)),
    )
    links = Links()
    links.feed((tmp_path / "new" / "folder" / "index.html").read_text())
    files = {path.name for path in (tmp_path / "new" / "folder").iterdir()} - {"index.html"}
    assert files == set(links.found) == {name for one in made for name in one.files}
    assert files == {"xor-network.svg", "moving.gif", "moving.html", "sharpening.png"}
    assert told == [(0, "xor-network"), (1, "sharpening"), (2, "moving")]


def test_plots_can_be_svg(tmp_path):
    build(tmp_path, chosen(["sharpening"]), "svg")
    ElementTree.parse(tmp_path / "sharpening.svg")


def test_another_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match="gallery: format 'jpg'; expected png or svg"):
        build(tmp_path / "out", kind="jpg")
    assert not (tmp_path / "out").exists()


def test_without_matplotlib_nothing_is_begun(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[plot\]'"):
        build(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_diagrams_need_no_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    build(tmp_path, chosen(["xor-network"]))
    assert (tmp_path / "xor-network.svg").exists()
