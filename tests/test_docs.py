"""The pages tell the truth: their Python runs, their commands succeed, their links lead somewhere.

All ```python blocks of a page run from top to bottom in one namespace and one temporary folder,
and so do the lines `$ chainrule ...` of its ```console blocks. A ```text block that directly
follows a ```python block is what that block prints.
"""

import contextlib
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token


ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
each_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix()
)

# What the console script `chainrule` does, for tests that run without an installed one.
COMMAND = "import sys; from chainrule.cli import main; sys.exit(main())"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


@dataclass(frozen=True)
class Block:
    """A fenced block: what follows its opening fence, its text, the line where the text begins."""

    info: str
    text: str
    line: int
    printed: str | None


def tokens_of(page: Path) -> list[Token]:
    return MarkdownIt().parse(page.read_text(encoding="utf-8"))


def blocks_of(page: Path) -> Iterator[Block]:
    end = Token("end", "", 0)
    for token, following in pairwise([*tokens_of(page), end]):
        if token.type != "fence" or token.map is None:
            continue
        is_output = following.type == "fence" and following.info.strip() == "text"
        printed = following.content if is_output else None
        yield Block(token.info.strip(), token.content, token.map[0] + 2, printed)


def stripped(text: str) -> str:
    """`text` without the blanks that end a line and the empty lines at the end."""
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def run_python(block: Block, page: Path, namespace: dict[str, object]) -> None:
    # With empty lines in front, a traceback names the page and its line.
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(code, namespace)
    if block.printed is not None:
        where = f"{page.name}:{block.line} prints something else"
        assert stripped(output.getvalue()) == stripped(block.printed), where


def commands_of(block: Block) -> list[str]:
    lines = block.text.replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def run_command(command: str) -> None:
    match shlex.split(command, comments=True):
        case ["chainrule", *arguments]:
            done = subprocess.run(
                [sys.executable, "-c", COMMAND, *arguments],
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        case ["make", *words]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            targets = {word for word in words if "=" not in word and not word.startswith("-")}
            unknown = targets - set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
            assert not unknown, f"$ {command}: the Makefile has no target {unknown}"
        case _:
            pytest.fail(f"$ {command}: a console block holds `$ chainrule` and `$ make` lines only")


def links_of(page: Path) -> Iterator[str]:
    blocks = tokens_of(page)
    words = [word for block in blocks for word in block.children or ()]
    for token in [*blocks, *words]:
        yield from (str(token.attrs[name]) for name in ("href", "src") if name in token.attrs)
        if token.type.startswith("html"):
            yield from re.findall(r'(?:href|src|srcset)="([^"]*)"', token.content)


def test_page_of_operations_is_what_the_declarations_say():
    generated = runpy.run_path(str(ROOT / "docs" / "operations.py"))["page"]()
    written = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert written == generated, "run: python docs/operations.py"


@each_page
def test_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType("page")
    # A dataclass with annotations as text looks for its module here.
    monkeypatch.setitem(sys.modules, "page", module)
    for block in blocks_of(page):
        if block.info == "python":
            run_python(block, page, vars(module))
        if block.info == "console":
            for command in commands_of(block):
                run_command(command)


@each_page
def test_no_python_of_the_page_is_left_unrun(page: Path):
    unrun = [
        f"{page.name}:{block.line} ```{block.info}"
        for block in blocks_of(page)
        if block.info.lower().startswith("py") and block.info != "python"
    ]
    assert not unrun, "what is not run rots, write ```python: " + ", ".join(unrun)


@each_page
def test_every_console_block_has_a_command(page: Path):
    blocks = [block for block in blocks_of(page) if block.info == "console"]
    idle = [f"{page.name}:{block.line}" for block in blocks if not commands_of(block)]
    assert not idle, "no line begins with `$ `: " + ", ".join(idle)


@each_page
def test_relative_links_lead_to_files(page: Path):
    relative = [
        link.split("#")[0]
        for link in links_of(page)
        if not link.startswith("#") and not re.match(r"[a-z]+:", link)
    ]
    dead = [link for link in relative if not (page.parent / unquote(link)).exists()]
    assert not dead, f"{page.name} links to " + ", ".join(dead)
