"""The least time that a training step can take on a machine, from what it has to do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from benchmarks.cases import Case


_EXP_AND_DIVISION = 12  # links of the chain through a cross-entropy and its gradient
_ROOT_AND_DIVISION = 10  # links of the chain through Adam's update
_MEETING = 1e-7  # seconds that cores take to meet at a barrier
_UPDATE_BYTES = {"adam": 20, "sgd": 8}  # a parameter, in the epilogue of its gradient

FORMULA = (
    "floor = max(chain, products + update + gather + meetings), on the number of cores that "
    "makes it least. "
    "Products: 2B(3M - M0) flop at the measured peak of fused multiply-adds, M being the number "
    "of weights and M0 that of the first layer, which needs no gradient of its input. "
    "Update: 20 bytes a parameter with Adam (parameter and both moments read and written, less "
    "what a fused epilogue saves) or 8 with SGD, at the measured bandwidth of one core in a set "
    "as large as the state. Gather: 4 B fan_in bytes at the bandwidth in a set as large as the "
    "data. All three divided by the number of cores. Meetings: 0.1 µs for each of two in a layer, "
    "where there is more than one core. Chain: dependent operations, each as long as one "
    "fused multiply-add: sums as trees, 12 links for the cross-entropy, 10 for the update. "
    "Activations, normalisation and dropout are left out."
)


@dataclass(frozen=True)
class Floor:
    """Seconds a step, part by part."""

    products: float
    update: float
    gather: float
    meetings: float
    chain: float

    @property
    def seconds(self) -> float:
        """The floor."""
        return max(self.chain, self.products + self.update + self.gather + self.meetings)


def flop(case: Case) -> int:
    """Of the matrix products of a step."""
    weights = [i * o for i, o in pairwise(case.sizes)]
    return 2 * case.batch * (3 * sum(weights) - weights[0])


def parameter_count(case: Case) -> int:
    """Weights and biases; a normalised layer has scale and shift in place of the bias."""
    inner = sum(case.sizes[1:-1]) if case.batch_norm else 0
    return sum((i + 1) * o for i, o in pairwise(case.sizes)) + inner


def chain_links(case: Case) -> int:
    """How many operations wait for one another from one step's weights to the next's."""
    forward = sum(_tree(i) + 2 for i, _ in pairwise(case.sizes))
    backward = sum(_tree(o) + 2 for _, o in list(pairwise(case.sizes))[1:])
    update = _ROOT_AND_DIVISION if case.optimizer == "adam" else 1
    return forward + _EXP_AND_DIVISION + backward + _tree(case.batch) + 1 + update


def floor_of(
    case: Case, peaks: dict[str, float], bandwidth: Callable[[float], float], cores: int
) -> Floor:
    """The least of the floors on one core and up to so many.

    peaks      as `machine.peaks` gives them, for one core
    bandwidth  bytes a second of one core in a set of so many bytes
    """
    floors = (_floor(case, peaks, bandwidth, number) for number in range(1, cores + 1))
    return min(floors, key=lambda floor: floor.seconds)


def _floor(
    case: Case, peaks: dict[str, float], bandwidth: Callable[[float], float], cores: int
) -> Floor:
    moved = _UPDATE_BYTES[case.optimizer] * parameter_count(case)
    state = 16 * parameter_count(case) / cores
    read = 4 * case.batch * case.sizes[0]
    data = 4 * case.samples * case.sizes[0]
    return Floor(
        flop(case) / (1e9 * peaks["fma_gflops"] * cores),
        moved / (bandwidth(state) * cores),
        read / (bandwidth(data) * cores),
        2 * (len(case.sizes) - 1) * _MEETING if cores > 1 else 0.0,
        chain_links(case) * peaks["fma_ns"] * 1e-9,
    )


def as_numbers(floor: Floor) -> dict[str, Any]:
    """For JSON."""
    return {**asdict(floor), "seconds": floor.seconds}


def _tree(terms: int) -> int:
    """The depth of a sum of so many terms."""
    return math.ceil(math.log2(max(terms, 1)))
