"""What of a recipe is searched for, and the recipe that values of it make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chainrule.tabular.recipes import ByTask, Recipe
from chainrule.tune.space import Space, choice, integer, log_uniform, uniform


_WIDTHS = (64, 128, 256, 512)

#: Of RealMLP, after the space that D. Holzmüller and others searched for TabArena, 2025; narrower
#: layers besides, since small tables do not need wide ones.
_REAL_MLP: Space = {
    "layers": integer(1, 4),
    "width": choice(*_WIDTHS),
    "learning_rate": log_uniform(0.01, 0.3),
    "gain_rate": log_uniform(2.0, 10.0),
    "dropout": uniform(0.0, 0.5),
    "weight_decay": log_uniform(1e-4, 5e-2),
    "activation": choice("selu", "mish", "relu"),
    "batch_size": choice(64, 128, 256, 512),
}
_OF_CLASSES: Space = {"label_smoothing": uniform(0.0, 0.15)}
_OF_WAVES: Space = {"sigma": log_uniform(0.01, 10.0)}

#: Of TabM-mini, after Y. Gorishniy et al., 2024.
_TABM: Space = {
    "layers": integer(1, 4),
    "width": choice(*_WIDTHS),
    "learning_rate": log_uniform(3e-4, 1e-2),
    "dropout": uniform(0.0, 0.5),
    "weight_decay": log_uniform(1e-4, 1e-1),
    "activation": choice("relu", "selu", "mish"),
    "batch_size": choice(64, 128, 256, 512),
}


def space_of(recipe: Recipe, task: str) -> Space:
    """What is searched around a recipe, by name."""
    if recipe.is_shared:
        return _TABM
    of_classes = _OF_CLASSES if task == "classification" else {}
    return {**_REAL_MLP, **of_classes, **(_OF_WAVES if recipe.waves else {})}


def values_of(recipe: Recipe, task: str) -> dict[str, Any]:
    """The values that a recipe has itself, as near as the space allows."""
    space = space_of(recipe, task)
    found = {
        "layers": len(recipe.hidden),
        "width": min(_WIDTHS, key=lambda width: abs(width - recipe.hidden[0])),
        "learning_rate": recipe.learning_rate.of(task),
        "gain_rate": recipe.rates.gain,
        "dropout": recipe.dropout,
        "weight_decay": max(recipe.weight_decay, 1e-4),
        "activation": recipe.activation.of(task),
        "batch_size": recipe.batch_size,
        "label_smoothing": recipe.label_smoothing,
        "sigma": recipe.sigma,
    }
    return {name: found[name] for name in space}


def recipe_with(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """A recipe with these values of `space_of` in place of its own."""
    rate, chosen = values["learning_rate"], values["activation"]
    changed = replace(
        recipe,
        hidden=(values["width"],) * values["layers"],
        learning_rate=ByTask(rate, rate),
        activation=ByTask(chosen, chosen),
        dropout=values["dropout"],
        weight_decay=values["weight_decay"],
        batch_size=values["batch_size"],
        label_smoothing=values.get("label_smoothing", recipe.label_smoothing),
        sigma=values.get("sigma", recipe.sigma),
    )
    if "gain_rate" in values:
        changed = replace(changed, rates=replace(recipe.rates, gain=values["gain_rate"]))
    return changed
