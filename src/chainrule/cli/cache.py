"""`chainrule cache`: compiled code that is kept on disk."""

from __future__ import annotations

from typing import Annotated

import typer


def cache(
    action: Annotated[
        str, typer.Argument(help="info: how much there is, and where; clear: remove all of it.")
    ] = "info",
) -> None:
    """Show or clear the cache of compiled code, which is made again where it is missing."""
    from chainrule.cli.terminal import say
    from chainrule.lookup import find

    say(find({"info": _info, "clear": _clear}, "action", action)())


def _info() -> str:
    from chainrule.compile.cache import info

    found = info()
    unused = "" if found.is_used else ", which is not used: it is open to others"
    return (
        f"{_entries(found.entries)}, {_size(found.bytes)} of at most {_size(found.bound)}, "
        f"in {found.folder}{unused}"
    )


def _clear() -> str:
    from chainrule.compile.cache import clear

    removed = clear()
    return f"{_entries(removed.entries)} removed, {_size(removed.bytes)}"


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number:,} entries"


def _size(number: int) -> str:
    """A number of bytes as people read it."""
    for unit, n_bytes in (("MB", 1e6), ("kB", 1e3)):
        if number >= n_bytes:
            return f"{number / n_bytes:.1f}".removesuffix(".0") + f" {unit}"
    return f"{number} B"
