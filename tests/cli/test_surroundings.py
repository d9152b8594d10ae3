"""Every command in every kind of surroundings: help, terminals, closed streams, alphabets."""

import os
import time

import pytest

from chainrule.cli import COMMANDS
from chainrule.cli.terminal import printable


HEAVY = {"sklearn", "scipy", "matplotlib", "safetensors", "polars", "pandas", "narwhals"}
SHORT = ("train", "xor", "--epochs", "2", "--hidden", "2")

each_command = pytest.mark.parametrize("command", COMMANDS)


@each_command
def test_help_says_what_a_command_does(here, command):
    status, out, err = here(command, "--help")
    first = (COMMANDS[command].__doc__ or "").split("\n")[0]
    assert (status, err) == (0, "")
    assert " ".join(first.split()[:5]) in " ".join(out.split())


def test_help_lists_every_command(here):
    _, out, _ = here("--help")
    for command in COMMANDS:
        assert f"│ {command} " in out


def test_without_arguments_there_is_help(here):
    _, out, err = here()
    assert "train" in out + err


def test_help_comes_at_once(run):
    def seconds():
        start = time.perf_counter()
        assert "train" in run("--help").stdout
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 1.5


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], *[[c, "--help"] for c in COMMANDS]])
def test_help_loads_nothing_heavy(run, arguments):
    report = "import atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    done = run(*arguments, first=report)
    assert done.returncode == 0 and "--help" in done.stdout
    assert not HEAVY & set(done.stderr.split())


@each_command
def test_unknown_option_has_status_2(here, command):
    status, out, err = here(command, "--no-such-option")
    assert status == 2 and out == "" and "--no-such-option" in err


@each_command
def test_closed_output_is_no_mistake(run, command):
    done = run(command, "--help", first="sys.stdout = None")
    assert done.returncode == 0 and done.stderr == ""


def test_training_with_closed_streams_writes_its_files(tmp_path, run):
    done = run(*SHORT, first="sys.stdout = sys.stderr = None")
    assert done.returncode == 0
    assert "model.safetensors" in os.listdir(tmp_path / "chainrule-out")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_output_on_a_full_disk_is_told(run):
    with open("/dev/full", "w") as full:
        done = run("ops", stdout=full)
    assert done.returncode == 2
    assert done.stderr == "chainrule: No space left on device\n"


@pytest.mark.parametrize(
    "settings",
    [{"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"TERM": "dumb"}],
    ids=lambda settings: next(iter(settings)),
)
def test_any_alphabet_will_do(run, settings):
    for command in (("ops", "tanh"), SHORT):
        done = run(*command, env={**os.environ, "PYTHONPATH": _source(), **settings})
        assert done.returncode == 0 and done.stderr == ""


def test_no_colour_outside_a_terminal_or_where_it_is_not_wanted(run):
    wanted = {**os.environ, "PYTHONPATH": _source(), "NO_COLOR": "1"}
    for settings in ({}, {"env": wanted}):
        assert "\x1b[3" not in run("ops", **settings).stdout


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Zürich, 日本", "plain, Zürich, 日本"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
        ("right\u202eleft", "right\ufffdleft"),
        ("\x9b31m", "\ufffd31m"),
    ],
)
def test_text_of_data_cannot_steer_a_terminal(text, shown):
    assert printable(text) == shown


def test_table_of_data_is_no_markup(here, tmp_path):
    lines = [f"{i},{'[red]x[/red]' if i % 2 else 'y'}" for i in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["[bold]a,b", *lines]))
    _, out, _ = here("train", "t.csv", "--target", "b", "--epochs", "1")
    assert "[bold]a" in out and "[red]x[/red]" in out


def _source():
    import chainrule

    return os.path.dirname(os.path.dirname(chainrule.__file__))
