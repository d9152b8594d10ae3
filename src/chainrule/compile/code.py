"""LLVM IR as text while it is written: modules, functions, loops; for any processor."""

from __future__ import annotations

import struct
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


#: How a number of each dtype lies in a register. Booleans are one bit there, and a byte in memory.
ELEMENT = {
    "float64": "double",
    "float32": "float",
    "int64": "i64",
    "uint64": "i64",
    "int32": "i32",
    "uint32": "i32",
    "uint8": "i8",
    "bool": "i1",
}

#: Bytes of a number in memory.
SIZE = {
    "float64": 8,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
    "int32": 4,
    "uint32": 4,
    "uint8": 1,
    "bool": 1,
}


def vector(dtype: str, width: int) -> str:
    """The LLVM type of `width` numbers side by side; of one number the plain type."""
    return ELEMENT[dtype] if width == 1 else f"<{width} x {ELEMENT[dtype]}>"


def number(value: Any, dtype: str, width: int = 1) -> str:
    """An LLVM constant, without its type: one number in every lane."""
    if dtype in ("float64", "float32"):
        single = _float(float(value), dtype)
    elif dtype == "bool":
        single = "true" if value else "false"
    else:
        bits = 8 * SIZE[dtype]
        single = str((int(value) + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1))
    return single if width == 1 else f"splat ({ELEMENT[dtype]} {single})"


def _float(value: float, dtype: str) -> str:
    """The hexadecimal form, in which LLVM takes every float: always that of a double."""
    if dtype == "float32" and abs(value) != float("inf") and value == value:
        try:
            value = struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError:
            value = float("inf") if value > 0 else float("-inf")
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


_NO_UNROLLING = """!0 = distinct !{!0, !1}
!1 = !{!"llvm.loop.unroll.disable"}
"""


@dataclass(eq=False)
class Module:
    """Functions of one piece of machine code, and what they call from outside.

    has_fma: whether the target multiplies and adds with one rounding (`Target.has("fma")`).
    """

    functions: list[Code] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    globals: list[str] = field(default_factory=list)
    attributes: str = "nounwind"
    has_fma: bool = True

    def function(
        self,
        name: str,
        arguments: Sequence[tuple[str, str]],
        result: str = "void",
        linkage: str = "",
    ) -> Code:
        """A new function. arguments: (type, name) of each, such as ("ptr noalias", "x")."""
        code = Code(self, name, tuple(arguments), result, linkage)
        self.functions.append(code)
        return code

    def declare(self, name: str, result: str, types: Sequence[str]) -> None:
        """Make a function of another module, or an intrinsic, callable here."""
        self.declared.setdefault(name, f"declare {result} @{name}({', '.join(types)})")

    def __str__(self) -> str:
        own = {code.name for code in self.functions}
        outside = [text for name, text in self.declared.items() if name not in own]
        bodies = [str(code) for code in self.functions]
        return "\n\n".join(["\n".join([*self.globals, *outside]), *bodies, _NO_UNROLLING])


@dataclass(eq=False)
class Code:
    """One function while it is written, instruction after instruction.

    What an instruction gives is called by a name such as "%7"; operands are names or constants.
    """

    module: Module
    name: str
    arguments: tuple[tuple[str, str], ...]
    result: str = "void"
    linkage: str = ""
    lines: list[str] = field(default_factory=list)
    allocas: list[str] = field(default_factory=list)
    block: str = "entry"
    count: int = 0

    def __str__(self) -> str:
        arguments = ", ".join(f"{type} %{name}" for type, name in self.arguments)
        head = f"define {self.linkage} {self.result} @{self.name}({arguments})".replace("  ", " ")
        body = "\n".join(["entry:", *self.allocas, *self.lines])
        return f"{head} {self.module.attributes} {{\n{body}\n}}"

    def fresh(self) -> str:
        """A name that nothing has yet."""
        self.count += 1
        return f"%v{self.count}"

    def do(self, instruction: str) -> None:
        """An instruction that gives nothing."""
        self.lines.append(f"  {instruction}")

    def get(self, instruction: str) -> str:
        """An instruction, and the name of what it gives."""
        name = self.fresh()
        self.lines.append(f"  {name} = {instruction}")
        return name

    def call(self, name: str, result: str, *operands: tuple[str, str]) -> str:
        """A call of a function of this module, of another or of LLVM. operands: (type, name)."""
        self.module.declare(name, result, [type for type, _ in operands])
        text = f"call {result} @{name}({', '.join(f'{type} {value}' for type, value in operands)})"
        if result == "void":
            self.do(text)
            return ""
        return self.get(text)

    def first(self, instruction: str) -> str:
        """An instruction at the entry of the function, and the name of what it gives."""
        name = self.fresh()
        self.allocas.append(f"  {name} = {instruction}")
        return name

    # ---- memory ----------------------------------------------------------------------------------

    def slot(self, type: str, align: int = 64) -> str:
        """Room on the stack for one value of `type`, made when the function is entered."""
        name = self.fresh()
        self.allocas.append(f"  {name} = alloca {type}, align {align}")
        return name

    def load(self, type: str, pointer: str, align: int) -> str:
        """The value of `type` at `pointer`."""
        return self.get(f"load {type}, ptr {pointer}, align {align}")

    def store(self, type: str, value: str, pointer: str, align: int) -> None:
        """Write a value at `pointer`."""
        self.do(f"store {type} {value}, ptr {pointer}, align {align}")

    def at(self, pointer: str, element: str, offset: str | int) -> str:
        """The address `offset` elements of type `element` after `pointer`."""
        if offset in (0, "0"):
            return pointer
        return self.get(f"getelementptr inbounds {element}, ptr {pointer}, i64 {offset}")

    # ---- whole numbers (i64), folded where both are known ----------------------------------------

    def add(self, x: str | int, y: str | int) -> str | int:
        """x + y."""
        if isinstance(x, int) and isinstance(y, int):
            return x + y
        if x == 0 or y == 0:
            return y if x == 0 else x
        return self.get(f"add nsw i64 {x}, {y}")

    def sub(self, x: str | int, y: str | int) -> str | int:
        """x - y."""
        if isinstance(x, int) and isinstance(y, int):
            return x - y
        return x if y == 0 else self.get(f"sub nsw i64 {x}, {y}")

    def mul(self, x: str | int, y: str | int) -> str | int:
        """x · y."""
        if isinstance(x, int) and isinstance(y, int):
            return x * y
        if x == 0 or y == 0:
            return 0
        if x == 1 or y == 1:
            return y if x == 1 else x
        return self.get(f"mul nsw i64 {x}, {y}")

    def div(self, x: str | int, y: str | int) -> str | int:
        """x / y rounded down, for numbers from 0."""
        if isinstance(x, int) and isinstance(y, int):
            return x // y
        return x if y == 1 else self.get(f"udiv i64 {x}, {y}")

    def rem(self, x: str | int, y: str | int) -> str | int:
        """What x / y leaves, for numbers from 0."""
        if isinstance(x, int) and isinstance(y, int):
            return x % y
        return 0 if y == 1 else self.get(f"urem i64 {x}, {y}")

    def smaller(self, x: str | int, y: str | int) -> str | int:
        """The smaller of both."""
        if isinstance(x, int) and isinstance(y, int):
            return min(x, y)
        return self.call("llvm.smin.i64", "i64", ("i64", str(x)), ("i64", str(y)))

    # ---- flow ------------------------------------------------------------------------------------

    def new_label(self, hint: str) -> str:
        """A label that nothing has yet."""
        self.count += 1
        return f"{hint}{self.count}"

    def begin(self, label: str) -> None:
        """Begin the block of this name; the one before must have ended in a jump."""
        self.lines.append(f"{label}:")
        self.block = label

    def jump(self, label: str) -> None:
        """Go on there."""
        self.do(f"br label %{label}")

    def branch(self, condition: str, then: str, otherwise: str) -> None:
        """Go on at one of two labels, by an i1."""
        self.do(f"br i1 {condition}, label %{then}, label %{otherwise}")

    @contextmanager
    def when(self, condition: str, likely: bool = True) -> Generator[None]:
        """What is written inside runs only where the i1 holds."""
        then, after = self.new_label("then"), self.new_label("after")
        self.branch(condition, then, after)
        self.begin(then)
        yield
        self.jump(after)
        self.begin(after)

    @contextmanager
    def loop(
        self, start: str | int, stop: str | int, step: str | int = 1, unroll: bool = False
    ) -> Generator[str]:
        """What is written inside runs for each i from `start` to before `stop`; gives i (i64)."""
        before = self.block
        head, body, after = (self.new_label(hint) for hint in ("head", "body", "done"))
        self.jump(head)
        self.begin(head)
        index = self.fresh()
        place = len(self.lines)
        self.lines.append("")
        self.branch(self.get(f"icmp slt i64 {index}, {stop}"), body, after)
        self.begin(body)
        yield index
        following = self.get(f"add nsw i64 {index}, {step}")
        phi = f"phi i64 [ {start}, %{before} ], [ {following}, %{self.block} ]"
        self.lines[place] = f"  {index} = {phi}"
        hint = "" if unroll else ", !llvm.loop !0"
        self.do(f"br label %{head}{hint}")
        self.begin(after)
