"""Files written whole or not at all: after every crash, and after every error of the system."""

import builtins
import errno
import os
import subprocess
import sys

import pytest

from chainrule import files
from chainrule.files import remove_leftovers, write_atomically


OLD, NEW = b"the old content", b"what is new, and longer than the old"


class Watch:
    """Stands in the place of the system's functions; does what they do, and writes it down.

    fails_at  the number of the operation that fails, before anything of it is done
    """

    def __init__(self, monkeypatch, fails_at=None, error=None):
        self.log = []
        self.fails_at = fails_at
        self.error = error
        self.folders = set()
        self.system = {name: getattr(os, name) for name in ("open", "fsync", "replace", "close")}
        monkeypatch.setattr(files, "open", self.open_file, raising=False)
        for name in self.system:
            monkeypatch.setattr(os, name, getattr(self, name))

    def note(self, *operation):
        self.log.append(operation)
        if len(self.log) - 1 == self.fails_at:
            raise self.error

    def open_file(self, path, mode):
        self.note("open", str(path))
        return WatchedFile(self, builtins.open(path, mode), str(path))

    def open(self, folder, flags):
        self.note("open folder")
        descriptor = self.system["open"](folder, flags)
        self.folders.add(descriptor)
        return descriptor

    def fsync(self, descriptor):
        self.note("fsync folder" if descriptor in self.folders else "fsync")
        self.system["fsync"](descriptor)

    def replace(self, source, target):
        self.note("replace", str(source), str(target))
        self.system["replace"](source, target)

    def close(self, descriptor):
        self.system["close"](descriptor)
        self.note("close folder")


class WatchedFile:
    """A file whose writes are written down when they leave the process."""

    def __init__(self, watch, file, path):
        self.watch, self.file, self.path = watch, file, path
        self.waiting = b""

    def __enter__(self):
        return self

    def write(self, content):
        self.file.write(content)
        self.waiting += content

    def flush(self):
        self.watch.note("write", self.path, self.waiting)
        self.file.flush()

    def fileno(self):
        return self.file.fileno()

    def __exit__(self, *_):
        self.file.close()
        self.watch.note("close")


def operations(monkeypatch, path):
    """What writing to `path` asks of the system, in order."""
    with monkeypatch.context() as patch:
        watch = Watch(patch)
        write_atomically(path, NEW)
    return watch.log


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    return path


# ---- crashes, on a simulated disk ----------------------------------------------------------------


def after_crash(log, path):
    """All that `path` may hold if the power fails after `log`.

    Bytes that were not synced are there, half there, zeros, or not there; names that were not
    synced are there up to any one of them.
    """
    written, synced = {0: OLD}, {0: OLD}  # by inode
    now, names, waiting = {path: 0}, {path: 0}, []
    for operation, *rest in log:
        match operation, *rest:
            case "open", name:
                now[name] = inode = len(written)
                written[inode], synced[inode] = b"", b""
                waiting.append((name, inode))
            case "write", name, content:
                written[now[name]] += content
            case "fsync", *_:
                synced = {inode: written[inode] for inode in written}
            case "replace", source, target:
                now[target] = now[source]
                waiting.append((target, now[source]))
            case ("fsync folder",):
                names.update(waiting)
                waiting = []
    found = set()
    for count in range(len(waiting) + 1):
        inode = {**names, **dict(waiting[:count])}[path]
        kept, lost = synced[inode], written[inode][len(synced[inode]) :]
        found |= {kept, kept + lost, kept + lost[: len(lost) // 2], kept + bytes(len(lost))}
    return found


def test_after_a_crash_at_any_moment_the_old_or_the_new_content_is_there(monkeypatch, path):
    log = operations(monkeypatch, path)
    for moment in range(len(log) + 1):
        assert after_crash(log[:moment], str(path)) <= {OLD, NEW}


def test_what_was_written_outlasts_a_crash_once_the_call_has_returned(monkeypatch, path):
    assert after_crash(operations(monkeypatch, path), str(path)) == {NEW}


def without(log, name):
    return [operation for operation in log if operation[0] != name]


def test_simulated_disk_finds_that_content_must_be_synced_before_it_gets_its_name(
    monkeypatch, path
):
    log = without(operations(monkeypatch, path), "fsync")
    torn = [after_crash(log[:moment], str(path)) - {OLD, NEW} for moment in range(len(log) + 1)]
    assert any(torn)


def test_simulated_disk_finds_that_the_folder_must_be_synced(monkeypatch, path):
    log = without(operations(monkeypatch, path), "fsync folder")
    assert after_crash(log, str(path)) == {OLD, NEW}


# ---- errors --------------------------------------------------------------------------------------

ERRORS = ["ENOSPC", "EIO", "EDQUOT", "EROFS", "EACCES", "EINTR"]
OPERATIONS = [
    "open", "write", "fsync", "close", "replace", "open folder", "fsync folder", "close folder"
]  # fmt: skip


def test_operations_are_these(monkeypatch, path):
    assert [operation for operation, *_ in operations(monkeypatch, path)] == OPERATIONS


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_after_any_error_the_file_is_whole_and_nothing_is_left_behind(
    monkeypatch, path, operation, name
):
    code = getattr(errno, name)
    with monkeypatch.context() as patch:
        Watch(patch, OPERATIONS.index(operation), OSError(code, os.strerror(code)))
        try:
            write_atomically(path, NEW)
        except OSError as error:
            assert error.errno == code
        else:
            assert operation == "open folder"  # where folders cannot be opened, none is synced
    is_renamed = OPERATIONS.index(operation) > OPERATIONS.index("replace")
    assert path.read_bytes() == (NEW if is_renamed else OLD)
    assert os.listdir(path.parent) == [path.name]


def test_new_file_is_not_there_after_an_error(monkeypatch, tmp_path):
    with monkeypatch.context() as patch, pytest.raises(OSError, match="Input/output error"):
        Watch(patch, OPERATIONS.index("write"), OSError(errno.EIO, os.strerror(errno.EIO)))
        write_atomically(tmp_path / "file", NEW)
    assert not os.listdir(tmp_path)


def test_device_that_is_full_is_an_error(monkeypatch, path):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    full = builtins.open("/dev/full", "wb")  # noqa: SIM115
    monkeypatch.setattr(files, "open", lambda *_: full, raising=False)
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(path, NEW)
    assert path.read_bytes() == OLD and os.listdir(path.parent) == [path.name]


def test_disk_that_is_full_is_an_error(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)]
    try:
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("this user may not mount a small disk")
    try:
        (tmp_path / "file").write_bytes(OLD)
        with pytest.raises(OSError, match="No space left on device"):
            write_atomically(tmp_path / "file", bytes(100_000))
        assert (tmp_path / "file").read_bytes() == OLD and os.listdir(tmp_path) == ["file"]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_file_that_may_not_grow_so_large_is_an_error(path):
    program = (
        "import resource, signal, sys; from chainrule.files import write_atomically;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "write_atomically(sys.argv[1], bytes(5000))"
    )
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True
    )
    assert "File too large" in done.stderr.splitlines()[-1]
    assert path.read_bytes() == OLD and os.listdir(path.parent) == [path.name]


def test_name_that_is_too_long_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(OSError, match="File name too long") as caught:
        write_atomically(tmp_path / ("a" * 300), NEW)
    assert "a" * 300 in str(caught.value) and not os.listdir(tmp_path)


# ---- what killed writers leave -------------------------------------------------------------------


def test_leftovers_of_this_file_are_removed_and_no_others(path):
    mine, others = (
        [".file.0123abcd"],
        ["file.0123abcd", ".file.0123abc", ".other.0123abcd", ".file"],
    )
    for name in (*mine, *others):
        (path.parent / name).write_bytes(b"")
    remove_leftovers(path)
    assert sorted(os.listdir(path.parent)) == sorted([path.name, *others])
