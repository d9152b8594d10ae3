"""One function on several threads: how many, where they meet, how they begin and end."""

import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

import chainrule
from chainrule.compile.build import emit_object, library
from chainrule.compile.code import Module
from chainrule.compile.crew import Crew
from chainrule.compile.target import Target, host
from chainrule.compile.threads import BARRIER_BYTES, Team, available, write_barrier, yield_address


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and fork are those of POSIX")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(chainrule.__file__).parents[1])}


@pytest.fixture
def workers():
    """How many threads there are that were not there when the test began."""
    before = set(threading.enumerate())
    return lambda: len(set(threading.enumerate()) - before)


def settles(condition):
    """Whether a condition becomes true within a second."""
    end = time.monotonic() + 1
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.001)
    return False


# ---- how many --------------------------------------------------------------------------------


@pytest.fixture
def cores(monkeypatch):
    """A machine with eight cores."""
    if sys.platform == "linux":
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(os, "cpu_count", lambda: 8)


def system(root, files):
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content + "\n")
    return root


GROUP = {"proc/self/cgroup": "0::/a/b"}
OLD_GROUP = {"proc/self/cgroup": "3:memory:/x\n2:cpu,cpuacct:/a/b\n0::/"}
OLD = "sys/fs/cgroup/cpu/a/cpu.cfs_"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8),
        (GROUP, 8),
        ({**GROUP, "sys/fs/cgroup/a/b/cpu.max": "max 100000"}, 8),
        ({**GROUP, "sys/fs/cgroup/a/b/cpu.max": "300000 100000"}, 3),
        ({**GROUP, "sys/fs/cgroup/a/b/cpu.max": "150000 100000"}, 1),
        ({**GROUP, "sys/fs/cgroup/a/b/cpu.max": "50000 100000"}, 1),
        ({**GROUP, "sys/fs/cgroup/a/b/cpu.max": "9900000 100000"}, 8),
        ({**GROUP, "sys/fs/cgroup/a/b/cpu.max": ""}, 8),
        ({**GROUP, "sys/fs/cgroup/a/b/cpu.max": "100 0"}, 8),
        ({**GROUP, "sys/fs/cgroup/a/cpu.max": "200000 100000"}, 2),
        ({**GROUP, "sys/fs/cgroup/cpu.max": "200000 100000"}, 2),
        ({**GROUP, "sys/fs/cgroup/c/cpu.max": "200000 100000"}, 8),
        ({**GROUP, "sys/fs/cgroup/unified/a/cpu.max": "200000 100000"}, 2),
        ({**OLD_GROUP, f"{OLD}quota_us": "400000", f"{OLD}period_us": "100000"}, 4),
        ({**OLD_GROUP, f"{OLD}quota_us": "-1", f"{OLD}period_us": "100000"}, 8),
        ({**OLD_GROUP, f"{OLD}quota_us": "400000"}, 8),
    ],
)
def test_quota_of_any_group_around_the_process_counts(cores, tmp_path, files, expected):
    assert available(system(tmp_path, files)) == expected


def test_this_process_may_use_a_core():
    assert 1 <= available() <= (os.cpu_count() or 1)


@pytest.mark.skipif(sys.platform != "linux", reason="affinity is that of Linux")
def test_affinity_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7})
    assert available(tmp_path) == 3


# ---- where they meet -------------------------------------------------------------------------


def laps():
    """The IR of `laps(state, count, flag, n, tid, threads)`: n times each thread notes its lap in
    count[tid], they meet, each adds up all counts and compares, they meet again. flag: how many
    sums were wrong."""
    module = Module()
    write_barrier(module, host())
    pointers = [("ptr", name) for name in ("state", "count", "flag")]
    numbers = [("i64", name) for name in ("n", "tid", "threads")]
    code = module.function("laps", [*pointers, *numbers])
    own = code.at("%count", "i64", "%tid")
    total = code.slot("i64")
    barrier = ("barrier", "void", ("ptr", "%state"), ("i64", "%threads"))
    with code.loop(0, "%n") as lap:
        code.store("i64", code.add(lap, 1), own, 8)
        code.call(*barrier)
        code.store("i64", "0", total, 8)
        with code.loop(0, "%threads") as other:
            seen = code.load("i64", code.at("%count", "i64", other), 8)
            code.store("i64", code.add(code.load("i64", total, 8), seen), total, 8)
        expected = code.mul(code.add(lap, 1), "%threads")
        wrong = code.get(f"icmp ne i64 {code.load('i64', total, 8)}, {expected}")
        with code.when(wrong):
            code.get("atomicrmw add ptr %flag, i64 1 monotonic, align 8")
        code.call(*barrier)
    code.do("ret void")
    return str(module)


@pytest.fixture(scope="module")
def run_laps():
    found = library(laps(), laps, host(), {"sched_yield": yield_address()})
    types = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 3
    function = found.function("laps", None, *types)

    def run(team, n):
        memory = np.zeros(BARRIER_BYTES + 64, np.uint8)
        state = -(-memory.ctypes.data // 64) * 64
        count, flag = np.zeros(team.threads, np.int64), np.zeros(1, np.int64)
        addresses = (state, count.ctypes.data, flag.ctypes.data)
        team.run(lambda tid: function(*addresses, n, tid, team.threads))
        return count.tolist(), flag[0]

    return run


@pytest.mark.parametrize(("size", "n"), [(1, 100), (2, 20_000), (3, 2_000), (7, 1_000)])
def test_all_threads_meet_also_if_there_are_more_than_cores(run_laps, size, n):
    with Team(size) as team:
        assert run_laps(team, n) == ([n] * size, 0)


def test_barriers_of_several_teams_do_not_disturb_each_other(run_laps):
    results = []

    def work():
        with Team(3) as team:
            results.append(run_laps(team, 300))

    callers = [threading.Thread(target=work) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert results == [([300] * 3, 0)] * 3


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "riscv64-unknown-linux-gnu"])
def test_barrier_can_be_made_for_other_processors(triple):
    target = Target(triple, "", "+a" if "riscv" in triple else "", 128, 32, False)
    module = Module()
    write_barrier(module, target)
    assert emit_object(str(module), target)


# ---- how they begin and end ------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 3, 8])
def test_every_number_is_called_on_a_thread_of_its_own_at_the_same_time(size):
    meeting = threading.Barrier(size, timeout=10)
    seen = {}

    def call(tid):
        meeting.wait()  # passes only when all are there
        seen[tid] = threading.get_ident()

    with Team(size) as team:
        for _ in range(20):
            team.run(call)
    assert sorted(seen) == list(range(size))
    assert len({*seen.values(), threading.get_ident()}) == size + 1


def test_threads_are_started_once():
    with Team(3) as team:
        seen = set()
        for _ in range(5):
            team.run(lambda tid: seen.add(threading.get_ident()))
        assert len(seen) == 3


def test_one_thread_is_the_caller_itself_unless_it_is_to_be_stopped():
    seen = []
    with Team(1) as team:
        team.run(lambda tid: seen.append((tid, threading.get_ident())))
        team.run(lambda tid: seen.append((tid, threading.get_ident())), lambda: None)
    assert seen[0] == (0, threading.get_ident()) and seen[1][0] == 0
    assert seen[1][1] != threading.get_ident()


@pytest.mark.parametrize("size", [0, -1])
def test_team_of_nobody_is_refused(size):
    with pytest.raises(ValueError, match=f"{size} threads; expected a number from 1"):
        Team(size)


def test_error_of_a_worker_is_raised_and_the_others_are_stopped():
    stopped = threading.Event()

    def call(tid):
        if tid == 1:
            raise ZeroDivisionError("one")
        assert stopped.wait(10)

    with Team(3) as team:
        with pytest.raises(ZeroDivisionError, match="one"):
            team.run(call, stopped.set)
        seen = []
        team.run(seen.append)
        assert sorted(seen) == [0, 1, 2]


def test_what_a_call_refers_to_is_freed_after_the_run():
    class Buffer:
        pass

    buffer = Buffer()
    watch = weakref.ref(buffer)

    def call(tid, buffer=buffer):
        if tid:
            raise KeyError(buffer)

    with Team(2) as team:
        with pytest.raises(KeyError):
            team.run(call)
        del buffer, call
        gc.collect()
        assert watch() is None


def test_threads_that_share_a_team_take_turns():
    inside = []
    together = []

    def call(tid):
        inside.append(tid)
        together.append(len(inside))
        time.sleep(0.001)
        inside.remove(tid)

    with Team(2) as team:
        callers = [threading.Thread(target=team.run, args=(call,)) for _ in range(5)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert len(together) == 10 and max(together) <= 2


def test_closed_team_has_no_threads_and_may_begin_again(workers):
    team = Team(3)
    assert workers() == 0
    for _ in range(2):
        team.run(lambda tid: None)
        assert workers() == 3
        team.close()
        assert settles(lambda: workers() == 0)
    team.close()


def test_threads_of_a_forgotten_team_end(workers):
    team = Team(3)
    team.run(lambda tid: None)
    assert workers() == 3
    del team
    gc.collect()
    assert settles(lambda: workers() == 0)


def test_dead_worker_is_an_error_and_no_deadlock(monkeypatch):
    ends = Crew.ends

    def dies(crew):
        if threading.current_thread().name.endswith(" 1"):
            raise SystemExit
        ends(crew)

    with Team(2) as team:
        monkeypatch.setattr(Crew, "ends", dies)
        monkeypatch.setattr(threading, "excepthook", lambda _: None)
        with pytest.raises(RuntimeError, match="a thread has died"):
            team.run(lambda tid: None)
        monkeypatch.undo()
        seen = []
        team.run(seen.append)
        assert sorted(seen) == [0, 1]


# ---- signals, fork, exit ---------------------------------------------------------------------


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt: also where the tests were started in the background, where
    a shell has it ignored.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@POSIX
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.usefixtures("interruptible")
def test_interrupt_stops_the_workers_and_goes_on(size):
    stopped, returned = threading.Event(), []
    times = {}

    def call(tid):
        if tid == 0:
            times["sent"] = time.perf_counter()
            os.kill(os.getpid(), signal.SIGINT)
        assert stopped.wait(10)
        times["stopped"] = time.perf_counter()
        returned.append(tid)

    with Team(size) as team:
        with pytest.raises(KeyboardInterrupt):
            team.run(call, stopped.set)
        assert sorted(returned) == list(range(size))
        assert times["stopped"] - times["sent"] < 1  # measured: 0.001
        team.run(returned.append)
        assert len(returned) == 2 * size


@POSIX
@pytest.mark.usefixtures("interruptible")
def test_workers_are_awaited_however_often_one_interrupts():
    returned = []

    def call(tid):
        for _ in range(5):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.02)
        returned.append(tid)

    with Team(2) as team, pytest.raises(KeyboardInterrupt):
        team.run(call, lambda: None)
    assert sorted(returned) == [0, 1]


STORM = """
import os, signal, threading, time
from chainrule.compile.threads import Team

def storm():
    while not over.is_set():
        os.kill(os.getpid(), signal.SIGALRM)
        time.sleep(0.0003)

class Alarm(Exception):
    pass

def alarm(*_):
    raise Alarm

over, whole, alarms = threading.Event(), 0, 0
with Team(2) as team:
    meeting = threading.Barrier(2, timeout=10)
    signal.signal(signal.SIGALRM, lambda *_: None)
    threading.Thread(target=storm, daemon=True).start()
    end = time.monotonic() + 1
    while time.monotonic() < end:
        seen = []
        try:
            signal.signal(signal.SIGALRM, alarm)
            team.run(lambda tid: (meeting.wait(), seen.append(tid)))
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            whole += 1
        except Alarm:
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            alarms += 1
        assert len(seen) in (0, 2), seen
    over.set()
print(whole > 0, alarms > 0)
"""


@POSIX
def test_run_happens_as_a_whole_or_not_at_all_whenever_a_signal_comes():
    done = subprocess.run(
        [sys.executable, "-c", STORM], env=ENVIRONMENT, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.returncode) == ("True True\n", 0), done.stderr


INTERRUPTED = """
import ctypes, signal, sys
from chainrule.compile.build import library
from chainrule.compile.target import host
from chainrule.compile.threads import Team

TEXT = '''define void @spin(ptr %flag) {
entry:
  br label %look
look:
  %seen = load atomic i64, ptr %flag monotonic, align 8
  %go = icmp eq i64 %seen, 0
  br i1 %go, label %look, label %end
end:
  ret void
}'''
spin = library(TEXT, lambda: TEXT, host()).function("spin", None, ctypes.c_void_p)
flag = ctypes.c_int64(0)

def stop():
    flag.value = 1

with Team(2) as team:
    try:
        print("ready", flush=True)
        team.run(lambda tid: spin(ctypes.addressof(flag)), stop)
    except KeyboardInterrupt:
        print("interrupted", flag.value)
"""


@POSIX
def test_ctrl_c_interrupts_native_code():
    arguments = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.1)
        sent = time.perf_counter()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted 1\n"
        assert time.perf_counter() - sent < 1  # measured: 0.01
        assert process.wait(10) == 0


FORKED = """
import os, sys, threading
from chainrule.compile.threads import Team

def total(team):
    meeting, seen = threading.Barrier(2, timeout=10), []
    team.run(lambda tid: (meeting.wait(), seen.append(tid)))
    return sum(seen)

team = Team(2)
assert total(team) == 1
child = os.fork()
if child == 0:
    assert total(team) == 1
    team.close()
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert total(team) == 1
"""

LEFT = """
import threading, time
from chainrule.compile.threads import Team
team = Team(2)
team.run(lambda tid: None)
busy = Team(2)
threading.Thread(target=busy.run, args=(lambda tid: time.sleep(60),), daemon=True).start()
time.sleep(0.05)
"""


@POSIX
def test_child_of_fork_starts_its_own_threads():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr


def test_interpreter_ends_though_teams_are_open_and_busy():
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", LEFT], env=ENVIRONMENT, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert time.perf_counter() - start < 20
