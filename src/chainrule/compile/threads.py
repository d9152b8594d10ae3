"""One native function on several threads at once: how many, how they start, where they meet."""

from __future__ import annotations

import ctypes
import os
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from chainrule.compile.code import Code, Module
from chainrule.compile.crew import Crew
from chainrule.compile.target import Target


# ---- how many -------------------------------------------------------------------------------


def available(root: Path = Path("/")) -> int:
    """How many cores this process may use: by its affinity, and by the quota of its cgroups.

    A quota of 1.5 cores is one core: with two threads one would often wait for the other.
    root  where the files of the system begin
    """
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, int(min([cores, *_quotas(root)])))


def _quotas(root: Path) -> Iterator[float]:
    """The cores that each cgroup of this process allows, where one does."""
    try:
        lines = (root / "proc/self/cgroup").read_text(errors="replace").splitlines()
    except OSError:
        return
    mounts = root / "sys/fs/cgroup"
    for line in lines:
        kinds, _, path = line.partition(":")[2].partition(":")
        if kinds == "":
            yield from _quotas_above(mounts, path)
            yield from _quotas_above(mounts / "unified", path)
        elif "cpu" in kinds.split(","):
            yield from _quotas_above(mounts / "cpu", path)


def _quotas_above(mount: Path, path: str) -> Iterator[float]:
    """The quotas of a cgroup and of those around it. In a container only the outermost is seen."""
    folder = mount / path.lstrip("/")
    for group in (folder, *folder.parents):
        for quota, period in (_numbers(group / "cpu.max"), _numbers_of_version_1(group)):
            if quota.isdecimal() and period.isdecimal() and int(period) > 0:
                yield int(quota) / int(period)
        if group == mount:
            return


def _numbers(file: Path) -> tuple[str, str]:
    """The two words in a file; two that are no numbers where there are no such words."""
    try:
        first, second = file.read_text().split()
    except (OSError, ValueError):
        return "", ""
    return first, second


def _numbers_of_version_1(group: Path) -> tuple[str, str]:
    try:
        quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
    except OSError:
        return "", ""
    return quota.strip(), period.strip()


# ---- where they meet ------------------------------------------------------------------------

#: Size of what `barrier` keeps, in bytes: two numbers that no cache line, nor its neighbour, share.
BARRIER_BYTES = 256

_GENERATION = 128  # where the second number lies
_SPINS = 1000  # looks before the processor is offered to others: some 20 µs
#: What tells a processor that a thread waits for another, by the start of the triple.
_PAUSES = {
    "x86_64": ("llvm.x86.sse2.pause", ()),
    "aarch64": ("llvm.aarch64.isb", (("i32", "15"),)),
    "arm64": ("llvm.aarch64.isb", (("i32", "15"),)),
}


def write_barrier(module: Module, target: Target) -> None:
    """Add `void barrier(ptr state, i64 threads)`: it returns once so many threads have called it.

    What a thread wrote before it, every thread sees after it. `state` is BARRIER_BYTES of memory,
    zeros at first, aligned to 64 bytes. The module calls `sched_yield`: see `yield_address`.
    """
    code = module.function("barrier", (("ptr", "state"), ("i64", "threads")))
    generation = code.at("%state", "i8", _GENERATION)
    with code.when(code.get("icmp sgt i64 %threads, 1")):
        now = code.get(f"load atomic i64, ptr {generation} monotonic, align 64")
        before = code.get("atomicrmw add ptr %state, i64 1 acq_rel, align 64")
        is_last = code.get(f"icmp eq i64 {code.add(before, 1)}, %threads")
        last, wait, done = (code.new_label(hint) for hint in ("last", "wait", "met"))
        code.branch(is_last, last, wait)
        code.begin(last)
        code.do("store atomic i64 0, ptr %state monotonic, align 64")
        following = code.get(f"add i64 {now}, 1")
        code.do(f"store atomic i64 {following}, ptr {generation} release, align 64")
        code.jump(done)
        code.begin(wait)
        _write_wait(code, target, generation, now, done)
        code.begin(done)
    code.do("ret void")


def _write_wait(code: Code, target: Target, generation: str, now: str, done: str) -> None:
    """Look until the number at `generation` is no longer `now`, then go on at `done`."""
    wait, spin = code.block, code.new_label("spin")
    again, offer = code.new_label("again"), code.new_label("offer")
    code.jump(spin)
    code.begin(spin)
    count, following = code.fresh(), code.fresh()
    code.do(f"{count} = phi i64 [ 0, %{wait} ], [ {following}, %{again} ], [ 0, %{offer} ]")
    seen = code.get(f"load atomic i64, ptr {generation} acquire, align 64")
    code.branch(code.get(f"icmp eq i64 {seen}, {now}"), again, done)
    code.begin(again)
    for start, (name, operands) in _PAUSES.items():
        if target.triple.startswith(start):
            code.call(name, "void", *operands)
    code.do(f"{following} = add i64 {count}, 1")
    code.branch(code.get(f"icmp slt i64 {following}, {_SPINS}"), spin, offer)
    code.begin(offer)
    code.call("sched_yield", "i32")
    code.jump(spin)


def yield_address() -> int:
    """Where the function is that offers the processor to other threads."""
    if sys.platform == "win32":
        function = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


# ---- how they start -------------------------------------------------------------------------


class Team:
    """So many threads that do the same work together, again and again. They start at the first run.

    They end with the `with` statement that it is used in, or when nothing refers to it any more.
    Several threads may have one team work: one after the other.
    """

    def __init__(self, threads: int) -> None:
        if threads < 1:
            raise ValueError(f"Team: {threads} threads; expected a number from 1")
        self.threads = threads
        # By process: a child of `fork` has none of its parent's threads.
        self._crews: dict[int, Crew] = {}
        weakref.finalize(self, _close, self._crews).atexit = False

    def __enter__(self) -> Team:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def run(self, call: Callable[[int], None], stop: Callable[[], None] | None = None) -> None:
        """Run call(0), call(1), ... at the same time, each on a thread of its own.

        stop  makes the calls return soon. It is called when this thread is interrupted (Ctrl-C)
              and when a call fails; the calls are awaited in any case, then the error is raised.
        With one thread and no `stop` the call is made here.
        """
        if self.threads == 1 and stop is None:
            call(0)
            return
        while True:
            crew = self._crew()
            with crew.turn:
                if not crew.is_closed:  # by another thread, just now
                    crew.run(call, stop)
                    return
            self._forget(crew)

    def close(self) -> None:
        """End the threads, after what they are doing. A later run starts new ones."""
        crew = self._crews.get(os.getpid())
        if crew is not None:
            with crew.turn:
                crew.close()
            self._forget(crew)

    def _crew(self) -> Crew:
        """The threads of this process."""
        crew = self._crews.get(os.getpid())
        if crew is not None:
            return crew
        made = Crew(self.threads)
        crew = self._crews.setdefault(os.getpid(), made)
        if crew is not made:
            made.close()
        return crew

    def _forget(self, crew: Crew) -> None:
        if self._crews.get(os.getpid()) is crew:
            del self._crews[os.getpid()]


def _close(crews: dict[int, Crew]) -> None:
    for crew in crews.values():
        crew.close()
