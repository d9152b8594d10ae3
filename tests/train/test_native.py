"""Training by machine code: what it gives is what NumPy gives, whatever `fit` is asked for."""

import dataclasses
import gc
import os
import re
import subprocess
import sys
import threading
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import chainrule as cr
from chainrule.compile import build, program
from chainrule.train import CheckpointError, DivergedError, Group, fit, native
from chainrule.train.epoch import Plan, Position, numpy_epoch
from chainrule.train.native import native_epoch
from chainrule.train.rows import Batches, Rows
from chainrule.train.step import Objective, Update, training_step
from chainrule.tree import Array


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(cr.__file__).parents[1])}
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHTS = rng.uniform(0, 2, 60)


def net(*sizes, dtype="float64", **settings):
    return cr.nn.mlp(sizes or (3, 6, 2), "tanh", rng=0, dtype=dtype, **settings)


def trained(backend="native", network=None, x=X, y=Y, **options):
    given = {"loss": "cross_entropy", "epochs": 4, "batch_size": 8, **options}
    return fit(network or net(), x, y, backend=backend, **given)


def vector(network):
    return cr.tree.pack(network)[0]


def bits(result):
    """All that a run gives, but for the seconds it took."""
    history = {name: values for name, values in result.history.items() if name != "seconds"}
    return [vector(one).tobytes() for one in (result.network, result.best)], history, result.ended


def check_alike(found, wanted, tolerance):
    """Two results are those of one run, but for rounding."""
    assert found.ended == wanted.ended
    assert found.history.keys() == wanted.history.keys()
    for name in found.history.keys() - {"seconds"}:
        np.testing.assert_allclose(
            found.history[name], wanted.history[name], rtol=tolerance, atol=1e-12, err_msg=name
        )
    for one, other in ((found.network, wanted.network), (found.best, wanted.best)):
        np.testing.assert_allclose(vector(one), vector(other), rtol=1e3 * tolerance, atol=tolerance)


# ---- the same numbers as NumPy ---------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float64", 1e-9)])
def test_digits_are_learnt_as_by_numpy(dtype, tolerance):
    x, y = load_digits(return_X_y=True)
    network = net(64, 32, 10, dtype=dtype)
    options = {"validation": 0.2, "batch_size": 32, "epochs": 3, "x": x / 16, "y": y}
    found = trained(network=network, threads=2, **options)
    wanted = trained("numpy", network=network, **options)
    for name in ("loss", "validation_loss", "validation_accuracy"):
        np.testing.assert_allclose(found.history[name], wanted.history[name], rtol=tolerance)
    assert found.history["validation_accuracy"][-1] > 0.8


OPTIONS = [
    {"sample_weight": WEIGHTS, "validation": 0.2},
    {"class_weight": "balanced", "reduction": "sum", "penalty": "l2(strength=0.01)"},
    {"order": "replacement", "validation": (X[:9], Y[:9], WEIGHTS[:9])},
    {"order": "given", "drop_last": True},
    {"batch_size": None, "optimizer": "rmsprop"},
    {"batch_size": 10**9},
    {"batch_size": 1, "optimizer": "sgd", "epochs": 1},
    {"clip_value": 0.01, "clip_norm": 0.02, "optimizer": "momentum"},
    {"average": 0.9, "validation": 0.2, "weight_decay": 0.1},
    {"groups": [Group("layers[0]", rate=0.1, decay=2.0), Group("*.bias", rate=0)],
     "optimizer": "adamw"},
    {"schedule": "warmup(steps=4, then=cosine)"},
    {"schedule": "reduce_on_plateau(patience=1)", "optimizer": "sgd(learning_rate=3.0)",
     "epochs": 10},
    {"patience": 2, "optimizer": "sgd(learning_rate=8.0)", "epochs": 20, "validation": 0.3},
    {"network": net(dropout=0.3, batch_norm=True)},
    {"metrics": {"margin": lambda prediction, y: cr.max(prediction, axis=-1)}, "validation": 0.2},
    {"optimizer": "lbfgs(iterations=5)", "validation": 0.2, "batch_size": None},
    {"x": [(X[:20], Y[:20]), (X[20:], Y[20:])], "y": None, "validation": (X, Y)},
    {"x": [(X[:20], Y[:20], WEIGHTS[:20]), (X[20:], Y[20:], WEIGHTS[20:])], "y": None,
     "batch_size": None},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options))
def test_options_mean_what_they_mean_to_numpy(options):
    check_alike(trained(**options), trained("numpy", **options), 1e-9)


def test_callback_sees_every_epoch_and_ends_the_training():
    seen = []

    def callback(moment):
        seen.append(vector(moment.network).tobytes())
        return moment.epoch == 3

    result = trained(epochs=9, callbacks=[callback])
    assert result.ended == "callback" and len(set(seen)) == 3
    assert seen[-1] == vector(result.network).tobytes()


def test_loss_that_is_no_longer_finite_ends_both_backends_at_the_same_step():
    places = []
    for backend in ("native", "numpy"):
        with pytest.raises(DivergedError, match=r"the loss is (nan|inf) in epoch") as caught:
            trained(backend, net(3, 2), 100 * X, X[:, :2], loss="squared_error",
                    optimizer="sgd(learning_rate=0.3)", epochs=50)  # fmt: skip
        places.append(re.search(r"in epoch \d+, step \d+", str(caught.value)))
        assert np.all(np.isfinite(vector(caught.value.best)))
    assert places[0][0] == places[1][0]


@dataclass(frozen=True)
class Table:
    """A number for each category."""

    entries: Array

    def __call__(self, x):
        return cr.take(self.entries, cr.cast(x[:, 0], "int64"))[:, None]


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_index_out_of_range_ends_an_epoch(backend):
    x = np.array([0.0, 1, 2, 3, 7, 1])[:, None]
    with pytest.raises(IndexError, match="out of"):
        trained(backend, network=Table(np.zeros(4)), x=x, y=x, loss="squared_error")


# ---- where samples come from -----------------------------------------------------------------

WHOLE = rng.integers(0, 9, (60, 3))


def mapped(path, array):
    np.save(path, array)
    return np.load(path, mmap_mode="r")


def unaligned(path, array):
    path.write_bytes(b"?" + array.tobytes())
    return np.memmap(path, array.dtype, "r", 1, array.shape)


def every_second_row(path, array):
    return mapped(path, np.repeat(array, 2, axis=0))[::2]


SOURCES = {
    "float32 on disk": lambda path: mapped(path, WHOLE.astype("f4")),
    "bytes on disk": lambda path: mapped(path, WHOLE.astype("u1")),
    "float64 on disk": lambda path: mapped(path, WHOLE.astype("f8")),
    "int16 on disk": lambda path: mapped(path, WHOLE.astype("i2")),
    "columns on disk": lambda path: mapped(path, np.asfortranarray(WHOLE.astype("f4"))),
    "other byte order on disk": lambda path: mapped(path, WHOLE.astype(">f4")),
    "unaligned on disk": lambda path: unaligned(path, WHOLE.astype("f4")),
    "some rows on disk": lambda path: every_second_row(path, WHOLE.astype("f4")),
    "bytes": lambda path: WHOLE.astype("u1"),
    "columns of bytes": lambda path: np.asfortranarray(WHOLE.astype("u1")),
    "every second float32": lambda path: np.repeat(WHOLE.astype("f4"), 2, axis=1)[:, ::2],
    "columns": lambda path: np.asfortranarray(WHOLE.astype("f4")),
    "float16": lambda path: WHOLE.astype("f2"),
    "lists": lambda path: WHOLE.tolist(),
}


@pytest.fixture(scope="module")
def from_memory():
    """Bits, with and without samples held out, of training on an array of float32 in memory."""
    return [bits(trained(x=WHOLE.astype("f4"), **options)) for options in WAYS]


WAYS = [
    {"network": net(dtype="float32"), "epochs": 2, **options}
    for options in ({}, {"validation": 0.2, "class_weight": "balanced"})
]


@pytest.mark.parametrize("source", SOURCES)
def test_samples_give_the_same_bits_wherever_they_lie(source, from_memory, tmp_path):
    x = SOURCES[source](tmp_path / "x.npy")
    assert [bits(trained(x=x, **options)) for options in WAYS] == from_memory


def test_targets_on_disk_give_the_same_bits(tmp_path):
    found = trained(x=mapped(tmp_path / "x.npy", X), y=mapped(tmp_path / "y.npy", Y.astype("i2")))
    assert bits(found) == bits(trained())


def test_samples_that_code_cannot_read_are_converted_some_at_a_time(tmp_path, monkeypatch):
    converted = []

    class Watched(np.memmap):
        def astype(self, *args, **kwargs):
            converted.append(len(self))
            return super().astype(*args, **kwargs)

    monkeypatch.setattr(native, "_TOGETHER", 16)
    x = mapped(tmp_path / "x.npy", WHOLE.astype("i2")).view(Watched)
    found = trained(x=x)
    assert max(converted) == 16
    assert bits(found) == bits(trained(x=WHOLE))


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_bytes_in_memory_are_not_converted_as_a_whole(backend):
    x = rng.integers(0, 255, (8_000, 1_000), "u1")
    y = np.arange(8_000) % 2
    options = {"network": net(1_000, 2, dtype="float32"), "epochs": 1, "batch_size": 100}
    options["validation"] = 0.1  # brings both parts of the samples together, as bytes
    tracemalloc.start()
    try:
        trained(backend, x=x, y=y, **options)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * x.nbytes


def test_network_may_scale_bytes_on_the_way():
    x = rng.integers(0, 255, (60, 3)).astype("u1")
    layers = net(dtype="float32").layers
    scaled = trained(network=cr.nn.Sequential((lambda x: x / 255, *layers)), x=x)
    before = trained(network=cr.nn.Sequential(layers), x=x.astype("f4") / np.float32(255))
    check_alike(scaled, before, 1e-4)


# ---- the same bits ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_are_the_same_for_every_number_of_threads(dtype):
    network = net(3, 40, 2, dtype=dtype, dropout=0.1, batch_norm=True)
    runs = [trained(network=network, threads=count, validation=0.2, epochs=2) for count in (1, 3)]
    assert bits(runs[0]) == bits(runs[1])


def press(moment):
    if moment.epoch == 2:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "options",
    [
        {"schedule": "cosine", "average": 0.9, "network": net(dropout=0.2, batch_norm=True)},
        {"optimizer": "nadam", "order": "replacement", "batch_size": 7, "validation": 0.2},
    ],
    ids=lambda options: ",".join(options),
)
def test_run_that_is_resumed_has_the_bits_of_one_without_end(options, tmp_path):
    cut = trained(**options, checkpoint=tmp_path / "run", callbacks=[press])
    assert cut.interrupted and len(cut.history["loss"]) == 2
    resumed = trained(**options, checkpoint=tmp_path / "run", resume=True, threads=2)
    assert bits(resumed) == bits(trained(**options))


@pytest.mark.parametrize(("first", "then"), [("numpy", "native"), ("native", "numpy")])
def test_checkpoint_of_the_other_backend_is_refused(first, then, tmp_path):
    trained(first, checkpoint=tmp_path / "run")
    with pytest.raises(CheckpointError, match="it is of a run with another backend"):
        trained(then, checkpoint=tmp_path / "run", resume=True)


def test_checkpoint_of_bytes_is_that_of_the_same_numbers(tmp_path):
    x = WHOLE.astype("u1")
    given = {"network": net(dtype="float32"), "checkpoint": tmp_path / "run"}
    first = trained(x=x, **given)
    assert bits(trained(x=x.astype("f4"), **given, resume=True)) == bits(first)


def test_trainings_in_two_python_threads_at_once_give_the_bits_of_each_alone():
    jobs = [{"threads": 2, "seed": seed, "epochs": 30, "validation": 0.2} for seed in (1, 2)]
    alone = [bits(trained(**job)) for job in jobs]
    found = [None, None]

    def work(number):
        found[number] = bits(trained(**jobs[number]))

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone


FORK = """
import os, numpy as np, chainrule as cr
x = np.random.default_rng(0).normal(size=(40, 3))
def bits():
    network = cr.train.fit(cr.nn.mlp([3, 6, 2], rng=0), x, x[:, 0] > 0, loss="cross_entropy",
        epochs=3, backend="native", threads=2, validation=0.2).network
    return cr.tree.pack(network)[0].tobytes()
want = bits()
child = os.fork()
if child == 0:
    os._exit(7 if bits() == want else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert bits() == want
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_child_of_a_fork_trains_as_its_parent_does():
    command = [sys.executable, "-W", "ignore", "-c", FORK]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_threads_end_with_the_training():
    before = set(threading.enumerate())
    trained(threads=3, validation=0.2)
    gc.collect()
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(timeout=2)
    assert not any(thread.is_alive() for thread in left)


# ---- one epoch -------------------------------------------------------------------------------


@pytest.fixture
def begin():
    """(step, position, samples) of a small network trained with momentum and an average."""
    parameters, packing = cr.tree.pack(net())
    update = Update(cr.train.momentum(), average=0.9)
    types = Batches(cr.ArrayType((cr.BATCH, 3)), cr.ArrayType((cr.BATCH,), "int64"))
    step = training_step(packing, Objective(cr.nn.LOSSES["cross_entropy"]), update, types)
    return step, Position(parameters, update.init(parameters), 0), Rows(X, Y, None, types)


def plan(steps, batch=4):
    order = np.arange(steps * batch) % 60
    return Plan(order, batch, np.full(steps, 0.01), cr.key(0))


@pytest.mark.parametrize("make", [lambda s: native_epoch(s, 2), numpy_epoch], ids=["native", ""])
def test_position_that_an_epoch_begins_at_is_never_changed(make, begin):
    step, position, rows = begin
    leaves = cr.tree.leaves((position.parameters, position.state))
    before = [leaf.tobytes() for leaf in leaves]
    for leaf in leaves:
        leaf.setflags(write=False)
    epoch = make(step)
    after, _ = epoch(position, rows, plan(5))
    epoch(after, rows, plan(5))
    assert [leaf.tobytes() for leaf in leaves] == before
    assert position.step == 0 and after.step == 5
    assert not np.array_equal(after.parameters, position.parameters)


def test_epoch_in_pieces_has_the_bits_of_one_epoch(begin):
    step, position, rows = begin
    epoch = native_epoch(step, 1)
    whole, _ = epoch(position, rows, plan(15))
    first, second = plan(15), plan(15)
    first, second = (
        Plan(first.order[some], 4, first.rates[rates], first.key)
        for some, rates in ((slice(28), slice(7)), (slice(28, None), slice(7, None)))
    )
    half, _ = epoch(position, rows, first)
    found, _ = epoch(half, rows, second)
    assert found.parameters.tobytes() == whole.parameters.tobytes()
    assert found.step == whole.step == 15


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("order", ["C", "F"])
def test_passes_in_one_call_have_the_bits_of_one_after_the_other(begin, threads, order):
    """Each has a smaller last batch. Arrays in another order are brought together."""
    step, position, rows = begin
    rows = dataclasses.replace(rows, x=np.asarray(rows.x, order=order))
    orders = [np.random.default_rng(seed).permutation(60)[:23] for seed in range(3)]
    rates, key = np.linspace(0.1, 0.01, 18), cr.key(0)
    found, values = {}, {}
    for name, epoch in (("native", native_epoch(step, threads)), ("numpy", numpy_epoch(step))):
        together = Plan(np.concatenate(orders), 4, rates, key, passes=3)
        assert together.sizes.tolist() == [4, 4, 4, 4, 4, 3] * 3
        whole, values[name] = epoch(position, rows, together)
        after = position
        for number, one in enumerate(orders):
            after, _ = epoch(after, rows, Plan(one, 4, rates[6 * number : 6 * number + 6], key))
        assert whole.parameters.tobytes() == after.parameters.tobytes()
        assert whole.step == after.step == 18
        found[name] = whole.parameters
    np.testing.assert_allclose(found["native"], found["numpy"], rtol=1e-12)
    np.testing.assert_allclose(values["native"], values["numpy"], rtol=1e-12)


def test_python_does_nothing_for_a_step(begin):
    step, position, rows = begin
    epoch = native_epoch(step, 1)
    events = []
    for steps in (500, 20_000):
        some = plan(steps)
        epoch(position, rows, some)
        count = 0

        def count_event(*_):
            nonlocal count
            count += 1

        sys.setprofile(count_event)
        epoch(position, rows, some)
        sys.setprofile(None)
        events.append(count)
    assert events[1] < events[0] + 500


def test_memory_of_an_epoch_does_not_grow_with_its_steps(begin):
    """But for a few numbers that are returned or known beforehand, such as losses."""
    step, position, rows = begin
    epoch = native_epoch(step, 1)
    peaks = []
    for steps in (500, 20_000):
        some = plan(steps)
        epoch(position, rows, plan(2))
        tracemalloc.start()
        epoch(position, rows, some)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 20_000 * 64


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_process_does_not_grow_with_the_steps(begin):
    step, position, rows = begin
    epoch = native_epoch(step, 1)
    some = plan(20_000)
    epoch(position, rows, some)
    before = resident()
    for _ in range(3):
        epoch(position, rows, some)
    assert resident() - before < 4 << 20


def resident():
    """Bytes of memory that this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def outside(library):
    """The functions that code calls and does not have, but for those of LLVM itself."""
    names = set(re.findall(r"^declare .*?@([\w.]+)\(", library.ir, re.MULTILINE))
    return {name for name in names if not name.startswith("llvm.")}


def test_machine_code_of_an_epoch_calls_nothing_that_allocates(begin, monkeypatch):
    made = []

    def library(*args):
        made.append(build.library(*args))
        return made[-1]

    monkeypatch.setattr(program, "library", library)
    step, position, rows = begin
    native_epoch(step, 1)(position, rows, plan(1))
    (epoch,) = (one for one in made if "epoch" in one.addresses)
    assert outside(epoch) <= set(epoch.imports)
    assert set().union(*map(outside, epoch.imports.values())) <= {"sched_yield"}
    assert " alloca " not in epoch.ir


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_bytes_are_scaled_on_the_way(backend):
    """Samples that stay bytes train like those that were scaled before."""
    x = np.random.default_rng(0).integers(0, 256, (60, 3), np.uint8)
    layers = net().layers
    scaling = cr.nn.Sequential((cr.nn.Scale(1 / 255), *layers))
    found = trained(backend, scaling, x, validation=0.25)
    wanted = trained(backend, net(), x / 255, validation=0.25)
    np.testing.assert_allclose(vector(found.network), vector(wanted.network), rtol=1e-9)
    np.testing.assert_allclose(found.history["loss"], wanted.history["loss"], rtol=1e-9)
