"""Graphs as native code: loop nests, LLVM IR, machine code. Every stage can be printed."""

from chainrule.compile.program import Compiled as Compiled
from chainrule.compile.program import compile as compile
