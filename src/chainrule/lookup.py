"""Find a member of a table by its name, and say which name was meant where there is none."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar


Member = TypeVar("Member")


def find(table: Mapping[str, Member], kind: str, name: str) -> Member:
    """`table[name]`. ValueError, naming the nearest name and all of them, where there is none."""
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1, cutoff=0.5)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"unknown {kind} {name!r}{meant} (there are: {', '.join(sorted(table))})")
