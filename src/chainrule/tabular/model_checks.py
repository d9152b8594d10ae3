"""What may be wrong with a trained network: its parameters, its units, its history, its answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import metrics, nn, tree
from chainrule.tabular.findings import Finding


_LARGE, _SMALL = 1e4, 1e-6  # root mean squares of what should be about 1
_MANY = 0.25  # share of the units of a layer
_FLAT = 1e-4  # how much an output varies, beside how large it is
_FEWEST_EPOCHS = 8


@dataclass(frozen=True)
class Patient:
    """A model and what is known of it; None or empty for what is not.

    name           what commands call the model
    train          the command that trained it, to which options are added
    history        of each epoch: loss, and validation_loss and learning_rate where they were noted
    x              `(rows, features)` as the network takes them
    labels, told   labels `(rows,)` and probabilities `(rows, classes)`
    classes        what the labels stand for
    """

    network: Any
    name: str
    train: str
    history: Mapping[str, Sequence[float | None]]
    x: Any = None
    labels: Any = None
    told: Any = None
    classes: Sequence[str] = ()

    def again(self, *options: str) -> str:
        """The command that trains once more with other options."""
        return " ".join([self.train, *options])


def parameters(patient: Patient) -> Iterator[Finding]:
    """Parameters that are not finite, or far from 1 in size."""
    leaves = zip(tree.paths(patient.network), tree.leaves(patient.network), strict=True)
    for path, leaf in leaves:
        count = int(np.sum(~np.isfinite(leaf)))
        if count:
            yield Finding("error", "non-finite parameters", path,
                          f"{count:,} of {leaf.size:,} numbers",
                          patient.again("--learning-rate 1e-4", "--clip-norm 1"))  # fmt: skip
        elif path.endswith("weight") and leaf.size and (size := _size(leaf)) > _LARGE:
            yield Finding("warning", "exploding weights", path, f"root mean square {size:.3g}",
                          patient.again("--weight-decay 1e-2"))  # fmt: skip
        elif path.endswith("weight") and leaf.size and _size(leaf) < _SMALL:
            yield Finding("warning", "vanishing weights", path,
                          f"root mean square {_size(leaf):.3g}",
                          patient.again("--weight-decay 0"))  # fmt: skip


def units(patient: Patient) -> Iterator[Finding]:
    """Units that say the same whatever comes, and layers whose outputs explode or vanish."""
    if patient.x is None or not len(patient.x):
        return
    dead = nn.dead_units(patient.network, patient.x)
    outputs = nn.layer_outputs(patient.network, patient.x)
    for place, (layer, output) in enumerate(outputs.items()):
        found = np.asarray(output)
        if found.ndim != 2 or not found.size:
            continue
        is_last = place == len(outputs) - 1
        yield from _sizes(patient, layer, found)
        if layer in dead:
            share = len(dead[layer]) / found.shape[1]
            yield Finding("warning" if share >= _MANY else "note", "dead units", layer,
                          f"{len(dead[layer])} of {found.shape[1]} are 0 for every row",
                          patient.again("--activation leaky_relu"))  # fmt: skip
        if not is_last:
            yield from _saturated(patient, layer, found)


def _sizes(patient: Patient, layer: str, output: Any) -> Iterator[Finding]:
    if not np.isfinite(output).all():
        yield Finding("error", "non-finite outputs", layer, "for some of the rows",
                      patient.again("--learning-rate 1e-4"))  # fmt: skip
        return
    size = _size(output)
    if size > _LARGE:
        yield Finding("warning", "exploding outputs", layer, f"root mean square {size:.3g}",
                      patient.again("--batch-norm"))  # fmt: skip
    elif 0 < size < _SMALL:
        yield Finding("warning", "vanishing outputs", layer, f"root mean square {size:.3g}",
                      patient.again("--batch-norm"))  # fmt: skip


def _saturated(patient: Patient, layer: str, output: Any) -> Iterator[Finding]:
    """Units that are not 0, but hardly vary."""
    size = np.max(np.abs(output), axis=0)
    is_flat = (np.ptp(output, axis=0) <= _FLAT * size) & (size > 0)
    at_end = (np.abs(output) > 0.999).mean(axis=0) > 0.99
    count = int(np.sum((is_flat | at_end) & (size <= 1.0 + 1e-6)))
    if count and len(output) > 1:
        share = count / output.shape[1]
        yield Finding("warning" if share >= _MANY else "note", "saturated units", layer,
                      f"{count} of {output.shape[1]} hardly vary from row to row",
                      patient.again("--initializer glorot_uniform", "--batch-norm"))  # fmt: skip


def learning_rate(patient: Patient) -> Iterator[Finding]:
    """A course of the loss that says that steps are too large or too small."""
    loss = _numbers(patient.history.get("loss", ()))
    rates = _numbers(patient.history.get("learning_rate", ()))
    if len(loss) < _FEWEST_EPOCHS:
        return
    rate = float(np.nanmax(rates)) if len(rates) else math.nan
    if not np.isfinite(loss).all() or loss[-1] > max(loss[0], 1.5 * loss.min() + 1e-12):
        yield Finding("error", "learning rate too high", patient.name,
                      f"the loss went from {loss[0]:.3g} to {loss[-1]:.3g}",
                      patient.again(_rate(rate, 0.1)))  # fmt: skip
        return
    rises = float(np.mean(np.diff(loss) > 0.05 * np.abs(loss[:-1])))
    is_cyclic = len(rates) > 1 and bool(np.any(np.diff(rates) > 0))
    if rises > 0.25 and not is_cyclic:
        yield Finding("warning", "learning rate too high", patient.name,
                      f"the loss rose by more than 5 % in {rises:.0%} of the epochs",
                      patient.again(_rate(rate, 0.3)))  # fmt: skip
        return
    last = max(len(loss) // 10, 1)
    fallen, before = loss[-1 - last] - loss[-1], loss[0] - loss[-1]
    is_steady = len(rates) > 0 and rates[-1] >= 0.5 * np.nanmax(rates)
    if is_steady and before > 0 and fallen > 0.05 * before:
        yield Finding("note", "learning rate too low, or too few epochs", patient.name,
                      f"the last {last} of {len(loss)} epochs made {fallen / before:.0%} of the "
                      "progress", patient.again(_rate(rate, 3)))  # fmt: skip


def over_fitting(patient: Patient) -> Iterator[Finding]:
    """A validation loss that rises while the training loss falls."""
    loss = _numbers(patient.history.get("loss", ()))
    held_out = _numbers(patient.history.get("validation_loss", ()))
    if len(held_out) < _FEWEST_EPOCHS or not np.isfinite(held_out).all():
        return
    best = int(np.argmin(held_out))
    rise = held_out[-1] / held_out[best] - 1 if held_out[best] > 0 else 0.0
    if rise > 0.1 and best < 0.8 * len(held_out) and loss[-1] < loss[best]:
        yield Finding("warning", "over-fitting", patient.name,
                      f"the validation loss was lowest in epoch {best + 1} of {len(held_out)}, "
                      f"then rose by {rise:.0%} while the training loss fell",
                      patient.again(f"--dropout 0.2 --patience {max(best // 2, 5)}"))  # fmt: skip


def answers(patient: Patient) -> Iterator[Finding]:
    """Classes that are never predicted, and probabilities that cannot be believed."""
    if patient.told is None or patient.labels is None:
        return
    guessed = patient.told.argmax(axis=1)
    never = [name for label, name in enumerate(patient.classes)
             if np.any(patient.labels == label) and not np.any(guessed == label)]  # fmt: skip
    if never:
        yield Finding("warning", "classes never predicted", patient.name,
                      ", ".join(never[:5]), patient.again("--class-weight balanced"))  # fmt: skip
    right = metrics.accuracy(patient.labels, guessed)
    commonest = float(np.bincount(patient.labels).max() / len(patient.labels))
    if right < commonest:
        yield Finding("error", "worse than a guess", patient.name,
                      f"{right:.1%} right; the commonest class alone {commonest:.1%}",
                      patient.again("--preset default"))  # fmt: skip
    gap = metrics.calibration_error(patient.labels, patient.told)
    noise = 1 / math.sqrt(len(patient.labels))  # what the bins of so few rows make by chance
    if gap > 0.1 + noise:
        yield Finding("warning", "miscalibration", patient.name,
                      f"probabilities are {gap:.1%} off on average",
                      patient.again("--preset default"))  # fmt: skip


#: Every check of a model.
MODEL_CHECKS: tuple[Callable[[Patient], Iterable[Finding]], ...] = (
    parameters,
    units,
    learning_rate,
    over_fitting,
    answers,
)


def _size(numbers: Any) -> float:
    return float(np.sqrt(np.mean(np.square(np.asarray(numbers, np.float64)))))


def _numbers(values: Sequence[float | None]) -> Any:
    """Float64, NaN for None."""
    return np.array([math.nan if value is None else value for value in values], np.float64)


def _rate(rate: float, factor: float) -> str:
    return f"--learning-rate {rate * factor:.2g}" if math.isfinite(rate) else "--learning-rate 1e-4"
