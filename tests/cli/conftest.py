"""What the tests of the command line share: ways to run it."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule
from chainrule.cli import main, report


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(chainrule.__file__).parents[1])}

#: Runs the command line after a statement that changes what it meets.
PROGRAM = """
import os, signal, sys
from chainrule.cli import main
{}
main()
"""


@pytest.fixture(scope="session")
def launch():
    """A process of its own: arguments -> what is done. `first` is a statement that runs before."""

    def call(*arguments, cwd, first="", **settings):
        program = ("-c", PROGRAM.format(first)) if first else ("-m", "chainrule.cli")
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": ENVIRONMENT}
        return subprocess.run(
            [sys.executable, *program, *map(str, arguments)],
            cwd=cwd,
            text=True,
            encoding="utf-8",
            timeout=120,
            **{**streams, **settings},
        )

    return call


@pytest.fixture
def run(launch, tmp_path):
    """`launch` in a folder of the test's own."""
    return functools.partial(launch, cwd=tmp_path)


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    """The same in this process, which is faster: arguments -> status, output, errors."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["chainrule", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code or 0, *capsys.readouterr())

    monkeypatch.chdir(tmp_path)
    return call


@pytest.fixture
def without_pictures(monkeypatch):
    """They take longer than all else, and are the same for every network: a few tests draw them."""
    monkeypatch.setattr(report, "_pictures", lambda *_: [])
