"""`chainrule gallery`."""

import sys


def test_figures_are_written_with_a_page(here, tmp_path):
    status, output, errors = here("gallery", "out", "--only", "xor-network,F37", "--only", "w35")
    assert (status, errors) == (0, "")
    assert output == "3 figures in 3 files, shown by out/index.html\n"
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"index.html", "xor-network.svg", "mcculloch-pitts.svg", "sharpening.png"}


def test_progress_is_shown_on_a_terminal(here, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    _, _, errors = here("gallery", "out", "--only", "layers,perceptron")
    assert "1/2 perceptron" in errors and "2/2 layers" in errors


def test_unknown_figure_is_one_message(here, tmp_path):
    status, _, errors = here("gallery", "out", "--only", "xor-region")
    assert status == 2 and errors.count("\n") == 1
    assert "unknown figure 'xor-region'; did you mean 'xor-regions'?" in errors
    assert not (tmp_path / "out").exists()


def test_empty_choice_is_refused(here):
    status, _, errors = here("gallery", "out", "--only", ",")
    assert status == 2 and "--only: expected ids" in errors


def test_unknown_format_is_refused(here):
    status, _, errors = here("gallery", "out", "--format", "bmp")
    assert status == 2 and "expected png or svg" in errors


def test_file_in_the_place_of_the_folder_is_one_message(here, tmp_path):
    (tmp_path / "out").write_text("mine")
    status, _, errors = here("gallery", "out", "--only", "layers")
    assert status == 2 and errors.startswith("chainrule: out: ")
    assert (tmp_path / "out").read_text() == "mine"


def test_missing_matplotlib_names_the_extra(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, _, errors = here("gallery", "out")
    assert status == 2 and "pip install 'chainrule[plot]'" in errors
