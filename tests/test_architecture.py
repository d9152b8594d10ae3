"""The house rules that no formatter checks: sizes, names, layers, a light import."""

import ast
import functools
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import chainrule
from chainrule.node import Primitive


ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "chainrule"
MODULES = sorted(PACKAGE.rglob("*.py"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}

MOST_LINES = {"file": 320, "function": 45, "package": 55_000}
SHUNNED_NAMES = {
    "hasattr": "decide by type",
    "eval": "never run text as code",
    "exec": "never run text as code",
    "pickle": "save arrays and JSON: loading a pickle runs code",
}
VAGUE_MODULES = {"base", "common", "core", "helpers", "utils"}
HEAVY_IMPORTS = {
    "llvmlite",
    "matplotlib",
    "narwhals",
    "onnx",
    "onnxruntime",
    "optuna",
    "pandas",
    "platformdirs",
    "polars",
    "pyarrow",
    "rich",
    "safetensors",
    "scipy",
    "sklearn",
    "typer",
}
# Folders of one machine; a word before the slash makes it a part of something else.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|tmp|home/\w+|Users/\w+)/")


@functools.cache
def syntax_tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{line}"


def n_lines(module: Path) -> int:
    return len(module.read_text(encoding="utf-8").splitlines())


def names_used(module: Path) -> Iterator[tuple[str, int]]:
    """Every name that `module` reads or imports, with its line."""
    for node in ast.walk(syntax_tree(module)):
        match node:
            case ast.Name(id=name, lineno=line):
                yield name, line
            case ast.Import(names=aliases, lineno=line):
                yield from ((alias.name.split(".")[0], line) for alias in aliases)
            case ast.ImportFrom(module=source, names=aliases, lineno=line):
                yield (source or "").split(".")[0], line
                yield from ((alias.name, line) for alias in aliases)


def tracked_files() -> list[Path]:
    """Every file of the repository that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def test_no_file_is_too_long():
    lengths = {place(module, 1): n_lines(module) for module in MODULES}
    too_long = {module: n for module, n in lengths.items() if n > MOST_LINES["file"]}
    assert not too_long, f"more than {MOST_LINES['file']} lines"


def n_lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Of the body. A signature and a docstring are read by themselves, and may be long."""
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return (function.end_lineno or 0) - first.lineno + 1


def test_no_function_is_too_long():
    lengths = {
        f"{place(module, node.lineno)} {node.name}": n_lines_of_code(node)
        for module in MODULES
        for node in ast.walk(syntax_tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    too_long = {function: n for function, n in lengths.items() if n > MOST_LINES["function"]}
    assert not too_long, f"more than {MOST_LINES['function']} lines"


def test_package_keeps_its_line_budget():
    lengths = {module: n_lines(module) for module in MODULES}
    report = "\n".join(f"{n:5} {place(m, 1)}" for m, n in lengths.items())
    total = sum(lengths.values())
    assert total <= MOST_LINES["package"], f"{total} lines in all\n{report}"


def test_no_shunned_name_is_used():
    found = [
        f"{place(module, line)} {name}: {SHUNNED_NAMES[name]}"
        for module in MODULES
        for name, line in names_used(module)
        if name in SHUNNED_NAMES
    ]
    assert not found, "\n".join(found)


def test_module_names_say_what_is_inside():
    vague = [
        place(module, 1)
        for module in MODULES
        if VAGUE_MODULES & set(module.relative_to(PACKAGE).with_suffix("").parts)
    ]
    assert not vague


def test_imports_respect_the_layers():
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-logo", "--no-cache"],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_package_loads_nothing_heavy():
    program = "import chainrule, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded = HEAVY_IMPORTS & set(done.stdout.split())
    assert not loaded


def test_every_public_name_is_documented():
    def documentation(name: str) -> str:
        value = getattr(chainrule, name)
        text = value.doc if isinstance(value, Primitive) else inspect.getdoc(value)
        # A dataclass without a docstring is given its signature for one.
        return "" if text is None or text.startswith(f"{name}(") else text

    public = [name for name in vars(chainrule) if not name.startswith("_")]
    undocumented = [name for name in public if not documentation(name)]
    assert not undocumented


def test_tree_names_no_path_of_one_machine():
    found = [
        f"{place(path, number)}: {line.strip()}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert not found, "\n".join(found)
