import pytest

from benchmarks import harness
from benchmarks.harness import Measured, Setting, Standing, disagreeing, epochs_within
from benchmarks.peers import PEERS


def settings(*names):
    return [Setting(PEERS[name], 1) for name in names]


def test_peers_are_measured_in_turn_and_every_second_round_in_reverse():
    calls = []

    def begin(setting):
        name = setting.peer.name

        def measure():
            calls.append(name)
            return 1.0

        return Standing(setting, measure, lambda: None)

    harness.in_turn(settings("chainrule", "torch", "numpy"), begin, 2, pytest.fail)
    assert calls == ["chainrule", "torch", "numpy", "numpy", "torch", "chainrule"]


def test_every_peer_is_closed_after_its_rounds():
    closed = []

    def begin(setting):
        return Standing(setting, lambda: 2.0, lambda: closed.append(setting.peer.name), 0.5)

    rows = harness.in_turn(settings("torch", "numpy"), begin, 3, pytest.fail)
    assert closed == ["torch", "numpy"]
    assert rows[0] == Measured("torch", 1, (2.0, 2.0, 2.0), 0.5)


def test_a_peer_that_fails_is_said_and_left_out():
    said = []

    def begin(setting):
        if setting.peer.name == "torch-compile":
            raise RuntimeError("no C++ compiler\nmore")
        return Standing(setting, lambda: 1.0, lambda: None)

    rows = harness.in_turn(settings("torch-compile", "numpy"), begin, 1, said.append)
    assert [row.peer for row in rows] == ["numpy"]
    assert said == ["torch-compile, 1 thread: not available (RuntimeError: no C++ compiler)"]


def test_a_peer_without_dropout_is_not_asked_for_it():
    names = [peer.name for peer in PEERS.values() if "dropout" not in peer.lacks]
    assert "sklearn" not in names and "torch" in names


def test_a_loss_unlike_the_others_is_found():
    losses = (0.5, 0.5001, 0.4999, 0.6)
    rows = [Measured(str(place), 1, (1.0,), loss) for place, loss in enumerate(losses)]
    assert [row.check for row in disagreeing(rows, 0.01)] == [0.6]


def test_a_loss_that_is_not_a_number_is_found():
    rows = [Measured(name, 1, (1.0,), loss) for name, loss in (("a", 0.5), ("b", 0.5))]
    odd = Measured("c", 1, (1.0,), float("nan"))
    assert odd in disagreeing([*rows, odd], 0.01)


@pytest.mark.parametrize(
    ("seconds", "epochs"), [(1.0, 3), (0.02, 5), (1e-6, harness.MOST_EPOCHS), (0.0, 400)]
)
def test_a_measurement_takes_the_epochs_that_fit_and_at_least_three(seconds, epochs):
    assert epochs_within(0.1, seconds) == epochs
