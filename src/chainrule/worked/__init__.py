"""The worked examples of the lectures, each computed anew beside the digits in print.

They have the ids W01 to W54; W06 has the parts W06a to W06d. Discrepancies have the ids D1 to D43.
"""

from __future__ import annotations

import re

from chainrule.lookup import find
from chainrule.worked import (
    activations_and_losses,
    backpropagation,
    boolean,
    by_hand,
    graphs,
    layers,
    likelihood,
    optimisation,
    perceptron,
    threshold,
    universality,
)
from chainrule.worked.discrepancies import DISCREPANCIES as DISCREPANCIES
from chainrule.worked.discrepancies import Discrepancy as Discrepancy
from chainrule.worked.example import Example as Example
from chainrule.worked.example import Line as Line
from chainrule.worked.example import render as render
from chainrule.worked.example import results as results


_MODULES: tuple[tuple[Example, ...], ...] = (
    threshold.EXAMPLES,
    boolean.EXAMPLES,
    perceptron.EXAMPLES,
    likelihood.EXAMPLES,
    graphs.EXAMPLES,
    by_hand.EXAMPLES,
    layers.EXAMPLES,
    activations_and_losses.EXAMPLES,
    optimisation.EXAMPLES,
    backpropagation.EXAMPLES,
    universality.EXAMPLES,
)

#: Every example by its id, in the order of the ids.
EXAMPLES: dict[str, Example] = {
    example.id: example
    for example in sorted((row for rows in _MODULES for row in rows), key=lambda row: row.id)
}

#: The parts of each example by the id that they share.
_FAMILIES: dict[str, tuple[Example, ...]] = {
    id[:3]: tuple(example for other, example in EXAMPLES.items() if other[:3] == id[:3])
    for id in EXAMPLES
}


def find_examples(name: str) -> tuple[Example, ...]:
    """The examples that a name means: `W43`, `w43`, `43`; `W06`, its parts; `W18-W20`, a range.

    ValueError for an empty range and, naming the nearest, for a name that none has.
    """
    first, dash, last = name.partition("-")
    if dash:
        families = list(_FAMILIES)
        start, end = (families.index(_family(bound)) for bound in (first, last))
        if start > end:
            raise ValueError(f"examples {name}: the range is empty; write {last}-{first}")
        return tuple(one for family in families[start : end + 1] for one in _FAMILIES[family])
    id = _written(name)
    return (EXAMPLES[id],) if id in EXAMPLES else _FAMILIES[_family(name)]


def _family(name: str) -> str:
    """The id without a part. ValueError for a name that no example has."""
    id = _written(name)
    find(_FAMILIES, "example", id)
    return id


def _written(name: str) -> str:
    """`w6A` as the ids are written: `W06a`; any other text as it is."""
    found = re.fullmatch(r"w?(\d{1,2})([a-z]?)", name.strip().lower(), re.ASCII)
    return f"W{int(found[1]):02}{found[2]}" if found else name
