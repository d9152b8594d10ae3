"""Compiled code on disk: whole or not at all, the user's own, and never too much of it."""

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import chainrule
from chainrule.compile import cache
from chainrule.compile.cache import Info, Removed, clear, get, info, put


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are those of POSIX")
HEAD = len(cache._HEAD) + 32
DATA = bytes(range(256)) * 4


def key(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where entries lie."""
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path))
    return tmp_path / "objects"


@pytest.fixture
def entry(folder):
    """The file of one entry."""
    put(key(0), DATA)
    return folder / f"{key(0)}.o"


# ---- what is put comes back ------------------------------------------------------------------


def test_what_was_put_comes_back():
    put(key(0), DATA)
    put(key(1), b"")
    assert get(key(0)) == DATA and get(key(1)) == b""


def test_what_was_not_put_is_not_there(entry):
    assert get(key(1)) is None


def test_newer_data_replace_older():
    put(key(0), b"old")
    put(key(0), b"new")
    assert get(key(0)) == b"new" and info().entries == 1


def test_without_a_variable_the_folder_is_the_users(monkeypatch):
    monkeypatch.delenv("CHAINRULE_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    if sys.platform == "linux":
        assert info().folder == Path("/somewhere/chainrule/objects")


# ---- what is wrong is no entry ---------------------------------------------------------------


@pytest.mark.parametrize("place", [0, HEAD - 1, HEAD, HEAD + 500, -1])
def test_changed_bit_is_noticed_and_the_entry_removed(entry, place):
    content = bytearray(entry.read_bytes())
    content[place] ^= 4
    entry.write_bytes(content)
    assert get(key(0)) is None and not entry.exists()


@pytest.mark.parametrize("length", [0, 5, HEAD - 1, HEAD, HEAD + 1, -1])
def test_entry_cut_short_is_removed(entry, length):
    entry.write_bytes(entry.read_bytes()[:length])
    assert get(key(0)) is None and not entry.exists()


def test_entry_of_another_key_is_removed(entry):
    other = entry.with_name(f"{key(1)}.o")
    entry.rename(other)
    assert get(key(1)) is None and not other.exists()


def test_removed_entry_can_be_put_again(entry):
    entry.write_bytes(b"")
    assert get(key(0)) is None
    put(key(0), DATA)
    assert get(key(0)) == DATA


def test_damaged_entry_that_cannot_be_removed_is_not_given(entry, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError

    entry.write_bytes(entry.read_bytes()[:-1])
    monkeypatch.setattr(Path, "unlink", refuse)
    assert get(key(0)) is None


# ---- whose it is -----------------------------------------------------------------------------


@POSIX
def test_folder_is_open_to_its_owner_alone(entry, folder):
    assert folder.stat().st_mode & 0o777 == 0o700


@POSIX
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o702])
def test_nothing_is_loaded_from_or_put_into_a_folder_open_to_others(entry, folder, mode):
    folder.chmod(mode)
    put(key(1), DATA)
    assert get(key(0)) is None and not (folder / f"{key(1)}.o").exists()
    assert not info().is_used
    folder.chmod(0o700)
    assert get(key(0)) == DATA and info().is_used


@POSIX
def test_folder_of_somebody_else_is_not_used(entry, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert get(key(0)) is None and not info().is_used


@POSIX
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root gives files away")
def test_entry_of_somebody_else_is_not_loaded(entry):
    os.chown(entry, 12345, -1)
    assert get(key(0)) is None and entry.exists()


# ---- where nothing can be written ------------------------------------------------------------


def test_folder_that_cannot_be_made_means_no_cache(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "file"))
    put(key(0), DATA)
    assert get(key(0)) is None


def test_full_disk_means_no_cache(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "write_atomically", full)
    put(key(0), DATA)
    assert get(key(0)) is None


def test_read_only_folder_gives_its_entries(entry, folder, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    for module, name in ((cache, "write_atomically"), (os, "utime"), (Path, "mkdir")):
        monkeypatch.setattr(module, name, refuse)
    put(key(1), DATA)
    assert get(key(0)) == DATA and get(key(1)) is None


# ---- how much --------------------------------------------------------------------------------


@pytest.fixture
def room_for_three(monkeypatch):
    monkeypatch.setattr(cache, "MOST_BYTES", 3 * (HEAD + len(DATA)))


def aged(folder, *numbers):
    """Entries that were used in this order, long ago."""
    for time, number in enumerate(numbers, start=1):
        put(key(number), DATA)
        os.utime(folder / f"{key(number)}.o", (time, time))


def test_entries_that_were_not_used_for_longest_are_removed(folder, room_for_three):
    aged(folder, 2, 0, 1)
    put(key(3), DATA)
    assert [get(key(number)) == DATA for number in range(4)] == [True, True, False, True]


def test_use_counts_like_writing(folder, room_for_three):
    aged(folder, 0, 1, 2)
    get(key(0))
    put(key(3), DATA)
    assert get(key(0)) == DATA and get(key(1)) is None


def test_data_larger_than_the_cache_are_not_kept(folder, room_for_three):
    aged(folder, 0, 1)
    put(key(2), 4 * DATA)
    assert get(key(2)) is None and info().entries == 2


def test_files_of_others_are_counted_and_removed_by_nobody(folder, entry, room_for_three):
    (folder / "thesis.o").write_bytes(10 * DATA)
    (folder / f"{key(9)}.o").mkdir()
    aged(folder, 1, 2, 3)
    assert info().entries == 3
    clear()
    assert {path.name for path in folder.iterdir()} == {"thesis.o", f"{key(9)}.o"}


def test_leftover_of_a_killed_writer_is_removed_in_its_turn(folder, room_for_three):
    aged(folder, 0, 1)
    leftover = folder / f".{key(7)}.o.0123abcd"
    leftover.write_bytes(DATA)
    os.utime(leftover, (0, 0))
    put(key(2), DATA)
    assert not leftover.exists() and info().entries == 3


def test_info_and_clear_say_what_there_is_and_was(folder):
    size = HEAD + len(DATA)
    assert info() == Info(folder, 0, 0, 256_000_000, True)
    for number in range(3):
        put(key(number), DATA)
    assert info() == Info(folder, 3, 3 * size, 256_000_000, True)
    assert clear() == Removed(3, 3 * size)
    assert clear() == Removed(0, 0) and get(key(0)) is None


# ---- many at once ----------------------------------------------------------------------------

WRITER = """
import sys
from chainrule.compile import cache
cache.MOST_BYTES = 20_000
for turn in range(40):
    for key in sys.argv[1:]:
        found = cache.get(key)
        assert found in (None, key.encode() * 50), found
        cache.put(key, key.encode() * 50)
"""


def test_processes_may_write_read_and_remove_at_once(folder):
    """Ten entries of 3 kB, of which there is room for six."""
    environment = {**os.environ, "PYTHONPATH": str(Path(chainrule.__file__).parents[1])}
    keys = [key(number) for number in range(10)]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, *keys[::step]], env=environment)
        for step in (1, -1)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert 0 < info().bytes <= 20_000


def test_reader_meets_whole_entries_while_others_write_and_clear(entry):
    stop = threading.Event()

    def disturb():
        while not stop.is_set():
            put(key(0), DATA)
            clear()

    threads = [threading.Thread(target=disturb) for _ in range(2)]
    for thread in threads:
        thread.start()
    found = {get(key(0)) for _ in range(300)}
    stop.set()
    for thread in threads:
        thread.join()
    assert found <= {None, DATA}
