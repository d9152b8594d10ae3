"""Every library that is measured: a table, and what each row has to offer.

Each module has `trainer(case, data, layers, threads)`, which gives a `Trainer`, and may have
`predictor(layers, x, threads)`, which gives a `Call`. They are imported only when they are used.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

from benchmarks.cases import Case, Data, Layer
from benchmarks.peers.apart import Apart
from benchmarks.peers.trainer import Trainer


@dataclass(frozen=True)
class Peer:
    """A library in one way of using it.

    name      that chooses it; title  that is shown
    module    in this package; framework  the import that it needs
    style     passed on, where one module has several ways
    is_apart  whether it fixes its number of threads at its start, by the variables `environment`
    lacks     what it cannot train
    predicts  whether there is a predictor
    """

    name: str
    title: str
    module: str
    framework: str
    style: str = ""
    is_apart: bool = False
    lacks: frozenset[str] = frozenset()
    predicts: bool = True

    @property
    def is_installed(self) -> bool:
        """Whether the framework can be imported."""
        return importlib.util.find_spec(self.framework) is not None

    def trainer(self, case: Case, data: Data, layers: list[Layer], threads: int) -> Trainer:
        """What trains this case, here or in a process of its own."""
        args = (case, data, layers, threads, self.style)
        if self.is_apart:
            return Apart(self.path, "trainer", args, environment(threads))
        return importlib.import_module(self.path).trainer(*args)

    def predictor(self, layers: list[Layer], x: Any, threads: int) -> Any:
        """What predicts these rows, here or in a process of its own."""
        args = (layers, x, threads)
        if self.is_apart:
            return Apart(self.path, "predictor", args, environment(threads))
        return importlib.import_module(self.path).predictor(*args)

    @property
    def path(self) -> str:
        """Of the module."""
        return f"benchmarks.peers.{self.module}"


def environment(threads: int) -> dict[str, str]:
    """XLA sizes its pool of threads once, when it starts, and not by the number of cores."""
    return {"PJRT_NPROC": str(threads)}


OURS = "chainrule"
_LAYERS_ONLY = frozenset({"dropout", "batch_norm"})

#: Every peer, by name; ours is the first.
PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer(OURS, "chainrule", "ours", "chainrule"),
        Peer("torch", "PyTorch eager", "pytorch", "torch", "eager"),
        Peer("torch-compile", "torch.compile", "pytorch", "torch", "compiled", predicts=False),
        Peer("jax-step", "JAX jit, step", "jax_peer", "jax", "step", True, predicts=False),
        Peer("jax-scan", "JAX jit, scan", "jax_peer", "jax", "scan", True),
        Peer("sklearn", "scikit-learn", "sklearn_peer", "sklearn", lacks=_LAYERS_ONLY),
        Peer("numpy", "NumPy by hand", "numpy_peer", "numpy"),
    )
}
