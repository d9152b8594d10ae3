"""`chainrule approximate`: a network that is built, not trained, to be near a function."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer


if TYPE_CHECKING:
    from chainrule.universal import Approximation, Formula
    from chainrule.universal.approximation import Bounds


def approximate(
    function: Annotated[
        str,
        typer.Argument(
            help="Such as 'sin(2*pi*x)' or 'exp(-x^2-y^2)'; after -- if it has a leading -."
        ),
    ],
    units: Annotated[
        int | None, typer.Option(help="Hidden units at most; by default 40, or 400 on a box.")
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="The largest error allowed, instead of --units.")
    ] = None,
    interval: Annotated[
        str | None, typer.Option(metavar="A,B", help="Of x; by default 0,1.")
    ] = None,
    box: Annotated[
        str | None,
        typer.Option(metavar="A,B,C,D", help="x from A to B, y from C to D; by default 0,1,0,1."),
    ] = None,
    using: Annotated[
        str, typer.Option("--with", help="steps, sigmoids, relu or spikes (pairs of steps).")
    ] = "steps",
    spacing: Annotated[
        str, typer.Option(help="equal, or adapted: finer where the function changes fast.")
    ] = "equal",
    draw: Annotated[
        Path | None, typer.Option(help="A picture of both: .svg, .png or .pdf.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="A model file with the network.")] = None,
) -> None:
    """Build a network that is near a function, and measure how near.

    Each hidden unit turns something on where x passes its threshold. The table shows how the error
    falls with the number of units.
    """
    from chainrule import universal
    from chainrule.cli.terminal import say
    from chainrule.save import save as save_network

    found, bounds = _asked(function, interval, box)
    _check_picture(draw)
    built = universal.approximate(
        found, bounds, units=units, tolerance=tolerance, using=using, spacing=spacing
    )
    say(f"{found} on {' x '.join(f'[{low:g}, {high:g}]' for low, high in bounds)}")
    row = universal.CONSTRUCTIONS[len(bounds)][using]
    say(f"  built of       {row.name}: {row.doc}")
    for line in _told(built):
        say(line)
    say()
    _table(found, bounds, built, using, spacing)
    if draw is not None:
        _draw(found, bounds, built, draw)
        say(f"written to {draw}")
    if save is not None:
        save_network(built.network, save)
        say(f"written to {save}")


def _asked(text: str, interval: str | None, box: str | None) -> tuple[Formula, Bounds]:
    """The function, and where: on a box if one is given or y occurs."""
    from chainrule.universal import formula

    if interval is not None and box is not None:
        raise ValueError("--interval and --box: expected one of them")
    found = formula(text)
    if box is not None or "y" in found.used:
        if interval is not None:
            raise ValueError(f"--interval {interval}: {text} has x and y; give a --box A,B,C,D")
        a, b, c, d = _numbers("--box", "0,1,0,1" if box is None else box, 4)
        return found, ((a, b), (c, d))
    a, b = _numbers("--interval", "0,1" if interval is None else interval, 2)
    return formula(text, ("x",)), ((a, b),)


def _numbers(option: str, text: str, count: int) -> list[float]:
    """Numbers with commas; each may be a formula such as -pi/2."""
    from chainrule.universal import FormulaError, formula

    parts = text.split(",")
    try:
        if len(parts) == count:
            return [float(formula(part, ())()) for part in parts]
    except FormulaError as error:
        raise ValueError(f"{option} {text}: {error}") from None
    raise ValueError(f"{option} {text}: expected {count} numbers with commas")


def _check_picture(path: Path | None) -> None:
    if path is not None and path.suffix not in (".svg", ".png", ".pdf"):
        raise ValueError(f"--draw {path}: expected a name that ends in .svg, .png or .pdf")


def _told(built: Approximation) -> list[str]:
    from chainrule.nn import parameter_count
    from chainrule.universal.approximation import place_text

    return [
        f"  hidden units   {built.units}",
        f"  parameters     {parameter_count(built.network)}",
        f"  largest error  {built.error:.6g} at {place_text(built.where)}",
        f"  mean squared   {built.mean_squared_error:.6g}",
        f"  measured on    {built.points:,} points of a grid",
    ]


def _table(found: Formula, bounds: Bounds, built: Approximation, using: str, spacing: str) -> None:
    """The error of an eighth, a quarter, half and all of the units, and of twice as many."""
    from chainrule.cli.terminal import say, table
    from chainrule.universal import CONSTRUCTIONS, MOST_UNITS, error_by_units, fitted_slope

    count = CONSTRUCTIONS[len(bounds)][using].units
    least = next(count(cells) for cells in (1, 2, 3) if count(cells) > 0)
    share = {built.units * 2**k // 8 for k in range(5)}
    units = sorted(n for n in share if least <= n <= MOST_UNITS)
    found_rows = error_by_units(found, bounds, units=units, using=using, spacing=spacing)
    rows = list({row.units: row for row in found_rows}.values())
    head = ("hidden units", "largest error", "mean squared error")
    shown = [(row.units, f"{row.error:.4g}", f"{row.mean_squared_error:.4g}") for row in rows]
    table(head, shown, numbers=head)
    errors = [row.error for row in rows]
    if len(rows) > 1 and min(errors) > 0:
        slope = fitted_slope([row.units for row in rows], errors)
        say(f"slope of log(largest error) over log(units): {slope:.2f}")


def _draw(found: Formula, bounds: Bounds, built: Approximation, path: Path) -> None:
    import numpy as np

    from chainrule.draw.plots import approximation as pictures
    from chainrule.universal.approximation import grid

    points = 1601 if len(bounds) == 1 else 161
    x = grid(bounds, points)
    target, output = found(*x.T), built.network(x)[:, 0]
    title = f"{found.text:.60}: {built.units} hidden units, largest error {built.error:.3g}"
    if len(bounds) == 1:
        pictures.curve(x[:, 0], target, output, path, title=title)
        return
    along_x, along_y = (np.linspace(low, high, points) for low, high in bounds)
    sides = (points, points)
    heights = target.reshape(sides), output.reshape(sides)
    pictures.surface(along_x, along_y, *heights, path, title=title)
