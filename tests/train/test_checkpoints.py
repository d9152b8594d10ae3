"""Checkpoints: what they hold, what they refuse, and runs that go on from them bit for bit."""

import os

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import Checkpoint, CheckpointError, DivergedError, fit


rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3))
Y = (X[:, 0] > 0).astype(int)


def net(**settings):
    return cr.nn.mlp([3, 6, 2], "tanh", rng=0, **settings)


def trained(**options):
    given = {"loss": "cross_entropy", "epochs": 6, "validation": 0.2, "network": net(),
             "x": X, "y": Y, **options}  # fmt: skip
    return fit(**given)


def bits(result):
    """All that a run gives, but for the seconds it took."""
    history = {name: values for name, values in result.history.items() if name != "seconds"}
    vectors = [cr.tree.pack(network)[0].tobytes() for network in (result.network, result.best)]
    return vectors, history, result.best_epoch


def stop_after(epoch):
    """A callback that presses Ctrl-C."""

    def press(moment):
        if moment.epoch == epoch:
            raise KeyboardInterrupt

    return press


OPTIONS = [
    {},
    *({"optimizer": name} for name in cr.train.OPTIMIZERS),
    {"average": 0.9, "clip_norm": 1.0, "weight_decay": 0.1},
    {"network": net(dropout=0.3, batch_norm=True)},
    {"schedule": "warmup(steps=4, then=cosine)"},
    {"schedule": "reduce_on_plateau(patience=1)", "optimizer": "sgd(learning_rate=3.0)"},
    {"patience": 2, "optimizer": "sgd(learning_rate=8.0)"},
    {"order": "replacement", "class_weight": "balanced", "batch_size": 7},
    {"x": [(X[:30], Y[:30]), (X[30:], Y[30:])], "y": None, "validation": (X, Y)},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options) or "plain")
def test_run_that_was_interrupted_and_resumed_has_the_bits_of_one_that_was_not(options, tmp_path):
    whole = trained(**options)
    for epoch in (1, 3):
        path = tmp_path / f"{epoch}"
        cut = trained(**options, checkpoint=path, callbacks=[stop_after(epoch)])
        assert len(cut.history["loss"]) == epoch
        assert bits(trained(**options, checkpoint=path, resume=True)) == bits(whole)


def test_run_that_is_over_is_given_back_as_it_was(tmp_path):
    first = trained(checkpoint=tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    again = trained(checkpoint=tmp_path / "run", resume=True)
    assert bits(again) == bits(first)
    assert (tmp_path / "run").read_bytes() == before


def test_run_may_be_made_longer(tmp_path):
    trained(checkpoint=tmp_path / "run", epochs=3)
    longer = trained(checkpoint=tmp_path / "run", resume=True, epochs=6)
    assert bits(longer) == bits(trained())


def test_run_whose_schedule_counts_to_the_end_warns_when_it_is_made_longer(tmp_path):
    options = {"checkpoint": tmp_path / "run", "schedule": "cosine"}
    trained(**options, epochs=3)
    with pytest.warns(UserWarning, match="not have the bits .* epochs was 3, is 6"):
        trained(**options, resume=True)


def test_without_resume_a_run_begins_anew(tmp_path):
    trained(checkpoint=tmp_path / "run", epochs=3)
    assert bits(trained(checkpoint=tmp_path / "run")) == bits(trained())


def test_resume_without_a_file_begins_anew(tmp_path):
    assert bits(trained(checkpoint=tmp_path / "run", resume=True)) == bits(trained())


def test_checkpoint_is_written_every_so_many_epochs_and_at_the_end(tmp_path):
    seen = []
    checkpoint = Checkpoint(tmp_path / "run", epochs=4)
    trained(
        checkpoint=checkpoint, callbacks=[lambda _: seen.append(os.stat(tmp_path / "run").st_ino)]
    )
    assert [len(set(seen[a:b])) for a, b in ((0, 3), (3, 6))] == [1, 1]
    assert seen[2] != seen[3] != os.stat(tmp_path / "run").st_ino


def test_checkpoint_is_written_every_so_many_minutes(tmp_path, monkeypatch):
    seen = []
    clock = iter(range(0, 10_000, 40))  # each look at the clock is 40 seconds later
    monkeypatch.setattr("chainrule.train.checkpoints.time.monotonic", lambda: next(clock))
    checkpoint = Checkpoint(tmp_path / "run", minutes=1)
    trained(
        checkpoint=checkpoint, callbacks=[lambda _: seen.append(os.stat(tmp_path / "run").st_ino)]
    )
    assert 1 < len(set(seen)) < 6


def test_diverged_run_leaves_the_checkpoint_before(tmp_path):
    with pytest.raises(DivergedError):
        trained(checkpoint=tmp_path / "run", schedule=lambda clock: 10.0 ** (20 * clock.step),
                optimizer="sgd(learning_rate=0.1)", loss="cross_entropy", x=X * 1e20)  # fmt: skip
    assert (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"seed": 1}, "data"),  # another seed holds out others
        ({"batch_size": 16}, "batch_size"),
        ({"order": "given"}, "order"),
        ({"optimizer": "sgd"}, "graph of a step"),
        ({"optimizer": "adam(learning_rate=0.5)"}, "learning rate"),
        ({"schedule": "inverse_time"}, "schedule"),
        ({"x": X + 1e-3}, "data"),
        ({"validation": (X, Y)}, "data"),
        ({"network": cr.nn.mlp([3, 7, 2], rng=0)}, "graph of a step"),
        ({"clip_norm": 1.0}, "graph of a step"),
        ({"patience": 3}, "patience"),
    ],
)
def test_checkpoint_of_another_run_is_refused_and_kept(change, what, tmp_path):
    path = tmp_path / "run"
    trained(checkpoint=path, epochs=2)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=f"run: it is of a run with another {what}"):
        trained(checkpoint=path, resume=True, **change)
    assert path.read_bytes() == before


def test_other_library_is_said_and_the_run_goes_on(tmp_path, monkeypatch):
    path = tmp_path / "run"
    trained(checkpoint=path, epochs=2)
    monkeypatch.setattr(np, "__version__", "9.9")
    with pytest.warns(UserWarning, match="numpy was .*, is 9.9"):
        result = trained(checkpoint=path, resume=True)
    assert len(result.history["loss"]) == 6


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b[:100], lambda b: b"",
                                   lambda b: b[:-9] + bytes([b[-9] ^ 1]) + b[-8:]])  # fmt: skip
def test_damaged_checkpoint_is_refused_and_kept(spoil, tmp_path):
    path = tmp_path / "run"
    trained(checkpoint=path, epochs=2)
    path.write_bytes(spoil(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=r"run: not a whole checkpoint .* begin anew"):
        trained(checkpoint=path, resume=True)
    assert path.read_bytes() == before


def test_model_file_is_no_checkpoint(tmp_path):
    cr.save(net(), tmp_path / "run")
    with pytest.raises(CheckpointError, match="not a whole checkpoint"):
        trained(checkpoint=tmp_path / "run", resume=True)


def test_folder_that_is_not_there_is_an_error_before_any_work(tmp_path):
    heard = []
    with pytest.raises(OSError, match="run"):
        trained(checkpoint=tmp_path / "no" / "run", callbacks=[heard.append])
    assert not heard


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), OSError(30, "Read-only")]
)
def test_disk_that_fails_leaves_the_checkpoint_before_and_the_run_can_go_on(
    error, tmp_path, monkeypatch
):
    path = tmp_path / "run"
    calls = []
    fsync = os.fsync

    def failing(descriptor):
        calls.append(descriptor)
        if len(calls) == 7:  # two of each checkpoint: the file and its folder
            raise error
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(OSError, match=error.strerror):
            trained(checkpoint=path)
    assert os.listdir(tmp_path) == ["run"]
    assert bits(trained(checkpoint=path, resume=True)) == bits(trained())


def test_leftovers_of_killed_writers_are_removed(tmp_path):
    (tmp_path / ".run.0123abcd").write_bytes(b"cut short")
    (tmp_path / ".run.notours").write_bytes(b"of somebody else")
    trained(checkpoint=tmp_path / "run", epochs=1)
    assert sorted(os.listdir(tmp_path)) == [".run.notours", "run"]


@pytest.mark.parametrize("settings", [{"epochs": 0}, {"epochs": 1.5}, {"minutes": -1}])
def test_checkpoint_settings_that_cannot_be(settings):
    with pytest.raises(ValueError, match="checkpoint: every"):
        Checkpoint("run", **settings)
