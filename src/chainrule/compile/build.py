"""LLVM IR becomes machine code in memory, or comes as such from the cache."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from chainrule.compile import cache
from chainrule.compile.target import Target, binding
from chainrule.version import __version__


#: What a name means that code leaves open: an address, or the function of that name in a library.
Import: TypeAlias = "int | Library"

_SOURCES = ("compile", "ops", "transforms")  # what the IR of a graph depends on

#: When this process took in the sources.
_IMPORTED = time.time()


class CompileError(RuntimeError):
    """LLVM refuses what was written for it: a mistake in this package, not of its user."""


@dataclass(eq=False, frozen=True)
class Library:
    """Machine code in memory. It is freed when nothing refers to the library any more.

    addresses  where each function begins, by name
    imports    what it calls; libraries among them live as long as this one
    """

    target: Target
    addresses: Mapping[str, int]
    imports: Mapping[str, Import]
    _write: Callable[[], str]
    _code: Any  # what frees the code when it goes

    def address(self, name: str) -> int:
        """Where a function begins, for as long as the library lives. KeyError if there is none."""
        if name not in self.addresses:
            raise KeyError(f"no function {name!r} in the library; it has {list(self.addresses)}")
        return self.addresses[name]

    def function(self, name: str, result: Any, *types: Any) -> Any:
        """A function to be called from Python, which keeps the library. result, types: of ctypes.

        While it runs, other Python threads run too.
        """
        function = ctypes.CFUNCTYPE(result, *types)(self.address(name))
        function.library = self  # pyright: ignore[reportAttributeAccessIssue]
        return function

    @property
    def ir(self) -> str:
        """The LLVM IR after LLVM's optimisations; made anew each time."""
        module = _parsed(self._write())
        _optimise(module, _machine(self.target))
        return str(module)

    @property
    def assembly(self) -> str:
        """The instructions as text; made anew each time."""
        return emit_assembly(self._write(), self.target)


def library(
    content: str,
    write: Callable[[], str],
    target: Target,
    imports: Mapping[str, Import] | None = None,
) -> Library:
    """Machine code for this machine, out of the cache if the same was compiled before.

    content  says completely what the code does: equal contents, equal code
    write    gives the LLVM IR; called only where nothing is cached
    imports  by name, the functions of other libraries that the code calls, and addresses
    CompileError where LLVM refuses the IR, or a function that the code calls is missing.
    """
    key, known = _key(content, target), dict(imports or {})
    entry = cache.get(key)
    if entry is None:
        entry = _compiled(write(), target, known)
        cache.put(key, entry)
    return _linked(entry, write, target, known)


def emit_object(text: str, target: Target) -> bytes:
    """An object file with the code of LLVM IR, for any target. CompileError as of `library`."""
    machine, module = _machine(target), _parsed(text)
    _optimise(module, machine)
    return machine.emit_object(module)


def emit_assembly(text: str, target: Target) -> str:
    """The instructions of LLVM IR, as text. CompileError as of `library`."""
    machine, module = _machine(target), _parsed(text)
    _optimise(module, machine)
    return machine.emit_assembly(module)


def _compiled(text: str, target: Target, imports: Mapping[str, Import]) -> bytes:
    """What the cache keeps: a line with the names of the functions, and the object file."""
    machine, module = _machine(target), _parsed(text)
    outside = {f.name for f in module.functions if f.is_declaration} - set(imports)
    missing = sorted(name for name in outside if not name.startswith("llvm."))
    if missing:  # the linker would look for them in the whole process
        raise CompileError(f"the code calls {missing}; there are {sorted(imports)}")
    _optimise(module, machine)
    functions = [f for f in module.functions if not f.is_declaration]
    names = [f.name for f in functions if f.linkage.name == "external"]
    return " ".join(names).encode() + b"\n" + machine.emit_object(module)


def _parsed(text: str) -> Any:
    """The module that LLVM IR describes."""
    llvm = binding()
    try:
        # A context of its own: modules of two threads share nothing.
        module = llvm.parse_assembly(text, context=llvm.create_context())
        module.verify()
    except RuntimeError as error:
        raise CompileError(f"LLVM refuses the code: {error}") from None
    return module


def _optimise(module: Any, machine: Any) -> None:
    """Let LLVM's passes work on a module; vectors stay as they were written."""
    llvm = binding()
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    tuning.loop_vectorization = tuning.slp_vectorization = False
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)


def _machine(target: Target) -> Any:
    """LLVM's target machine: code for any address that reaches its constants relative to itself."""
    return (
        binding()
        .Target.from_triple(target.triple)
        .create_target_machine(
            cpu=target.cpu, features=target.features, opt=3, reloc="pic", codemodel="small"
        )
    )


def _linked(
    entry: bytes, write: Callable[[], str], target: Target, imports: Mapping[str, Import]
) -> Library:
    llvm = binding()
    # A JIT for each library: names never clash, and all that a library takes is freed with it.
    jit = llvm.create_lljit_compiler(_machine(target), use_jit_link=True, suppress_errors=True)
    line, _, code = entry.partition(b"\n")
    names = line.decode().split()
    builder = llvm.JITLibraryBuilder().add_object_img(code)
    for name in names:
        builder.export_symbol(name)
    for name, source in imports.items():
        builder.import_symbol(name, source if isinstance(source, int) else source.address(name))
    try:
        # No other way to an address: what LLJIT.lookup gives takes the code along when it goes.
        linked = builder.link(jit, "code")
    except RuntimeError as error:
        raise CompileError(f"the code cannot be linked: {error}") from None
    return Library(target, {name: linked[name] for name in names}, imports, write, (jit, linked))


# ---- the key of the cache -------------------------------------------------------------------


def _key(content: str, target: Target) -> str:
    parts = [content, repr(target), *_versions()]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@functools.cache
def _versions() -> tuple[str, ...]:
    """Of everything that stands between a graph and its machine code."""
    import llvmlite

    llvm = ".".join(map(str, binding().llvm_version_info))
    digest = hashlib.sha256()
    for path in _source_files():
        digest.update(path.read_bytes())
        if path.stat().st_mtime > _IMPORTED:
            # Edited since it was imported: what is compiled now is not what the file says.
            digest.update(f"{os.getpid()} {_IMPORTED}".encode())
    return (__version__, llvmlite.__version__, llvm, digest.hexdigest())


def _source_files() -> Iterator[Path]:
    package = Path(__file__).parents[1]
    for folder in _SOURCES:
        yield from sorted((package / folder).rglob("*.py"))
