"""The picture of the results: time of a training step, by case and library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.peers import OURS, PEERS
from benchmarks.report import best_medians, time_text


#: Colours that people with any colour vision tell apart: M. Okabe, K. Ito, 2008. Ours is the
#: strongest.
COLOURS = ("#D55E00", "#56B4E9", "#0072B2", "#009E73", "#F0E442", "#CC79A7", "#999999")
_BAR = 0.11  # of the height of a group


def draw(results: dict[str, Any], stem: Path) -> list[Path]:
    """Write `stem`.svg and `stem`.png; nothing where no case was measured."""
    steps = results.get("steps", {})
    if not steps:
        return []
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import EngFormatter

    figure, axes = plt.subplots(figsize=(9, 1.2 + 1.05 * len(steps)), layout="constrained")
    for place, (name, peer) in enumerate(PEERS.items()):
        _bars(axes, place, name, peer.title, steps)
    for group, found in enumerate(steps.values()):
        floor = found["floor"]["seconds"]
        label = "least possible here" if group == 0 else "_"
        ends = (group - 0.5 * _BAR * len(PEERS), group + 0.5 * _BAR * len(PEERS))
        axes.vlines(floor, *ends, colors="black", linewidth=1.5, label=label)
    axes.set_xscale("log")
    axes.set_yticks(range(len(steps)), [f"{n}\nbatch {r['batch']}" for n, r in steps.items()])
    axes.set_ylim(len(steps) - 0.5, -0.5)
    axes.set_xlim(right=2 * axes.get_xlim()[1])  # room for the last number
    axes.xaxis.set_major_formatter(EngFormatter("s"))
    axes.set_xlabel("time of a training step (logarithmic; shorter is faster)")
    axes.grid(axis="x", which="major", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    paths = [stem.with_suffix(suffix) for suffix in (".svg", ".png")]
    for path in paths:
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
    return paths


def _bars(axes: Any, place: int, name: str, title: str, steps: dict[str, Any]) -> None:
    """The bars of one peer, one in each group; ours says its time."""
    offset = (place - (len(PEERS) - 1) / 2) * _BAR
    found = [(g, best_medians(r["rows"]).get(name)) for g, r in enumerate(steps.values())]
    there = [(group + offset, seconds) for group, seconds in found if seconds is not None]
    if not there:
        return
    heights, times = zip(*there, strict=True)
    left = min(found["floor"]["seconds"] for found in steps.values()) / 2
    axes.barh(
        heights,
        [time - left for time in times],
        _BAR,
        left=left,
        color=COLOURS[place],
        edgecolor="black",
        linewidth=0.3,
        label=title,
    )
    if name == OURS:
        for height, time in there:
            axes.text(time * 1.08, height, time_text(time), va="center", fontsize=7)
