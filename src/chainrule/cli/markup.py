"""HTML as values: whatever is put into an element is escaped, unless it is an element itself."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from chainrule.cli.terminal import printable


_LONGEST = 300  # characters of one text
_NUMBER = re.compile(r"[-−+]?[\d.,]+(e[-+]?\d+)?( ?%)?")
_NONE: Mapping[str, str] = MappingProxyType({})
_NUMBERS: Mapping[str, str] = MappingProxyType({"class": "number"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, *inside: object, attributes: Mapping[str, object] = _NONE) -> Markup:
    """`<name attribute="...">inside</name>`; what is no Markup is escaped, None is left out."""
    written = "".join(f' {key}="{text(value)}"' for key, value in attributes.items())
    content = "".join(text(part) for part in inside if part is not None)
    return Markup(f"<{name}{written}>{content}</{name}>")


def text(value: object) -> Markup:
    """Anything as HTML that shows it, in one line of printable characters that is not too long."""
    if isinstance(value, Markup):
        return value
    line = printable(value)
    shown = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return Markup(html.escape(shown))


def joined(parts: Iterable[Markup]) -> Markup:
    """Elements one after the other."""
    return Markup("\n".join(parts))


def lines(whole: str) -> Markup:
    """All lines of a text, each as it is."""
    return joined(Markup(html.escape(printable(line))) for line in whole.splitlines())


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Markup:
    """A table; columns of numbers stand to the right."""
    cells = [list(map(text, row)) for row in rows]
    columns = zip(*cells, strict=True) if cells else ((),) * len(head)
    kinds = [_NUMBERS if all(map(_is_number, column)) else _NONE for column in columns]
    top = [element("th", name, attributes=kind) for name, kind in zip(head, kinds, strict=True)]
    body = [
        element("tr", *[element("td", x, attributes=k) for x, k in zip(row, kinds, strict=True)])
        for row in cells
    ]
    whole = element("table", element("thead", element("tr", *top)), element("tbody", *body))
    return element("div", whole, attributes={"class": "wide"})


def _is_number(shown: str) -> bool:
    return not shown or _NUMBER.fullmatch(shown) is not None


def picture(content: bytes, media: str, alternative: str) -> Markup:
    """An image that lies in the page itself. Scripts in it are never run."""
    source = f"data:{media};base64,{base64.b64encode(content).decode()}"
    return Markup(f'<img src="{source}" alt="{text(alternative)}">')


def folded(title: object, content: Markup) -> Markup:
    """Content that is shown when its title is clicked."""
    return element("details", element("summary", title), content)
