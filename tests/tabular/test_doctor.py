"""What the doctor finds, in tables and in models, and what it is silent about."""

from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import Table
from chainrule.tabular.doctor import examine_model, examine_table
from chainrule.tabular.examined import Examined
from chainrule.tabular.leakage import told_by_each
from chainrule.tabular.model_checks import Patient


ROWS = 300
rng = np.random.default_rng(0)
NOISE = rng.normal(size=(6, ROWS))
Y = np.where(NOISE[0] + NOISE[1] > 0, "yes", "no").astype(object)
PRICE = NOISE[0] + NOISE[2]
SOUND = {"a": NOISE[0], "b": NOISE[1], "kind": rng.choice(["x", "y", "z"], ROWS).astype(object)}


def texts(values):
    return np.array([None if x is None else str(x) for x in values], object)


def at(values, places, entry):
    changed = values.copy()
    changed[places] = entry
    return changed


#: A column of its own, or another target: what is found, where, how bad, and a word of the fix.
COLUMNS = {
    "copy": (np.where(Y == "yes", "J", "N").astype(object), "leakage", "error", "--drop new"),
    "threshold": (np.where(Y == "yes", 2, 1) + rng.random(ROWS) / 2, "leakage", "error", "--drop"),
    "gaps that tell": (np.where(Y == "yes", np.nan, NOISE[3]), "leakage", "error", "--drop new"),
    "names": (texts(f"n{i}" for i in range(ROWS)), "identifier", "warning", "--drop new"),
    "counted": (np.arange(ROWS) + 1000.0, "identifier", "warning", "--drop new"),
    "constant": (np.full(ROWS, 3.0), "constant column", "warning", "--drop new"),
    "empty": (np.full(ROWS, None), "empty column", "warning", "--drop new"),
    "twice": (2 * NOISE[0] + 1, "duplicate column", "warning", "--drop new"),
    "gaps": (at(NOISE[3], slice(0, 250), np.nan), "missing entries", "warning", "--drop new"),
    "infinite": (at(NOISE[3], 7, np.inf), "infinities", "error", "replace([inf, -inf], nan)"),
    "mixed": (at(texts(np.arange(ROWS) % 9), 5, "n/k"), "mixed types", "warning", "to_numeric"),
    "dates": (texts(f"{i % 28 + 1}/{i % 12 + 1}/2020" for i in range(ROWS)), "dates as text",
              "warning", "to_datetime"),
    "far": (at(NOISE[3], 3, 1e9), "outliers", "note", "--preset default"),
}  # fmt: skip

TARGETS = {
    "unequal": (at(np.full(ROWS, "no", object), slice(0, 20), "yes"), "class imbalance", "warning",
                "--class-weight balanced"),
    "rare": (at(Y, slice(0, 3), "maybe"), "rare classes", "warning", "transform('size') >= 10"),
    "one": (np.full(ROWS, "no", object), "constant target", "error", "--target OTHER"),
    "names": (texts(f"n{i}" for i in range(ROWS)), "identifier as target", "error", "--target"),
    "gaps": (at(Y, 4, None), "missing target", "warning", "dropna(subset=['y'])"),
    "skewed": (np.exp(3 * PRICE), "skewed target", "note", "np.log1p"),
    "far": (at(PRICE, 4, 1e7), "outliers", "warning", "--loss huber"),
}  # fmt: skip


def found_in(columns, **options):
    return examine_table(Table("t.csv", columns), "y", **options)


@pytest.mark.parametrize("target", [Y, PRICE], ids=["classes", "numbers"])
def test_nothing_is_found_in_a_sound_table(target):
    assert found_in({**SOUND, "y": target}) == ()


@pytest.mark.parametrize("name", COLUMNS)
def test_column_that_spoils_learning_is_found(name):
    column, what, severity, fix = COLUMNS[name]
    findings = found_in({**SOUND, "new": column, "y": Y})
    assert {x.where for x in findings} == {"new"}
    assert (findings[0].what, findings[0].severity) == (what, severity)
    assert fix in findings[0].fix


@pytest.mark.parametrize("name", TARGETS)
def test_target_that_spoils_learning_is_found(name):
    target, what, severity, fix = TARGETS[name]
    (finding,) = [x for x in found_in({**SOUND, "y": target}) if x.what == what]
    assert (finding.severity, finding.where) == (severity, "y") and fix in finding.fix


def test_column_that_is_the_target_in_another_unit_or_order_is_a_leak():
    for leak in (3 * PRICE + 2, np.exp(PRICE), -PRICE):
        findings = found_in({**SOUND, "new": leak, "y": PRICE})
        assert [(x.what, x.where, x.severity) for x in findings] == [("leakage", "new", "error")]


def test_what_a_column_tells_is_0_for_noise_and_1_for_the_target():
    subject = Examined(Table("t", {"noise": NOISE[4], "same": PRICE, "y": PRICE}), "y", "t", False)
    assert told_by_each(subject) == pytest.approx({"noise": 0.0, "same": 1.0}, abs=0.01)


def test_rows_that_a_test_would_know_from_training_are_counted():
    columns = {name: np.tile(x, 2) for name, x in {**SOUND, "y": Y}.items()}
    (finding,) = [x for x in found_in(columns) if x.what == "duplicated rows"]
    told = (
        "300 of 600 rows repeat another, at most 2 times; 77% of the rows held out would be known"
    )
    assert told in finding.evidence
    assert finding.fix == "df = df.drop_duplicates()"


def test_rows_that_differ_in_the_target_alone_are_noted():
    other = np.where(Y == "yes", "no", "yes").astype(object)
    columns = {name: np.tile(x, 2) for name, x in SOUND.items()}
    findings = found_in({**columns, "y": np.concatenate([Y, other])})
    assert "conflicting rows" in [x.what for x in findings]


@pytest.mark.parametrize(("rows", "columns"), [(30, 2), (200, 60)])
def test_few_rows_are_told(rows, columns):
    table = {f"x{i}": x for i, x in enumerate(rng.normal(size=(columns, rows)))}
    assert "few rows" in [x.what for x in found_in({**table, "y": Y[:rows]})]


def test_worst_comes_first():
    columns = {"far": COLUMNS["far"][0], "copy": COLUMNS["copy"][0], "id": COLUMNS["names"][0]}
    findings = found_in({**SOUND, **columns, "y": Y})
    assert [x.severity for x in findings] == ["error", "warning", "note"]


def test_fixes_can_be_typed_where_names_have_blanks():
    findings = found_in({**SOUND, "my id": COLUMNS["names"][0], "y": Y}, file="my file.csv")
    assert findings[0].fix == "chainrule train 'my file.csv' --target y --drop 'my id'"


# ---- models ----------------------------------------------------------------------------------


X = np.random.default_rng(1).normal(size=(200, 3)).astype(np.float32)
FALLING = list(np.geomspace(1, 0.1, 40))


def patient(activation="relu", **known):
    settings = {"network": cr.nn.mlp([3, 8, 2], activation, rng=0), "history": {"loss": FALLING}}
    return Patient(**{**settings, "name": "m", "train": "chainrule train t.csv", **known})


def with_first_layer(network, **changes):
    first, *rest = network.layers
    return replace(network, layers=(replace(first, **changes), *rest))


def test_nothing_is_found_in_a_sound_model():
    told = np.where(X[:, :1] > 0, [[0.2, 0.8]], [[0.8, 0.2]])
    flipped = np.random.default_rng(0).random(200) < 0.2
    labels = (X[:, 0] > 0) ^ flipped
    found = examine_model(patient(x=X, labels=labels.astype(int), told=told, classes=("no", "yes")))
    assert found == ()


NETWORK = cr.nn.mlp([3, 8, 2], "relu", rng=0)
SIGMOID = cr.nn.mlp([3, 8, 2], "sigmoid", rng=0)
W = NETWORK.layers[0].weight
NETWORKS = {
    "non-finite parameters": (with_first_layer(NETWORK, weight=W * np.nan), "error"),
    "exploding weights": (with_first_layer(NETWORK, weight=W * np.float32(1e6)), "warning"),
    "vanishing weights": (with_first_layer(NETWORK, weight=W * np.float32(1e-9)), "warning"),
    "dead units": (with_first_layer(NETWORK, bias=np.full(8, -1e3, np.float32)), "warning"),
    "saturated units": (with_first_layer(SIGMOID, bias=np.full(8, 99, np.float32)), "warning"),
    "exploding outputs": (with_first_layer(NETWORK, bias=np.full(8, 1e6, np.float32)), "warning"),
}


@pytest.mark.parametrize("what", NETWORKS)
@pytest.mark.filterwarnings("ignore:overflow")
def test_network_whose_numbers_are_wrong_is_found(what):
    network, severity = NETWORKS[what]
    findings = examine_model(patient(network=network, x=X))
    assert (what, severity) in [(x.what, x.severity) for x in findings]


RATES = [0.01] * 40
HISTORIES = {
    "diverged": ({"loss": [1.0, 2, 3, 4, 5, 6, 7, 8]}, "learning rate too high", "error", "0.001"),
    "not finite": ({"loss": [1.0] * 8 + [None]}, "learning rate too high", "error", "0.001"),
    "jumps": ({"loss": [1 / k * (1 + k % 2) for k in range(1, 41)]}, "learning rate too high",
              "warning", "0.003"),
    "too slow": ({"loss": list(np.linspace(1, 0.5, 40))},
                 "learning rate too low, or too few epochs", "note", "0.03"),
    "learnt by heart": ({"loss": FALLING,
                         "validation_loss": [*FALLING[:10], *np.linspace(0.6, 2, 30)]},
                        "over-fitting", "warning", "--dropout 0.2 --patience"),
}  # fmt: skip


@pytest.mark.parametrize("name", HISTORIES)
def test_course_of_the_loss_tells_what_to_change(name):
    curves, what, severity, fix = HISTORIES[name]
    history = {"learning_rate": RATES, **curves}
    (finding,) = examine_model(patient(history=history))
    assert (finding.what, finding.severity) == (what, severity)
    assert finding.fix.startswith("chainrule train t.csv --") and fix in finding.fix


LABELS = np.repeat([0, 1, 2], [100, 60, 40])
ANSWERS = {
    "classes never predicted": np.tile([0.5, 0.3, 0.2], (200, 1)),
    "worse than a guess": np.eye(3)[(LABELS + 1) % 3],
    "miscalibration": np.eye(3)[np.where(np.arange(200) % 5, LABELS, (LABELS + 1) % 3)],
}


@pytest.mark.parametrize("what", ANSWERS)
def test_answers_that_cannot_be_trusted_are_found(what):
    found = examine_model(patient(labels=LABELS, told=ANSWERS[what], classes=("a", "b", "c")))
    assert what in [x.what for x in found]
