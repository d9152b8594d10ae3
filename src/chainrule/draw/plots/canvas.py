"""Where pictures are drawn: colours, figures, files, animations. What is of matplotlib is here."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chainrule.files import write_atomically


#: Of the palette of Okabe and Ito: apart for every kind of colour vision, and of unlike lightness.
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"
RED, INK, FAINT, PAPER = "#c00000", "#222222", "#5f5f5f", "#d3e7f4"
#: Colour and dashes of the lines of one picture, which dashes alone tell apart.
LINES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (PURPLE, ":"), (INK, (0, (7, 2, 1, 2, 1, 2))))

_DPI = 150
_DPI_OF_FRAMES = 80
# The same picture is the same file: no date, and names in it that are not random.
_METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None}}
_SETTINGS: Any = {"svg.hashsalt": "chainrule"}


def figure(width: float, height: float) -> Any:
    """An empty figure, in inches. ImportError, with what to install, without matplotlib."""
    # Not pyplot: it keeps every figure alive, and asks for a display.
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ImportError("pictures need matplotlib: pip install 'chainrule[plot]'") from None

    return Figure(figsize=(width, height), layout="constrained")


def write(shown: Any, path: str | os.PathLike[str]) -> None:
    """Save a figure as the kind of file that the name ends in."""
    from matplotlib import rc_context

    content = io.BytesIO()
    kind = Path(path).suffix[1:] or None
    with warnings.catch_warnings(), rc_context(_SETTINGS):
        # A name may have letters that the font lacks: they are drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        shown.savefig(content, format=kind, dpi=_DPI, metadata=_METADATA.get(kind or "png"))
    write_atomically(path, content.getvalue())


def animate(
    draw: Callable[[Any, int], None],
    count: int,
    path: str | os.PathLike[str],
    *,
    size: tuple[float, float],
    title: str,
    milliseconds: int = 800,
    still: int = -1,
) -> None:
    """Save frames as an animation: .gif, or .html with a slider; one of them for another suffix.

    draw          draws one frame, by its number, on an empty figure
    size          of the figure, in inches; milliseconds  how long a frame lasts
    still         the frame that a picture which does not move shows
    """
    shown = figure(*size)
    kind = Path(path).suffix
    if kind == ".gif":
        write_atomically(path, _gif(shown, draw, count, milliseconds))
        return
    if kind == ".html":
        page = _player([_png(shown, draw, number) for number in range(count)], title, milliseconds)
        write_atomically(path, page.encode())
        return
    draw(shown, range(count)[still])
    write(shown, path)


def _gif(shown: Any, draw: Callable[[Any, int], None], count: int, milliseconds: int) -> bytes:
    from matplotlib.animation import PillowWriter

    writer = PillowWriter(fps=1000 / milliseconds)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "animation.gif"
        with writer.saving(shown, str(file), _DPI_OF_FRAMES):
            for number in range(count):
                shown.clear()
                draw(shown, number)
                writer.grab_frame()
        return file.read_bytes()


def _png(shown: Any, draw: Callable[[Any, int], None], number: int) -> bytes:
    content = io.BytesIO()
    shown.clear()
    draw(shown, number)
    shown.savefig(content, format="png", dpi=_DPI_OF_FRAMES, metadata=_METADATA["png"])
    return content.getvalue()


def _player(frames: list[bytes], title: str, milliseconds: int) -> str:
    """A page that needs no other file."""
    page = Path(__file__).with_name("player.html").read_text(encoding="utf-8")
    sources = [f"data:image/png;base64,{base64.b64encode(frame).decode()}" for frame in frames]
    filled = page.replace("{{title}}", html.escape(title)).replace("{{last}}", str(len(frames) - 1))
    filled = filled.replace("{{milliseconds}}", str(milliseconds))
    return filled.replace("{{first}}", sources[0]).replace("{{frames}}", json.dumps(sources))
