"""Where samples come from: arrays in memory, on disk, and blocks that are made as they are read."""

import weakref
from collections.abc import Sequence

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import fit
from chainrule.train.rows import rows_of


rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3)).astype("f4")
Y = (X[:, 0] > 0).astype("i8")


def net():
    return cr.nn.mlp([3, 4, 2], "tanh", rng=0)


def bits(x, y=None, **options):
    network = fit(net(), x, y, **{"loss": "cross_entropy", "epochs": 3, **options}).network
    return cr.tree.pack(network)[0].tobytes()


@pytest.fixture
def mapped(tmp_path):
    """(x, y) as memory-mapped files: x of bytes 0 .. 9, y of small whole numbers."""
    x, y = rng.integers(0, 10, (50, 3)).astype("u1"), Y.astype("i2")
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    return [np.load(tmp_path / name, mmap_mode="r") for name in ("x.npy", "y.npy")]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"validation": 0.2},
        {"class_weight": "balanced"},
        {"validation": 0.3, "sample_weight": np.arange(50)},
    ],
)
def test_mapped_arrays_train_as_arrays_in_memory_do(mapped, options):
    x, y = mapped
    assert bits(x, y, **options) == bits(np.array(x), np.array(y), **options)


def test_mapped_array_is_not_converted_as_a_whole(mapped):
    x, y = mapped
    converted = []

    class Watched(np.memmap):
        def astype(self, *args, **kwargs):
            converted.append(len(self))
            return super().astype(*args, **kwargs)

    fit(net(), x.view(Watched), y, loss="cross_entropy", epochs=2, batch_size=10)
    assert max(converted) == 10


def test_number_on_disk_that_is_not_finite_is_named(tmp_path):
    x = X.copy()
    x[41, 2] = np.inf
    np.save(tmp_path / "x.npy", x)
    with pytest.raises(ValueError, match=r"x holds inf at \[41, 2\]"):
        bits(np.load(tmp_path / "x.npy", mmap_mode="r"), Y)


def test_one_block_trains_as_the_array_does():
    assert bits([(X, Y)]) == bits(X, Y)


def test_blocks_are_taken_one_after_the_other():
    blocks = [(X[:20], Y[:20]), (X[20:], Y[20:])]
    options = {"order": "given", "batch_size": 10}
    assert bits(blocks, **options) == bits(X, Y, **options)


def test_weights_of_blocks_are_scaled_over_all_of_them():
    weights = np.linspace(0, 3, 50)
    blocks = [(X[:20], Y[:20], weights[:20]), (X[20:], Y[20:], weights[20:])]
    options = {"order": "given", "batch_size": 10, "class_weight": "balanced"}
    assert bits(blocks, **options) == bits(X, Y, sample_weight=weights, **options)


def test_chunks_of_files_are_blocks(tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    chunks = cr.data.Chunks(tmp_path / "x.npy", tmp_path / "y.npy", rows=20)
    options = {"order": "given", "batch_size": 10}
    assert bits(chunks, **options) == bits(X, Y, **options)


def test_blocks_are_shuffled_anew_in_every_epoch():
    assert bits([(X, Y)], epochs=2, batch_size=5) != bits([(X, Y)], epochs=2, batch_size=5, seed=1)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ((block for block in [(X, Y)]), TypeError, "x is generator; expected blocks"),
        (3, TypeError, "x is int; expected blocks"),
        ([], ValueError, "x gave no blocks"),
        ([X, Y], TypeError, r"a block of x is ndarray; expected \(x, y\) or \(x, y, weights\)"),
        ([(X, Y), (X[:, :2], Y)], ValueError, r"block 2 of x is x f32\[batch,2\]"),
        ([(X, Y), (X, Y[:3])], ValueError, "expected one target for each sample"),
    ],
)
def test_blocks_that_do_not_fit(x, error, message):
    with pytest.raises(error, match=message):
        bits(x)


def test_share_of_blocks_cannot_be_held_out():
    with pytest.raises(ValueError, match="x comes in blocks; pass"):
        bits([(X, Y)], validation=0.1)


def test_blocks_that_change_during_training_are_noticed():
    class Growing:
        calls = 0

        def __iter__(self):
            self.calls += 1
            yield X[: 10 + (self.calls > 2)], Y[: 10 + (self.calls > 2)]

    with pytest.raises(ValueError, match="block 1 of x has changed since training began"):
        bits(Growing())


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), r"sample_weight has shape \(3,\); expected \(50,\)"),
        (-np.ones(50), "sample_weight from -1.0 to -1.0; expected weights from 0 on"),
        (np.zeros(50), "not all of them 0"),
        (np.full(50, np.nan), r"sample_weight holds nan at \[0\]"),
    ],
)
def test_weights_that_do_not_fit(weights, message):
    with pytest.raises(ValueError, match=message):
        bits(X, Y, sample_weight=weights)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("even", "class_weight is 'even'; expected 'balanced'"),
        ({2: 1.0}, "class_weight 2: 1.0; expected a label from 0 to 1"),
        ({0: -1.0}, "class_weight 0: -1.0"),
    ],
)
def test_class_weights_that_do_not_fit(weights, message):
    with pytest.raises(ValueError, match=message):
        bits(X, Y, class_weight=weights)


def test_class_weights_need_labels():
    with pytest.raises(ValueError, match="expected labels"):
        bits(X, np.eye(2, dtype="f4")[Y], class_weight="balanced")


def test_masked_array_is_refused():
    with pytest.raises(TypeError, match="x is a masked array"):
        bits(np.ma.masked_array(X, X > 1), Y)


class Noted(list):
    """Blocks that note the order in which they are taken."""

    def __init__(self, blocks):
        super().__init__(blocks)
        self.taken = []

    def __getitem__(self, number):
        self.taken.append(number)
        return super().__getitem__(number)


def four_blocks():
    return Noted([(X[i : i + 10], Y[i : i + 10]) for i in range(0, 40, 10)])


def test_blocks_of_a_sequence_are_taken_in_another_order_in_every_epoch():
    blocks = four_blocks()
    bits(blocks, epochs=4)
    epochs = [tuple(blocks.taken[i : i + 4]) for i in range(0, 16, 4)]
    assert all(sorted(order) == [0, 1, 2, 3] for order in epochs)
    assert len(set(epochs)) > 1


def test_order_of_blocks_follows_from_the_seed():
    one, other, third = (four_blocks() for _ in range(3))
    assert bits(one, epochs=3) == bits(other, epochs=3)
    bits(third, epochs=3, seed=1)
    assert one.taken == other.taken != third.taken


def test_large_array_is_neither_converted_nor_divided_into_copies(monkeypatch):
    """A share held out is places in the array; the bits are those of parts that are copied."""
    wanted = bits(X.astype(np.float32), Y, validation=0.2)
    monkeypatch.setattr("chainrule.train.rows._LARGE", 1)
    x = X.astype(np.float32)
    rows = rows_of(x, Y, None, "float32")
    assert rows.x is x
    assert rows.part(np.arange(10)).x is x
    assert bits(x, Y, validation=0.2) == wanted


def test_places_that_are_held_out():
    places = np.array([3, 41, 7, 20])
    kept = np.setdiff1d(np.arange(50), places)
    wanted = bits(X[kept], Y[kept], validation=(X[np.sort(places)], Y[np.sort(places)]))
    assert bits(X, Y, validation=places) == wanted


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (np.array([0.5]), "expected the places of samples"),
        (np.array([50]), "beyond the 50 samples"),
        (np.arange(50), "holds out 50 of 50"),
        (np.array([], int), "holds out 0 of 50"),
    ],
)
def test_places_that_do_not_fit(places, message):
    with pytest.raises(ValueError, match=message):
        bits(X, Y, validation=places)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimizer": "sgd", "class_weight": "balanced", "epochs": 2},
        {"validation": (X, Y), "train_metrics": True},
        {"backend": "numpy"},
        {"backend": "native"},
    ],
)
def test_few_blocks_are_in_memory_at_once(options):
    alive, most = set(), []

    class Watched(np.ndarray):
        pass

    class Made(Sequence):
        def __len__(self):
            return 20

        def __getitem__(self, number):
            x = Watched((1, 3), np.float32)  # it owns its memory: views of it keep it
            x[:] = X[range(20)[number]]
            alive.add(id(x))
            weakref.finalize(x, alive.discard, id(x))
            most.append(len(alive))
            return x, Y[[number]]

    fit(net(), Made(), loss="cross_entropy", **{"epochs": 2, **options})
    assert max(most) <= 3
