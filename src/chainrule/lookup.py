"""Members of tables, chosen by name, and settings written after the name as in a call.

`"huber"` is a row of a table as it is; `"huber(delta=0.5)"` is that row with a parameter set. The
text is parsed, never run.
"""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar


Member = TypeVar("Member")
_LONGEST = 500  # characters of a name with its settings


def find(table: Mapping[str, Member], kind: str, name: str) -> Member:
    """`table[name]`. ValueError, naming the nearest name and all of them, where there is none."""
    if name in table:
        return table[name]
    raise ValueError(_unknown(kind, name, table))


def parse(kind: str, text: str) -> tuple[str, dict[str, Any]]:
    """The name and the settings in `text`: `"huber(delta=0.5)"` -> `("huber", {"delta": 0.5})`.

    A setting is a number, a text, True, False, None or, left as text, a name with settings of its
    own: `"warmup(steps=100, then=cosine(end=0.01))"`. ValueError for any other text.
    """
    if text.isidentifier():
        return text, {}
    try:
        if len(text) > _LONGEST:
            raise ValueError
        call = ast.parse(text.strip(), mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
            raise ValueError
        return call.func.id, {_keyword(item): _setting(item.value) for item in call.keywords}
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise ValueError(
            f"{kind} {text:.60}: expected a name, or a name with settings such as "
            "name(setting=0.5, other=3)"
        ) from None


def check_settings(
    kind: str, name: str, function: Callable[..., Any], settings: Iterable[str]
) -> None:
    """ValueError, naming the nearest, for a setting that is no optional parameter of `function`."""
    there_are = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is not parameter.empty
    ]
    for setting in settings:
        if setting not in there_are:
            raise ValueError(_unknown(f"setting of {kind} {name}:", setting, there_are))


def _unknown(kind: str, name: str, there_are: Iterable[str]) -> str:
    names = sorted(there_are)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {name!r}{meant} (there are: {', '.join(names) or 'none'})"


def _keyword(item: ast.keyword) -> str:
    if item.arg is None:
        raise ValueError
    return item.arg


def _setting(value: ast.expr) -> Any:
    if isinstance(value, (ast.Name, ast.Call)):
        return ast.unparse(value)
    return ast.literal_eval(value)
