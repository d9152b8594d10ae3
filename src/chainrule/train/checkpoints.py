"""Checkpoints: a run between two epochs as a file, from which it goes on bit for bit.

The file is sealed as model files are, and says what the bits depend on: the graph of a step, the
data and the settings, which must be the same to go on, and the libraries and the processor, which
had better be.
"""

from __future__ import annotations

import dataclasses
import os
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import tree
from chainrule.files import remove_leftovers, write_atomically
from chainrule.graph import Graph
from chainrule.sealed import SealError, seal, unseal
from chainrule.train.epoch import Position
from chainrule.train.rows import Rows, Source, digest
from chainrule.train.standing import Standing
from chainrule.version import __version__


if TYPE_CHECKING:
    from chainrule.train.run import Run

FORMAT = "chainrule-checkpoint-1"


class CheckpointError(ValueError):
    """A file that holds no whole checkpoint, or that of another run."""


@dataclass(frozen=True)
class Checkpoint:
    """A file that holds the run, written after every so many epochs, or minutes if given.

    What is written is whole at any moment: a temporary file, flushed to disk and renamed.
    """

    path: str | os.PathLike[str]
    epochs: int = 1
    minutes: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.epochs, int) or self.epochs < 1:
            raise ValueError(f"checkpoint: every {self.epochs!r} epochs; expected a whole number")
        if self.minutes is not None and not self.minutes >= 0:
            raise ValueError(f"checkpoint: every {self.minutes!r} minutes; expected 0 or more")


@dataclass(frozen=True)
class Fingerprint:
    """What the bits of a run depend on.

    run      must be equal to go on
    machine  should be equal; where it is not, the run goes on with other bits
    """

    run: Mapping[str, Any]
    machine: Mapping[str, Any]


def fingerprint(graph: Graph, source: Source, held_out: Rows | None, run: Run) -> Fingerprint:
    """The fingerprint of a run, whose step is `graph`."""
    settings = dataclasses.asdict(run.settings)
    epochs = settings.pop("epochs")
    return Fingerprint(
        {
            "graph of a step": graph.hash,
            "data": digest(source),
            "validation data": None if held_out is None else digest(held_out),
            "learning rate": None if run.update is None else run.update.optimizer.learning_rate,
            "schedule": run.schedule.name,
            "backend": run.backend.name,
            **settings,
        },
        {
            # A constant rate does not depend on how long the run will be.
            "epochs": None if run.schedule.name == "constant" else epochs,
            "chainrule": __version__,
            "numpy": np.__version__,
            "blas": _blas(),
            "processor": run.backend.processor,
        },
    )


@dataclass
class Recorder:
    """Writes the checkpoints of one run."""

    checkpoint: Checkpoint
    fingerprint: Fingerprint
    written: int = -1  # the epoch that the file holds
    at: float = field(default_factory=time.monotonic)

    def begin(self, start: Standing, resume: bool) -> Standing:
        """Where the run begins: as `start`, or where the file stands. OSError if unwritable."""
        path = Path(self.checkpoint.path)
        remove_leftovers(path)
        if resume and path.exists():
            start = read(path, start, self.fingerprint)
            self.written = start.epoch
        else:
            self._write(start)
        return start

    def after_epoch(self, standing: Standing) -> None:
        """Write the file if it is time."""
        minutes = self.checkpoint.minutes
        if minutes is None:
            due = standing.epoch - self.written >= self.checkpoint.epochs
        else:
            due = time.monotonic() - self.at >= 60 * minutes
        if due:
            self._write(standing)

    def finish(self, standing: Standing) -> None:
        """Write the file unless it holds this epoch."""
        if standing.epoch != self.written:
            self._write(standing)

    def _write(self, standing: Standing) -> None:
        write_atomically(self.checkpoint.path, to_bytes(standing, self.fingerprint))
        self.written, self.at = standing.epoch, time.monotonic()


def to_bytes(standing: Standing, found: Fingerprint) -> bytes:
    """The content of a checkpoint."""
    position = standing.position
    arrays = {"parameters": position.parameters, "best": standing.best}
    states = zip(tree.paths(position.state), tree.leaves(position.state), strict=True)
    arrays |= {f"state{path}": np.asarray(leaf) for path, leaf in states}
    arrays |= {f"history.{name}": np.array(row) for name, row in standing.history.items()}
    record = {
        "step": position.step,
        "history": list(standing.history),
        "run": dict(found.run),
        "machine": dict(found.machine),
    }
    return seal(arrays, record, FORMAT)


def read(path: Path, start: Standing, expected: Fingerprint) -> Standing:
    """Where the run in the file stands.

    start  where it began, which says what the file has to hold
    CheckpointError for a damaged file or one of another run; a warning where the bits will differ.
    """
    try:
        arrays, record = unseal(path.read_bytes(), FORMAT)
        _compare(record, expected)
        leaves, structure = tree.flatten(start.position.state)
        names = [f"state{place}" for place in tree.paths(start.position.state)]
        state = [_like(arrays, n, leaf) for n, leaf in zip(names, leaves, strict=True)]
        position = Position(
            _like(arrays, "parameters", start.position.parameters),
            tree.unflatten(structure, state),
            int(record["step"]),
        )
        log = {name: arrays[f"history.{name}"].tolist() for name in record["history"]}
        standing = replace(start, position=position, log=log)
        for watched in standing.watched:
            standing = standing.counted(watched, expected.run["min_delta"])
        return replace(standing, best=_like(arrays, "best", start.best))
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except (SealError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: not a whole checkpoint ({error!s:.200}); remove it to begin anew"
        ) from None


def _like(arrays: Mapping[str, Any], name: str, wanted: Any) -> Any:
    found, wanted = arrays[name], np.asarray(wanted)
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        raise CheckpointError(
            f"{name} is {found.dtype} {found.shape}, expected {wanted.dtype} {wanted.shape}"
        )
    return found


def _compare(record: Mapping[str, Any], expected: Fingerprint) -> None:
    """CheckpointError for another run, a warning for another machine."""
    found = record["run"]
    for name, value in expected.run.items():
        if found.get(name) != value:
            raise CheckpointError(
                f"it is of a run with another {name} ({found.get(name)!s:.20}, now {value!s:.20}); "
                "resume with the same arguments and data, or remove the file to begin anew"
            )
    changed = [
        f"{name} was {record['machine'].get(name)}, is {value}"
        for name, value in expected.machine.items()
        if record["machine"].get(name) != value
    ]
    if changed:
        warnings.warn(
            f"the resumed run will not have the bits of one without end: {'; '.join(changed)}",
            stacklevel=5,
        )


def _blas() -> str:
    """Name, version and kernels of the library that NumPy multiplies with."""
    from threadpoolctl import threadpool_info

    found = [entry for entry in threadpool_info() if entry["user_api"] == "blas"]
    ours = [entry for entry in found if "numpy" in str(entry.get("filepath"))] or found
    if not ours:
        return "unknown"
    entry = ours[0]
    return f"{entry['internal_api']} {entry.get('version')} {entry.get('architecture')}"
