"""What the tests of exported files share: a C compiler, and ways to call what it makes."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest


#: Every warning counts, and nothing beyond the standard is taken.
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1")


@pytest.fixture(scope="session")
def compiler():
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found is None:
        pytest.skip("there is no C compiler")
    return found


@pytest.fixture(scope="session")
def compiled(compiler, tmp_path_factory):
    """Texts of C in one file, compiled -> the library."""

    def compile(*texts):
        folder = tmp_path_factory.mktemp("c")
        (folder / "all.c").write_text("\n".join(texts), encoding="utf-8")
        made = folder / "all.so"
        command = [compiler, *FLAGS, "-shared", "-fPIC", "-o", made, folder / "all.c", "-lm"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[:2000]
        return ctypes.CDLL(str(made))

    return compile


@pytest.fixture(scope="session")
def called():
    """A function of C called with arrays, the last of which it fills; gives that one."""

    def call(function, *arrays, rows=None):
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in arrays]
        function(*pointers, *([] if rows is None else [ctypes.c_size_t(rows)]))
        return arrays[-1]

    return call


@pytest.fixture
def rng():
    return np.random.default_rng(0)
