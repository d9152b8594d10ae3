"""`chainrule cache`: how much compiled code is kept, and where; away with it."""

import sys

import pytest

from chainrule.compile import cache


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path))
    return tmp_path / "objects"


@pytest.fixture
def three_entries():
    for digit in "abc":
        cache.put(digit * 64, bytes(1_100_000))


@pytest.mark.parametrize("arguments", [("cache",), ("cache", "info")])
def test_info_says_how_much_and_where(here, folder, three_entries, arguments):
    expected = f"3 entries, 3.3 MB of at most 256 MB, in {folder}\n"
    assert here(*arguments) == (0, expected, "")


def test_info_of_nothing(here, folder):
    assert here("cache", "info")[1] == f"0 entries, 0 B of at most 256 MB, in {folder}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_info_says_that_a_folder_open_to_others_is_not_used(here, folder, three_entries):
    folder.chmod(0o777)
    assert here("cache", "info")[1].endswith("which is not used: it is open to others\n")


def test_clear_removes_all(here, three_entries):
    assert here("cache", "clear") == (0, "3 entries removed, 3.3 MB\n", "")
    assert here("cache", "clear")[1] == "0 entries removed, 0 B\n"


def test_one_entry_is_no_plural(here):
    cache.put("a" * 64, bytes(2_000))
    assert here("cache", "clear")[1] == "1 entry removed, 2 kB\n"


def test_unknown_action_is_refused_with_the_nearest(here):
    status, _, err = here("cache", "claer")
    assert status == 2 and "unknown action 'claer'; did you mean 'clear'?" in err
