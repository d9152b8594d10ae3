"""An ONNX graph while it is written: operators, arrays, and a name of its own for each value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.types import BATCH, Shape


@dataclass(frozen=True)
class OnnxGraph:
    """What is written so far.

    operators  (operator, names of operands, name of the result, attributes), in order
    arrays     by name
    constants  the names of the small ones by what is in them
    taken      the names of all values
    rows       an input that has the batch among its axes, and which axis it is; None for none
    """

    operators: list[tuple[str, tuple[str, ...], str, Mapping[str, Any]]] = field(
        default_factory=list
    )
    arrays: dict[str, Any] = field(default_factory=dict)
    constants: dict[Any, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    rows: tuple[str, int] | None = None

    def free(self, name: str) -> str:
        """`name`, or one like it that no value has; it is taken from now on."""
        found, number = name, 1
        while found in self.taken:
            number += 1
            found = f"{name}_{number}"
        self.taken.add(found)
        return found

    def apply(
        self, operator: str, operands: Sequence[str], attributes: Mapping[str, Any] | None = None
    ) -> str:
        """Write an operator; the name of its result."""
        result = self.free(operator.lower())
        self.operators.append((operator, tuple(operands), result, attributes or {}))
        return result

    def array(self, values: Any, name: str) -> str:
        """Put an array into the file; its name."""
        found = self.free(name)
        self.arrays[found] = np.asarray(values, order="C")
        return found

    def constant(self, values: Any) -> str:
        """Put a small array of numbers into the file, once; its name."""
        array = np.asarray(values, order="C")
        key = (array.dtype, array.shape, array.tobytes())
        if key not in self.constants:
            self.constants[key] = self.array(array, "constant")
        return self.constants[key]

    def number(self, value: Any, dtype: Any) -> str:
        """A constant without axes."""
        return self.constant(np.asarray(value, dtype))

    def whole(self, values: Sequence[int]) -> str:
        """A list of whole numbers: axes, sizes, places."""
        return self.constant(np.asarray(values, np.int64).reshape(len(values)))

    def size(self) -> str:
        """The number of rows, as a list of one."""
        if self.rows is None:
            raise ValueError("export: the graph takes the number of rows, but no input has rows")
        for operator, _, result, _ in self.operators:
            if operator == "Shape":
                return result
        name, axis = self.rows
        return self.apply("Shape", [name], {"start": axis, "end": axis + 1})

    def shape(self, shape: Shape) -> str:
        """A shape, the number of rows put where it is needed."""
        if BATCH not in shape:
            return self.whole([int(size) for size in shape if isinstance(size, int)])
        parts = [self.size() if size is BATCH else self.whole([size]) for size in shape]
        return self.apply("Concat", parts, {"axis": 0})
