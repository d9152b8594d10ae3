"""`report.html`: one file that shows a training run, without scripts and without other files."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.cli.markup import (
    Markup,
    element,
    folded,
    joined,
    lines,
    picture,
    table,
    text,
)
from chainrule.cli.scores import Metric


_BAR = 24  # characters of the longest


@dataclass(frozen=True)
class Report:
    """What there is to say of a run.

    data           the name of the data; told  a sentence on them
    held_out       whether the scores are those of samples held out
    metrics        in the order in which they are shown, the first as the headline
    scores         of each model, by the name of the metric; the network's come first
    ended          how the training went, in a sentence
    network        in use, on `(batch, features)`; input  the type of x
    inputs, outputs  what its inputs and outputs are called; None for no names
    columns        of a table: heads and rows; empty for arrays
    dead           units that are 0 for every sample, by layer
    configuration  every option by name, as text; command  the whole line
    versions       of what the numbers depend on
    importance     of each column, the largest first: how much worse the loss is without it
    quality        calibration or residuals, in a sentence
    reliability    (how sure, how often right, of how many samples), by how sure
    """

    data: str
    told: str
    held_out: bool
    metrics: Sequence[Metric]
    scores: Mapping[str, Mapping[str, float]]
    ended: str
    network: Any
    input: Any
    inputs: Sequence[str] | None
    outputs: Sequence[str] | None
    columns: tuple[Sequence[str], Sequence[Sequence[str]]]
    dead: Mapping[str, Sequence[int]]
    configuration: Mapping[str, str]
    command: str
    versions: Mapping[str, str]
    importance: Sequence[tuple[str, float]] = ()
    quality: str = ""
    reliability: Sequence[tuple[float, float, int]] = ()


@dataclass(frozen=True)
class Picture:
    """A picture in a file: its name, what it shows, and the bytes of a PNG."""

    name: str
    caption: str
    content: bytes


def page(report: Report, pictures: Sequence[Picture], files: Sequence[str]) -> str:
    """The whole page.

    pictures  empty without matplotlib; files  the names of all that lies beside the page
    """
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = [_head(report), _pictures(pictures)]
    parts += [_section(title, make(report)) for title, make in _SECTIONS]
    parts += [_section("Files", table(("file",), [[name] for name in files])), _foot(report)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{text(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(report.data)}: training report</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n{joined(part for part in parts if part)}\n</body>\n</html>\n"
    )


def _section(title: str, content: Markup | None) -> Markup | None:
    if not content:
        return None
    return element("section", element("h2", title), content)


def _class(name: str) -> dict[str, str]:
    return {"class": name}


def _head(report: Report) -> Markup:
    """The headline score, and those of the baselines below it."""
    first = report.metrics[0]
    best = next(iter(report.scores.values()))
    where = "samples held out" if report.held_out else "the samples themselves"
    title = element("span", f" {first.title} on {where}")
    head = ("model", *[metric.title for metric in report.metrics])
    rows = [
        (name, *[metric.text(found[metric.name]) for metric in report.metrics])
        for name, found in report.scores.items()
    ]
    return element(
        "header",
        element("h1", report.data),
        element("p", report.told, attributes=_class("lead")),
        element("p", first.text(best[first.name]), title, attributes=_class("headline")),
        table(head, rows),
        element("p", report.ended, attributes=_class("note")),
    )


def _pictures(pictures: Sequence[Picture]) -> Markup:
    """Each picture with its caption; what to install where there are none."""
    if not pictures:
        missing = "Learning curve and other pictures are missing: they need matplotlib "
        return element("p", missing, "(pip install 'chainrule[plot]').", attributes=_class("note"))
    return joined(
        element(
            "figure",
            picture(shown.content, "image/png", shown.caption),
            element("figcaption", shown.caption),
        )
        for shown in pictures
    )


def _network(report: Report) -> Markup:
    """Neurons and weights, and what there is to know of each layer."""
    from chainrule import draw, nn
    from chainrule.draw.neurons import layers_of

    found = nn.summary(report.network, report.input)
    head = ("layer", "what", "output", "parameters", "statistics", "multiply-adds")
    rows = [
        (row.path, row.layer, str(row.output[-1]), f"{row.parameters:,}", f"{row.statistics:,}",
         f"{row.forward:,}")
        for row in found.rows
    ]  # fmt: skip
    rows.append(("all", "", "", f"{found.parameters:,}", f"{found.statistics:,}",
                 f"{found.forward:,}"))  # fmt: skip
    parts = [table(head, rows)]
    if report.dead:
        told = ", ".join(f"{len(units)} in {layer}" for layer, units in report.dead.items())
        parts.append(element("p", f"Dead units, 0 for every sample: {told}."))
    try:
        layers_of(report.network)
    except ValueError:  # such as of networks side by side, or of embeddings
        parts.append(element("p", "Its weights are no chain of matrices: the graph shows them."))
        return joined(parts)
    drawing = draw.network(report.network, inputs=report.inputs, outputs=report.outputs)
    parts.append(_drawing(drawing, "The network: blue weights are positive, orange negative"))
    return joined(parts)


def _graph(report: Report) -> Markup:
    """The computation graph of the network in use, as a picture and as text."""
    from chainrule import draw, trace

    def output(net: Any, x: Any) -> Any:
        return net(x)

    graph = trace(output, report.network, report.input)
    drawing = draw.graph(graph)
    return joined(
        [
            _drawing(drawing, "The computation graph of the network in use"),
            folded("The graph as text", element("pre", lines(str(graph)))),
        ]
    )


def _drawing(drawing: Any, caption: str) -> Markup:
    shown = picture(drawing.svg.encode(), "image/svg+xml", caption)
    scrolled = element("div", shown, attributes=_class("wide"))
    return element("figure", scrolled, element("figcaption", caption))


def _importance(report: Report) -> Markup | None:
    """What each column is worth, as numbers and bars."""
    if not report.importance:
        return None
    largest = max(report.importance[0][1], 1e-12)
    rows = [
        (name, f"{worth:.4g}", "█" * round(_BAR * max(worth, 0) / largest))
        for name, worth in report.importance
    ]
    told = "How much worse the loss on samples held out is when the column is shuffled."
    return joined([element("p", told), table(("column", "loss", ""), rows)])


def _quality(report: Report) -> Markup | None:
    """How far what is predicted can be believed."""
    if not report.quality:
        return None
    rows = [(f"{sure:.1%}", f"{right:.1%}", f"{count:,}")
            for sure, right, count in report.reliability]  # fmt: skip
    parts = [element("p", report.quality)]
    return joined([*parts, table(("sure", "right", "samples"), rows)] if rows else parts)


def _columns(report: Report) -> Markup | None:
    head, rows = report.columns
    return table(head, rows) if rows else None


def _configuration(report: Report) -> Markup:
    rows = list(report.configuration.items())
    command = element("pre", lines(report.command))
    return joined([command, folded("Every option", table(("option", "value"), rows))])


def _foot(report: Report) -> Markup:
    made = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return element("footer", f"Made by {made}.")


#: What follows the scores and the pictures.
_SECTIONS: tuple[tuple[str, Callable[[Report], Markup | None]], ...] = (
    ("Importance", _importance),
    ("Reliability", _quality),
    ("Network", _network),
    ("Computation graph", _graph),
    ("Columns", _columns),
    ("Configuration", _configuration),
)
