"""Model files that are damaged or forged: refused with one error, never taken for another model."""

import hashlib
import json
import struct
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import ACTIVATIONS
from chainrule.save import ModelFileError
from chainrule.tree import Array


WEIGHT, BIAS = np.ones((2, 1), "f4"), np.ones(1, "f4")
BOTH = {"weight": WEIGHT, "bias": BIAS}
NO_DIGEST = "0" * 64


# ---- damage ----------------------------------------------------------------------------------


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny"
    cr.save(cr.nn.mlp([2, 1], rng=0), path)
    return path


def refuses(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        cr.load(path)
    return str(caught.value)


def test_every_flipped_bit_is_refused(tiny):
    content = tiny.read_bytes()
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            refuses(tiny, changed)


def test_every_truncation_is_refused(tiny):
    content = tiny.read_bytes()
    for length in range(len(content)):
        refuses(tiny, content[:length])


def mutated(content, rng):
    """`content` with bytes changed, put in, doubled, left out, or a number put over 8."""
    at, length = int(rng.integers(len(content))), int(rng.integers(1, 40))
    before, block, after = content[:at], content[at : at + length], content[at + length :]
    number = struct.pack("<Q", int(rng.choice([0, 1, 2**31, 2**63, len(content), length])))
    return [
        before + bytes(255 - byte for byte in block[:3]) + block[3:] + after,
        before + rng.bytes(length) + block + after,
        before + block + block + after,
        before + after,
        before + number + content[at + 8 :],
        content + block,
    ][rng.integers(6)]


def test_20000_mutations_are_refused(tiny, monkeypatch):
    content, rng = tiny.read_bytes(), np.random.default_rng(0)
    for _ in range(20_000):
        changed = mutated(content, rng)
        if changed == content:
            continue
        # Writing so many files would take longer than all else.
        monkeypatch.setattr(Path, "read_bytes", lambda _, changed=changed: changed)
        with pytest.raises(ModelFileError):
            cr.load(tiny)


def test_memory_to_load_is_a_small_multiple_of_the_file(tmp_path):
    cr.save(cr.nn.mlp([1000, 2000], rng=0), tmp_path / "m")
    size = (tmp_path / "m").stat().st_size
    tracemalloc.start()
    try:
        cr.load(tmp_path / "m")
        assert tracemalloc.get_traced_memory()[1] < 3.2 * size
    finally:
        tracemalloc.stop()


def test_header_that_claims_to_be_huge_takes_no_memory(tiny):
    tracemalloc.start()
    try:
        message = refuses(tiny, struct.pack("<Q", 2**62) + tiny.read_bytes()[8:])
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert f"with a header of {2**62}" in message


# ---- forgery: the checksum is right ----------------------------------------------------------


def sealed(content):
    return content.replace(NO_DIGEST.encode(), hashlib.sha256(content).hexdigest().encode(), 1)


def forged(structure, arrays=BOTH, entry=None, **metadata):
    """A file of any structure, or any text in its place, around arrays."""
    from safetensors.numpy import save

    fields = {"format": "chainrule-1", "sha256": NO_DIGEST, "structure": structure, **metadata}
    return sealed(save(arrays, {"chainrule": entry or json.dumps(fields)}))


def by_hand(arrays, data=b"\0" * 12, structure=None):
    """A file whose description of the arrays is the text `arrays`."""
    fields = {"format": "chainrule-1", "sha256": NO_DIGEST, "structure": structure or dense()}
    entry = json.dumps({"chainrule": json.dumps(fields)})
    header = f'{{"__metadata__":{entry},{arrays}}}'.encode()
    return sealed(struct.pack("<Q", len(header)) + header + data)


def dense(**fields):
    activation = {"activation": "relu"}
    return {
        "class": "Dense",
        "fields": {"weight": "*", "bias": "*", "activation": activation, **fields},
    }


def sequential(layers):
    return {"class": "Sequential", "fields": {"layers": layers}}


def place(name, shape, begin, end, dtype="F32"):
    return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}'


RIGHT = f"{place('weight', [2, 1], 0, 8)},{place('bias', [1], 8, 12)}"


@pytest.mark.parametrize("content", [forged(dense()), by_hand(RIGHT)])
def test_forged_file_that_is_right_is_a_network(tmp_path, content):
    """So each of the others is refused for the one thing that is wrong with it."""
    (tmp_path / "m").write_bytes(content)
    assert cr.load(tmp_path / "m").activation == ACTIVATIONS["relu"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a model file, or cut short: 0 bytes"),
        (b"PK\x03\x04" + b"\0" * 100, "not a model file"),
        (struct.pack("<Q", 2) + b"[]", "not a model file: its header holds a list"),
        (struct.pack("<Q", 2) + b"{}", "its format is None, expected 'chainrule-1'"),
        (struct.pack("<Q", 19) + b'{"__metadata__":[]}', "not a valid model file"),
        (struct.pack("<Q", 2) + b"\xff\xfe", "not a valid model file"),
        (struct.pack("<Q", 90_000) + b"[" * 90_000, "not a valid model file"),
        (struct.pack("<Q", 20) + b"[" + b" " * 18 + b"]", "its header holds a list"),
        (forged(dense(), format="chainrule-9"), "format is 'chainrule-9', expected 'chainrule-1'"),
        (forged(dense(), format=None), "its format is None"),
        (forged(dense(), entry="not JSON"), "not a valid model file"),
        (forged(dense(), entry="[" * 90_000), "not a valid model file"),
        (forged(dense(), sha256=None), "not a valid model file"),
        (forged(dense(), sha256="1" * 64), "the checksum is wrong"),
        (forged(dense(), entry='{"format":"chainrule-1","format":"chainrule-1"}'), "stands twice"),
    ],
)
def test_header_that_is_wrong(tmp_path, content, message):
    assert message in refuses(tmp_path / "m", content)


@pytest.mark.parametrize(
    ("structure", "message"),
    [
        (3, "its structure is int, not a network"),
        (None, "its structure is NoneType, not a network"),
        ("*", "the array '' is missing"),
        ([], "its structure is [], which means nothing"),
        ({"eval": "1"}, "its structure is {'eval': '1'}, which means nothing"),
        ({"class": "Popen", "fields": {}}, "the file names the class 'Popen'; pass it"),
        ({"class": "eval", "fields": {}}, "the file names the class 'eval'"),
        ({"class": "ndarray", "fields": {}}, "the file names the class 'ndarray'"),
        ({"class": ["Dense"], "fields": {}}, "which means nothing"),
        ({"class": "Dense"}, "which means nothing"),
        ({"class": "Dense", "fields": [1]}, "which means nothing"),
        ({"class": "Dense", "fields": {"weight": "*"}}, "missing 1 required positional argument"),
        (dense(extra=1), "unexpected keyword argument 'extra'"),
        (dense(activation={"activation": "eval"}), "unknown activation 'eval'"),
        (dense(activation={"activation": ["relu"]}), "which means nothing"),
        (dense(activation={"text": "relu"}), "Dense: the activation is 'relu'"),
        (dense(activation=None), "Dense: the activation is None"),
        (dense(bias=1.5), "Dense: weight [2,1] and bias [] do not fit"),
        (dense(bias=float("nan")), "its header holds NaN"),
        (dense(bias=float("-inf")), "its header holds -Infinity"),
        (sequential({"set": []}), "layers is {'set': []}, which means nothing"),
        (sequential({"tuple": []}), "the array 'bias' has no place in the network"),
        (sequential({"tuple": [{"text": "eval"}]}), "'eval' is no layer"),
        (sequential({"text": "ab"}), "'a' is no layer"),
        (sequential(3), "not a valid model file"),
    ],
)
def test_structure_that_is_wrong(tmp_path, structure, message):
    assert message in refuses(tmp_path / "m", forged(structure))


def test_structure_nested_too_deeply(tmp_path):
    structure = "*"
    for _ in range(400):
        structure = {"tuple": [structure]}
    text = json.dumps(sequential("HERE")).replace('"HERE"', json.dumps(structure))
    deeper = text.replace('{"tuple": [', '{"tuple": [' * 20).replace("]}", "]}" * 20)
    fields = f'{{"format": "chainrule-1", "sha256": "{NO_DIGEST}", "structure": {deeper}}}'
    assert "not a valid model file" in refuses(tmp_path / "m", forged(None, entry=fields))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"weight": WEIGHT}, "the array 'bias' is missing"),
        ({**BOTH, "more": BIAS}, "the array 'more' has no place in the network"),
        ({"weight": WEIGHT.astype("i1"), "bias": BIAS}, "the array 'weight' has dtype int8"),
        ({"weight": WEIGHT, "bias": BIAS > 0}, "the array 'bias' has dtype bool"),
        ({"weight": np.ones((3, 4)), "bias": np.ones(5)}, "weight [3,4] and bias [5] do not fit"),
        ({"weight": np.ones(4), "bias": np.ones(4)}, "weight [4] and bias [4] do not fit"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, arrays, message):
    assert message in refuses(tmp_path / "m", forged(dense(), arrays))


@dataclass(frozen=True)
class Shift:
    by: Array


def test_number_in_the_place_of_an_array_of_ones_own_class(tmp_path):
    (tmp_path / "m").write_bytes(forged({"class": "Shift", "fields": {"by": 1.5}}, {}))
    with pytest.raises(ModelFileError, match="by is no array"):
        cr.load(tmp_path / "m", classes=[Shift])


def test_layers_that_do_not_follow_each_other(tmp_path):
    arrays = {f"layers[{i}].{name}": array for i in (0, 1) for name, array in BOTH.items()}
    structure = sequential({"tuple": [dense(), dense()]})
    message = refuses(tmp_path / "m", forged(structure, arrays))
    assert "Dense[2,1] relu before Dense[2,1] relu: 1 != 2" in message


@pytest.mark.parametrize(
    "arrays",
    [
        f"{place('weight', [2, 1], 0, 8)},{place('bias', [1], 4, 8)}",  # overlapping
        f"{place('weight', [2, 1], 0, 8)},{place('bias', [1], 12, 16)}",  # outside
        f"{place('weight', [2, 1], 0, 8)},{place('bias', [2], 8, 12)}",  # shape and size disagree
        f"{place('weight', [2**62, 4], 0, 8)},{place('bias', [1], 8, 12)}",  # overflowing
        f"{place('weight', [-2, -1], 0, 8)},{place('bias', [1], 8, 12)}",
        f"{place('weight', [2, 1], 0, 8)},{place('bias', [1], 8, 12, 'F99')}",
        f"{RIGHT},{place('bias', [1], 8, 12)}",  # twice
        '"weight":3,"bias":4',
    ],
)
def test_arrays_at_impossible_places(tmp_path, arrays):
    refuses(tmp_path / "m", by_hand(arrays))
