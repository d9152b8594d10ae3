"""Whether a file that was written computes what the model does, on rows that are given."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data import Table, as_table
from chainrule.export.c_loops import sizes_of
from chainrule.export.c_text import identifier
from chainrule.export.columns import COLUMNS
from chainrule.export.model import Exported, exported
from chainrule.types import BATCH


_COMPILERS = ("cc", "gcc", "clang")
_FLAGS = ("-std=c99", "-O2", "-shared", "-fPIC")


def check(path: str | os.PathLike[str], model: Any, rows: Any, *, x: Any = None) -> float:
    """The largest absolute difference between what a file gives and what its model does.

    path   what `onnx` or `c` wrote; a .c file is compiled with the C compiler of the system
    model  what it was written of
    rows   a `Table` or a frame for a model of a table, else an array `(rows, ...)`
    0 where both give NaN, infinity where one does. ImportError without onnxruntime, OSError where
    there is no C compiler or it refuses the file, ValueError for a file of another kind.
    """
    kind = Path(path).suffix.lower()
    if kind not in RUNNERS:
        raise ValueError(f"check: {path}: expected a name that ends in {' or '.join(RUNNERS)}")
    found = exported(model, x)
    table = rows if isinstance(rows, Table) or not found.preprocessing else as_table(rows)
    wanted = np.asarray(_wanted(found, table), np.float64)
    told = np.asarray(RUNNERS[kind](Path(path), found, given_of(found, table)), np.float64)
    is_same = (told == wanted) | (np.isnan(told) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):
        differences = np.nan_to_num(np.abs(told - wanted), nan=np.inf)
    return float(np.max(np.where(is_same, 0, differences), initial=0))


def _wanted(model: Exported, rows: Any) -> Any:
    """What the model gives, by NumPy."""
    x = np.asarray(rows) if model.preprocessing is None else model.preprocessing.features(rows)
    return model.head(model.network(x))


def given_of(model: Exported, rows: Any) -> list[Any]:
    """What a user gives for these rows, an array for each input."""
    if model.preprocessing is None:
        (one,) = model.inputs
        return [np.asarray(rows, one.node.dtype, order="C")]
    columns = [(record, rows.column(record.name)) for record in model.preprocessing.columns]
    return [COLUMNS[type(record)].given(record, column)[:, None] for record, column in columns]


def _by_onnxruntime(path: Path, model: Exported, given: list[Any]) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ImportError(
            "to check ONNX, onnxruntime is needed: pip install 'chainrule[onnx]'"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in model.inputs]
    return session.run([session.get_outputs()[-1].name], dict(zip(names, given, strict=True)))[0]


def _by_compiler(path: Path, model: Exported, given: list[Any]) -> Any:
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        raise OSError(f"check: {path}: no C compiler ({', '.join(_COMPILERS)}) is there")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        library = Path(folder) / "model.so"
        command = [compiler, *_FLAGS, "-o", str(library), str(path), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"check: {path}: {compiler} refuses it: {done.stderr!s:.300}")
        function = getattr(ctypes.CDLL(str(library)), f"{identifier(path.stem)}_predict")
        return _called(function, model, given)


def _called(function: Any, model: Exported, given: list[Any]) -> Any:
    """What a function of C gives, row by row."""
    (node,) = model.graph.outputs
    dtype = node.dtype if model.preprocessing is None else np.dtype(np.float32)
    sizes = sizes_of(node.shape)
    if BATCH not in node.shape:
        out = np.zeros(sizes, dtype)
        function(ctypes.c_void_p(given[0].ctypes.data), ctypes.c_void_p(out.ctypes.data))
        return out
    out = np.zeros((len(given[0]), *sizes), dtype)
    for place, row in enumerate(out):
        arguments = _arguments(model, [array[place] for array in given])
        function(*arguments, ctypes.c_void_p(row.ctypes.data))
    return out


def _arguments(model: Exported, row: list[Any]) -> list[Any]:
    """One row as the function takes it."""
    if model.preprocessing is None:
        return [ctypes.c_void_p(row[0].ctypes.data)]
    pairs = list(zip(model.inputs, row, strict=True))
    numbers = [float(value[0]) for one, value in pairs if one.codes is None]
    texts = [value[0].encode() or None for one, value in pairs if one.codes is not None]
    return [(ctypes.c_double * len(numbers))(*numbers), (ctypes.c_char_p * len(texts))(*texts)]


#: What runs a file, by how its name ends: (path, model, what is given) -> its output.
RUNNERS: dict[str, Callable[[Path, Exported, list[Any]], Any]] = {
    ".c": _by_compiler,
    ".onnx": _by_onnxruntime,
}
