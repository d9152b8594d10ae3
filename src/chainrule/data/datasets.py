"""Data sets by name: made ones, real ones of scikit-learn, and those that `fetch` brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

import numpy as np

from chainrule.lookup import check_kinds, find, parse


@dataclass(frozen=True)
class Dataset:
    """Samples with labels or targets.

    x            `(samples, features)` float32
    y            labels from 0, int64 `(samples,)`; or targets float32 `(samples, outputs)`
    classes      the name of each label; empty where y are targets
    image_shape  (rows, columns) if the features are the pixels of an image
    source       where the samples come from
    features     the name of each feature, or nothing
    test         (x, y) that the set itself holds back, or None
    """

    name: str
    x: Any
    y: Any
    classes: tuple[str, ...]
    image_shape: tuple[int, int] | None
    source: str
    features: tuple[str, ...] = ()
    test: tuple[Any, Any] | None = None


_MOST = 10_000_000  # samples that are made


def _check(name: str, setting: str, value: float, low: float, high: float) -> None:
    """ValueError for a setting of a set that is not a number from `low` to `high`."""
    if not low <= value <= high:
        raise ValueError(f"{name}: {setting} {value}; expected {low:,} to {high:,}")


# ---- truth tables ---------------------------------------------------------------------------


def truth_table(
    name: str, function: Callable[..., Any] | Sequence[Any], bits: int, ones: bool = False
) -> Dataset:
    """A Boolean function of `bits` inputs as samples, one for each row of its truth table (DS-02).

    function  of `bits` numbers 0 or 1, to 0 or 1; or its values, one for each row
    ones      whether a last feature is 1 throughout, whose weight then is the bias (DS-01)
    The rows count up in binary: 00, 01, 10, 11. ValueError for a number of bits outside 1 .. 20,
    and for values that are not one for each row.
    """
    if not 1 <= bits <= 20:
        raise ValueError(f"{name}: {bits} bits; expected 1 to 20")
    rows = (np.arange(2**bits)[:, None] >> np.arange(bits)[::-1]) & 1
    x = rows.astype(np.float32)
    if ones:
        x = np.hstack([x, np.ones((len(x), 1), np.float32)])
    values = [function(*map(int, row)) for row in rows] if callable(function) else function
    if len(values) != len(rows):
        raise ValueError(f"{name}: {len(values)} values; expected one for each of {len(rows)} rows")
    y = np.array([bool(value) for value in values], np.int64)
    names = tuple(f"x{place + 1}" for place in range(bits)) + (("1",) if ones else ())
    return Dataset(name, x, y, ("0", "1"), None, "its truth table", names)


def _gate(name: str, function: Callable[..., Any], bits: int = 2) -> Callable[..., Dataset]:
    def make(ones: bool = False) -> Dataset:
        return truth_table(name, function, bits, ones)

    return make


def parity(bits: int = 3, ones: bool = False) -> Dataset:
    """1 where an odd number of inputs is 1."""
    return truth_table("parity", lambda *row: sum(row) % 2, bits, ones)


def majority(bits: int = 3, ones: bool = False) -> Dataset:
    """1 where more than half of the inputs are 1."""
    return truth_table("majority", lambda *row: 2 * sum(row) > bits, bits, ones)


def gates3() -> Dataset:
    """Two inputs, three targets: OR, AND and NAND of them (DS-08)."""
    x = truth_table("gates3", max, 2).x
    y = np.stack([x.max(axis=1), x.min(axis=1), 1 - x.min(axis=1)], axis=1)
    return Dataset("gates3", x, y, (), None, "truth tables of OR, AND, NAND", ("x1", "x2"))


# ---- small sets of the literature -----------------------------------------------------------


#: What two networks say of the same three voters.
_VOTES = {
    1: [[0.3, 0.3, 0.4], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]],
    2: [[0.1, 0.2, 0.7], [0.1, 0.7, 0.2], [0.3, 0.4, 0.3]],
}


def votes(network: int = 1) -> Dataset:
    """Three voters, one of each of three parties, and what a network said of them (DS-04).

    x are its probabilities of democrat, republican and other: two are right, one is wrong. Network
    2 errs as often as 1, but is surer where it is right and less sure where it is wrong.
    """
    _check("votes", "network", network, 1, 2)
    x = np.array(_VOTES[network], np.float32)
    classes = ("democrat", "republican", "other")
    return Dataset("votes", x, np.array([2, 1, 0]), classes, None, "a lecture", classes)


def semicircle(tokens: int = 9) -> Dataset:
    """Points of the right half of the circle, and their angle θ with its square (DS-05, A2)."""
    _check("semicircle", "tokens", tokens, 2, _MOST)
    angle = np.linspace(-np.pi / 2, np.pi / 2, tokens)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    y = np.stack([angle, angle**2], axis=1).astype(np.float32)
    return Dataset("semicircle", x, y, (), None, "made: θ from -π/2 to π/2", ("cos θ", "sin θ"))


def pair() -> Dataset:
    """A single sample: (0.05, 0.10) and its targets (0.01, 0.99) (DS-06)."""
    x, y = np.array([[0.05, 0.10]], np.float32), np.array([[0.01, 0.99]], np.float32)
    return Dataset("pair", x, y, (), None, "a worked example of backpropagation", ("i1", "i2"))


def noisy_curve(samples: int = 10, noise: float = 0.3, seed: int = 0) -> Dataset:
    """sin 2πx on [0, 1] with normal noise: what high polynomials overfit (DS-07)."""
    rng = _generator("noisy_curve", samples, noise, seed)
    x = np.linspace(0, 1, samples)
    y = np.sin(2 * np.pi * x) + noise * rng.normal(size=samples)
    columns = x[:, None].astype(np.float32), y[:, None].astype(np.float32)
    return Dataset("noisy_curve", *columns, (), None, "made: sin 2πx and noise", ("x",))


# ---- points in the plane --------------------------------------------------------------------


def moons(samples: int = 400, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two half circles that reach into each other."""
    rng = _generator("moons", samples, noise, seed)
    y = np.arange(samples) % 2
    angle = np.pi * rng.uniform(size=samples)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = np.where(y[:, None] == 0, upper, [1.0, 0.5] - upper)
    return _points("moons", x, y, noise, rng)


def circles(samples: int = 400, noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Dataset:
    """A circle of radius 1 around one of radius `factor`."""
    _check("circles", "factor", factor, 0, 1)
    rng = _generator("circles", samples, noise, seed)
    y = np.arange(samples) % 2
    angle = 2 * np.pi * rng.uniform(size=samples)
    radius = np.where(y == 0, 1.0, factor)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _points("circles", x, y, noise, rng)


def spirals(
    samples: int = 400, classes: int = 2, turns: float = 1.5, noise: float = 0.02, seed: int = 0
) -> Dataset:
    """Spirals around one another, one a class. After K. Lang, M. Witbrock, 1988."""
    if classes < 2:
        raise ValueError(f"spirals: {classes} classes; expected at least 2")
    _check("spirals", "turns", turns, -100, 100)
    rng = _generator("spirals", samples, noise, seed)
    y = np.arange(samples) % classes
    radius = np.sqrt(rng.uniform(0.01, 1, samples))
    angle = 2 * np.pi * (turns * radius + y / classes)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _points("spirals", x, y, noise, rng)


def _generator(name: str, samples: int, noise: float, seed: int) -> np.random.Generator:
    """What draws the samples of a set. ValueError for settings that make no set."""
    _check(name, "samples", samples, 2, _MOST)
    _check(name, "noise", noise, 0, 1000)
    _check(name, "seed", seed, 0, 2**63 - 1)
    return np.random.default_rng(seed)


def _points(name: str, x: Any, y: Any, noise: float, rng: np.random.Generator) -> Dataset:
    x = (x + noise * rng.normal(size=x.shape)).astype(np.float32)
    classes = tuple(str(label) for label in range(int(y.max()) + 1))
    return Dataset(name, x, y.astype(np.int64), classes, None, "made", ("x1", "x2"))


# ---- real sets of scikit-learn --------------------------------------------------------------


def digits() -> Dataset:
    """1,797 handwritten digits, 8 x 8 pixels of 17 grey levels scaled to 0 .. 1, from 13 people.

    E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", 1998, test part; shipped
    with scikit-learn.
    """
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    return Dataset(
        "digits",
        (found.data / 16).astype("float32"),
        found.target.astype("int64"),
        tuple(str(digit) for digit in range(10)),
        (8, 8),
        "Optical recognition of handwritten digits, shipped with scikit-learn",
        tuple(found.feature_names),
    )


def _of_sklearn(
    name: str, loader: str, title: str, settings: Mapping[str, Any] | None = None
) -> Callable[[], Dataset]:
    """A set of scikit-learn in its own units: it has to be standardised."""

    def load() -> Dataset:
        import sklearn.datasets

        found: Any = getattr(sklearn.datasets, loader)(**(settings or {}))
        is_classes = "target_names" in found
        classes = tuple(map(str, found.target_names)) if is_classes else ()
        target = found.target.astype(np.int64 if is_classes else np.float32)
        return Dataset(
            name,
            found.data.astype(np.float32),
            target if is_classes else target[:, None],
            classes,
            None,
            f"{title}, shipped with scikit-learn",
            tuple(map(str, found.feature_names)),
        )

    return load


def _fetched(name: str) -> Callable[[], Dataset]:
    def load() -> Dataset:
        from chainrule.data.packages import fetched_images

        return fetched_images(name)

    return load


#: Every set, by name: functions of its settings, which all have defaults.
DATASETS: dict[str, Callable[..., Dataset]] = {
    "and": _gate("and", min),
    "breast_cancer": _of_sklearn(
        "breast_cancer", "load_breast_cancer", "Breast cancer Wisconsin (diagnostic)"
    ),
    "circles": circles,
    "diabetes": _of_sklearn(
        "diabetes", "load_diabetes", "Diabetes, B. Efron et al., 2004", {"scaled": False}
    ),
    "digits": digits,
    "fashion_mnist": _fetched("fashion_mnist"),
    "gates3": gates3,
    "iris": _of_sklearn("iris", "load_iris", "Iris, R. Fisher, 1936"),
    "majority": majority,
    "mnist": _fetched("mnist"),
    "moons": moons,
    "nand": _gate("nand", lambda a, b: not (a and b)),
    "noisy_curve": noisy_curve,
    "nor": _gate("nor", lambda a, b: not (a or b)),
    "not": _gate("not", lambda a: not a, bits=1),
    "or": _gate("or", max),
    "pair": pair,
    "parity": parity,
    "semicircle": semicircle,
    "spirals": spirals,
    "votes": votes,
    "wine": _of_sklearn("wine", "load_wine", "Wine recognition, M. Forina et al., 1991"),
    "xnor": _gate("xnor", lambda a, b: a == b),
    "xor": _gate("xor", lambda a, b: a != b),
}


def dataset(text: str) -> Dataset:
    """The set of this name, with settings or without: `"moons(samples=500, noise=0.2)"`.

    Hyphens count as underscores. ValueError, naming the nearest, for an unknown name or setting;
    FileNotFoundError, saying what to do, for a set that has to be fetched first.
    """
    head, opening, rest = text.partition("(")
    name = head.strip().replace("-", "_")
    called = f"{name}_" if iskeyword(name) else name  # Python has no names "and", "or" and "not"
    settings = parse("data set", f"{called}({rest}")[1] if opening else {}
    make = find(DATASETS, "data set", name)
    check_kinds("data set", name, make, settings)
    return make(**settings)
