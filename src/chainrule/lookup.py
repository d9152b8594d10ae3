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


class TextError(ValueError):
    """A text that means nothing. The message has three lines: a caret shows the place."""


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


#: Annotations of parameters, what fits them, and what it is called.
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "bool": ((bool,), "True or False"),
    "float": ((int, float), "a number"),
    "int": ((int,), "a whole number"),
    "str": ((str,), "a name"),
}


def check_settings(
    kind: str, name: str, function: Callable[..., Any], settings: Mapping[str, Any]
) -> None:
    """ValueError, naming the nearest, for a setting that is no optional parameter of `function`."""
    there_are = _optional(function)
    for setting in settings:
        if setting not in there_are:
            raise ValueError(_unknown(f"setting of {kind} {name}:", setting, there_are))


def check_kinds(
    kind: str, name: str, function: Callable[..., Any], settings: Mapping[str, Any]
) -> None:
    """As `check_settings`; ValueError too for a value that is not of the annotated kind.

    For functions that are called later, or that do not look at their settings themselves.
    """
    check_settings(kind, name, function, settings)
    for setting, value in settings.items():
        types, expected = _KINDS.get(_optional(function)[setting], ((object,), ""))
        is_stray_bool = isinstance(value, bool) and not {bool, object} & set(types)
        if not isinstance(value, types) or is_stray_bool:
            raise ValueError(f"{kind} {name}: {setting} is {value!r}; expected {expected}")


def _optional(function: Callable[..., Any]) -> dict[str, str]:
    """The parameters that have a default, and their annotations."""
    return {
        parameter.name: str(parameter.annotation)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is not parameter.empty
    }


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
