"""Model files that are damaged or forged: refused with one error, never taken for another model."""

import hashlib
import io
import json
import random
import struct
import time
import tracemalloc

import numpy as np
import pytest

import chainrule as cr
from chainrule import sealed
from chainrule.nn import Activation, Dense, Sequential
from chainrule.nn.graph_network import GraphNetwork
from chainrule.save import FORMAT, ModelFileError


WEIGHT, BIAS = np.ones((2, 1), "f4"), np.ones(1, "f4")
BOTH = {"weight": WEIGHT, "bias": BIAS}


# ---- damage ----------------------------------------------------------------------------------


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny"
    cr.save(cr.nn.mlp([2, 1], "tanh", rng=0), path)
    return path


@pytest.fixture
def refuses(monkeypatch):
    """Whether a file of this content is refused; it is not written: that would take most time."""
    contents = []
    monkeypatch.setattr(sealed, "open", lambda *_: io.BytesIO(contents[-1]), raising=False)

    def refuses(content):
        contents[:] = [content]
        with pytest.raises(ModelFileError) as caught:
            cr.load("the file")
        message = str(caught.value)
        assert message.startswith("the file: ")
        return message

    return refuses


def test_every_flipped_bit_is_refused(tiny, refuses):
    content = tiny.read_bytes()
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            refuses(changed)


def test_every_truncation_is_refused(tiny, refuses):
    content = tiny.read_bytes()
    for length in range(len(content)):
        refuses(content[:length])


def mutated(content, rng):
    """`content` with bytes changed, put in, doubled, moved, left out, or a number put over 8."""
    at, length = rng.randrange(len(content)), rng.randrange(1, 40)
    before, block, after = content[:at], content[at : at + length], content[at + length :]
    match rng.randrange(7):
        case 0:
            return before + bytes(255 - byte for byte in block[:3]) + block[3:] + after
        case 1:
            return before + rng.randbytes(length) + block + after
        case 2:
            return before + block + block + after
        case 3:
            return before + after
        case 4:
            number = rng.choice([0, 1, 2**31, 2**63, len(content), length, at])
            return before + struct.pack("<Q", number) + content[at + 8 :]
        case 5:
            return content + block
        case _:
            return before + after[:length] + block + after[length:]


def test_100_000_mutations_are_refused(tiny, refuses):
    content, rng, slowest = tiny.read_bytes(), random.Random(0), 0.0
    for _ in range(100_000):
        changed = mutated(content, rng)
        if changed != content:
            began = time.perf_counter()
            refuses(changed)
            slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 1


def test_memory_to_load_is_twice_the_file(tmp_path):
    cr.save(cr.nn.mlp([1000, 2000], rng=0), tmp_path / "m")
    size = (tmp_path / "m").stat().st_size
    tracemalloc.start()
    try:
        cr.load(tmp_path / "m")
        assert tracemalloc.get_traced_memory()[1] < 2 * size + 1_000_000
    finally:
        tracemalloc.stop()


# ---- forgeries by chance -----------------------------------------------------------------------

STRANGE = [
    *(None, True, 0, -1, 2, 7, 2**31, 2**70, 0.5, -1e308, "", "*", "batch", "x", "weight", "tanh"),
    *([], {}, [0], ["*"], {"text": "relu"}, {"activation": "elu(alpha=2)"}, {"tuple": ["*"]}),
    *({"float": "nan"}, {"input": "a", "type": "f32[1]"}, {"nodes": [], "outputs": []}),
]


def places(value, path=()):
    """The path of every part of a JSON value."""
    yield path
    keys = value if isinstance(value, dict) else range(len(value)) if type(value) is list else ()
    for key in keys:
        yield from places(value[key], (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def changed(record, rng):
    """`record` with a part replaced, left out, or put in another place too."""
    *path, last = rng.choice([path for path in places(record) if path])
    parent, other = at(record, path), at(record, rng.choice([*places(record)]))
    strange, copy = map(json.loads, map(json.dumps, (rng.choice(STRANGE), other)))
    match rng.randrange(4):
        case 0 if path:
            del parent[last]
        case 1:
            parent[last] = copy
        case 2 if isinstance(parent, dict):
            parent[rng.choice([*parent, "params", "array", "extra"])] = strange
        case _:
            parent[last] = strange


def networks():
    net = cr.nn.mlp([2, 3, 1], "elu(alpha=0.5)", rng=0, dropout=0.5, batch_norm=True)
    own = Activation("own", lambda x: cr.mean(x[:, ::-1]) * x + np.arange(3.0), False, "he")
    return [net, Dense.init(2, 3, "prelu", rng=0), Dense.init(2, 3, own, rng=0)]


def test_5000_changed_records_are_refused_or_networks(tmp_path, monkeypatch):
    """A record that was changed and sealed anew may be another network, but nothing else."""
    rng, contents, accepted, slowest = random.Random(0), [], 0, 0.0
    for number, network in enumerate(networks()):
        cr.save(network, tmp_path / str(number), preprocessing=None)
    files = [sealed.read(tmp_path / str(number), FORMAT) for number in range(3)]
    monkeypatch.setattr(sealed, "open", lambda *_: io.BytesIO(contents[-1]), raising=False)
    for _ in range(5000):
        arrays, record = rng.choice(files)
        record = json.loads(json.dumps(record))
        for _ in range(rng.randint(1, 2)):
            changed(record, rng)
        contents[:] = [sealed.seal(arrays, record, FORMAT)]
        began = time.perf_counter()
        try:
            network = cr.load("the file")
        except ModelFileError:
            continue
        finally:
            slowest = max(slowest, time.perf_counter() - began)
        accepted += 1
        assert isinstance(network, (Dense, GraphNetwork, Sequential, Activation))
    assert slowest < 1
    assert 0 < accepted < 1000


def resealed(header, numbers, stated):
    """A file with a right checksum around any header."""
    text = json.dumps(header).replace(stated, "0" * 64).encode()
    content = struct.pack("<Q", len(text)) + text + numbers
    return content.replace(b"0" * 64, hashlib.sha256(content).hexdigest().encode(), 1)


def test_3000_changed_headers_are_refused_or_the_same_network(tiny, monkeypatch):
    rng, contents, content = random.Random(0), [], tiny.read_bytes()
    wanted = [leaf.tobytes() for leaf in cr.tree.leaves(cr.load(tiny))]
    length = int.from_bytes(content[:8], "little")
    text, numbers = content[8 : 8 + length].decode(), content[8 + length :]
    stated = json.loads(json.loads(text)["__metadata__"]["chainrule"])["sha256"]
    monkeypatch.setattr(sealed, "open", lambda *_: io.BytesIO(contents[-1]), raising=False)
    for _ in range(3000):
        header = json.loads(text)
        changed(header, rng)
        contents[:] = [resealed(header, numbers, stated)]
        try:
            network = cr.load("the file")
        except ModelFileError:
            continue
        assert [leaf.tobytes() for leaf in cr.tree.leaves(network)] == wanted
