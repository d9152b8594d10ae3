"""Threads that wait for work, do it at the same time, and tell when all of it is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress


_TICK = 0.05  # seconds after which a waiting thread looks whether the workers are alive


class Crew:
    """Threads that wait for work. They refer to this and not to their team, which can be freed.

    Only worker 0 is woken from outside; worker k wakes 2k + 1 and 2k + 2. So a run begins as a
    whole or not at all, whenever a signal comes: Python handles signals in the main thread alone.
    """

    def __init__(self, threads: int) -> None:
        self.turn = threading.Lock()  # of the thread that has work done
        self.wake = [_taken() for _ in range(threads)]
        self.done = _taken()
        self.counting = threading.Lock()  # guards what follows
        self.working = 0
        self.call: Callable[[int], None] | None = None  # there is work as long as it is not None
        self.stop: Callable[[], None] | None = None
        self.errors: list[BaseException] = []
        self.is_closed = False
        self.threads = [
            threading.Thread(target=self.work, args=(tid,), name=f"chainrule {tid}", daemon=True)
            for tid in range(threads)
        ]
        try:
            for thread in self.threads:
                thread.start()
        except BaseException:
            self.close()
            raise

    # ---- on the workers -------------------------------------------------------------------------

    def work(self, tid: int) -> None:
        """What worker `tid` does until the crew is closed."""
        while True:
            self.wake[tid].acquire()
            if tid == 0 and not self.begins():
                continue
            for other in self.wake[2 * tid + 1 : 2 * tid + 3]:
                other.release()
            call = self.call
            if call is None:
                return
            try:
                call(tid)
            except BaseException as error:
                self.fails(error)
            del call  # what it refers to may be freed as soon as the run has ended
            self.ends()

    def begins(self) -> bool:
        """Whether worker 0 was woken for work, or to end; not if the work was taken back."""
        with self.counting:
            if self.call is None:
                return self.is_closed
            self.working = len(self.threads)
            return True

    def fails(self, error: BaseException) -> None:
        """Note the error of a call, and make the other calls return."""
        self.errors.append(error)
        try:
            if self.stop is not None:
                self.stop()
        except BaseException as another:
            self.errors.append(another)

    def ends(self) -> None:
        """Count a worker that has returned; the last one tells the thread that waits."""
        with self.counting:
            self.working -= 1
            if self.working == 0:
                self.call = self.stop = None
                _release(self.done)

    # ---- on the thread that has work done -------------------------------------------------------

    def run(self, call: Callable[[int], None], stop: Callable[[], None] | None) -> None:
        """Have the work done, and wait for it. The first error of a worker is raised."""
        try:
            self.stop, self.call = stop, call
            _release(self.wake[0])
            self.wait()
        except BaseException:
            # Workers use memory of the caller: no further signal may cut the waiting short.
            while self.call is not None:
                with suppress(BaseException):
                    self.take_back()
                    if stop is not None:
                        stop()
                    self.wait()
            raise
        finally:
            errors, self.errors = self.errors, []
        if errors:
            raise errors[0]

    def wait(self) -> None:
        """Until no work is left. If a worker has died, there will be no end: that is an error."""
        while self.call is not None:
            if self.done.acquire(timeout=_TICK) or all(t.is_alive() for t in self.threads):
                continue
            self.close()
            self.call = None
            self.errors = [RuntimeError("Team: a thread has died; the work was not done")]

    def take_back(self) -> None:
        """Drop work that has not begun."""
        with self.counting:
            if self.working == 0:
                self.call = self.stop = None

    def close(self) -> None:
        """Let the threads end when they have nothing to do."""
        self.is_closed = True
        _release(self.wake[0])


def _taken() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


def _release(lock: threading.Lock) -> None:
    """Release a lock that may be released already. Nobody else may release it meanwhile."""
    if lock.locked():
        lock.release()
