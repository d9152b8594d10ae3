"""The network that a recipe makes for a table, and how fast each of its parts is learnt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.nn import (
    ACTIVATIONS,
    Clamp,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    Encode,
    FadingDropout,
    Gain,
    Heads,
    Members,
    NtpDense,
    ParametricActivation,
    PeriodicEmbedding,
    Sequential,
)
from chainrule.nn.encoding import feature_counts
from chainrule.tabular.recipes import Rates, Recipe
from chainrule.tabular.start import from_data
from chainrule.train.groups import Group


#: How the members of an ensemble are averaged, by task: see `nn.ensembles.AVERAGES`.
AVERAGE = {"classification": "logits", "regression": "numbers"}


def network_for(
    recipe: Recipe,
    x: Any,
    sizes: Sequence[int],
    task: str,
    outputs: int,
    *,
    weights: Any = None,
    steps: int = 1,
    seed: Any = 0,
) -> Sequential:
    """A network before training.

    x        the training rows `(rows, columns)`; weights  `(rows,)` or None
    sizes    of the columns: see `Encode`
    outputs  logits of classes or numbers; steps  of the whole training; seed  of the random numbers
    """
    rng = np.random.default_rng(seed)
    first, chunks = _features(recipe, x, sizes, weights, rng)
    make = _shared if recipe.is_shared else _plain
    network = Sequential((first, *make(recipe, chunks, task, outputs, steps, rng)))
    if recipe.starts_from == "data":
        network = from_data(network, x, rng)
    network.check()
    return network


def _features(
    recipe: Recipe, x: Any, sizes: Sequence[int], weights: Any, rng: np.random.Generator
) -> tuple[Any, list[int]]:
    """The first layer, and how many of its features belong to each part of the table."""
    embedded = [column for column, size in enumerate(sizes) if size > recipe.one_hot]
    numbers = [column for column, size in enumerate(sizes) if not size and recipe.waves]
    others = [column for column in range(len(sizes)) if column not in {*embedded, *numbers}]
    if len(others) == len(sizes):
        return Encode.fit(x, sizes, weights), feature_counts(sizes)
    layers: list[Any] = []
    chunks: list[int] = []
    if numbers:
        waves, made = recipe.waves, recipe.wave_outputs
        periodic = PeriodicEmbedding.init(len(numbers), waves, made, rng=rng, sigma=recipe.sigma)
        layers.append(Sequential((Encode.fit(x, sizes, weights, numbers), periodic)))
        chunks += [1] * periodic.features[1]
    if others:
        layers.append(Encode.fit(x, sizes, weights, others))
        chunks += feature_counts(sizes, others)
    for column in embedded:
        layers.append(Embedding.init(sizes[column] + 1, recipe.embedding, rng=rng, column=column))
        chunks.append(recipe.embedding)
    return Concatenate(tuple(layers)), chunks


def _plain(
    recipe: Recipe,
    chunks: Sequence[int],
    task: str,
    outputs: int,
    steps: int,
    rng: np.random.Generator,
) -> list[Any]:
    """The layers of RealMLP after the features."""
    chosen = recipe.activation.of(task)
    widths = [sum(chunks), *recipe.hidden]
    layers: list[Any] = [Gain.init(widths[0])]
    for fan_in, units in itertools.pairwise(widths):
        layers.append(NtpDense.init(fan_in, units, rng=rng))
        is_learnt = recipe.is_parametric
        layers.append(
            ParametricActivation.init(units, chosen) if is_learnt else ACTIVATIONS[chosen]
        )
        layers += _dropout(recipe, steps)
    if recipe.starts_from == "data":
        return [*layers, NtpDense.init(widths[-1], outputs, rng=rng)]
    return [*layers, NtpDense.zeros(widths[-1], outputs)]


def _shared(
    recipe: Recipe,
    chunks: Sequence[int],
    task: str,
    outputs: int,
    steps: int,
    rng: np.random.Generator,
) -> list[Any]:
    """The layers of TabM-mini after the features."""
    widths = [sum(chunks), *recipe.hidden]
    layers: list[Any] = [Members.init(recipe.members, chunks, rng=rng)]
    for fan_in, units in itertools.pairwise(widths):
        limit = 1 / math.sqrt(fan_in)
        weight = rng.uniform(-limit, limit, (fan_in, units)).astype(np.float32)
        bias = rng.uniform(-limit, limit, units).astype(np.float32)
        layers.append(Dense(weight, bias, ACTIVATIONS[recipe.activation.of(task)]))
        layers += _dropout(recipe, steps)
    return [*layers, Heads.init(recipe.members, widths[-1], outputs, AVERAGE[task], rng=rng)]


def _dropout(recipe: Recipe, steps: int) -> list[Any]:
    if not recipe.dropout:
        return []
    fading = FadingDropout.init(recipe.dropout, steps)
    return [fading if recipe.fades else Dropout(recipe.dropout)]


def groups_of(network: Any, rates: Rates) -> list[Group]:
    """The multipliers of learning rate and weight decay, by the kinds of the layers.

    The decay of a gain, an activation's share and an embedding of numbers has their multiplier of
    the rate twice, as where RealMLP comes from; biases have none.
    """
    found: list[Group] = []
    parts = tree.flatten(network, _is_part)[0]
    for path, part in zip(tree.paths(network, is_leaf=_is_part), parts, strict=True):
        if isinstance(part, Gain):
            found.append(Group(path, rates.gain, rates.gain))
        elif isinstance(part, ParametricActivation):
            found.append(Group(path, rates.share, rates.share))
        elif isinstance(part, NtpDense):
            found.append(Group(f"{path}.bias", rates.bias, 0.0))
        elif isinstance(part, PeriodicEmbedding):
            found += [Group(f"{path}.{name}", rates.periodic, 0.0) for name in ("phase", "bias")]
            found.append(Group(path, rates.periodic, rates.periodic))
    return found


def _is_part(value: Any) -> bool:
    return isinstance(value, (Gain, NtpDense, ParametricActivation, PeriodicEmbedding))


def in_use(network: Sequential, y: Any = None) -> Sequential:
    """The trained network as it is used: without what only training needs.

    y  `(rows, outputs)`: no number is predicted beyond its extremes; None for no such bounds
    """
    layers = [
        Dropout(layer.rate) if isinstance(layer, FadingDropout) else layer
        for layer in network.layers
    ]
    if y is not None:
        lower, upper = (tuple(map(float, end)) for end in (y.min(axis=0), y.max(axis=0)))
        layers.append(Clamp(lower, upper))
    return replace(network, layers=tuple(layers))
