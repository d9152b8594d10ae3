"""Tables of mixed columns with gaps, and estimators that learn them fast."""

import numpy as np
import pandas as pd
import pytest


ROWS = 300


def mixed_columns(rows: int = ROWS, seed: int = 0) -> dict:
    """Columns of every kind, with entries missing; `group` and `size` decide the target."""
    rng = np.random.default_rng(seed)
    size = rng.normal(50, 10, rows)
    size[rng.random(rows) < 0.1] = np.nan
    group = rng.choice(["north", "south", "east", "west"], rows).astype(object)
    group[rng.random(rows) < 0.05] = None
    return {
        "size": size,
        "group": group,
        "is_new": rng.random(rows) < 0.5,
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
        "count": rng.integers(0, 5, rows),
        "constant": np.ones(rows),
    }


def signal(columns: dict) -> np.ndarray:
    shift = {"north": 1.0, "south": -1.0, "east": 0.4, "west": -0.4, None: 0.0}
    size = np.nan_to_num(columns["size"], nan=50.0)
    return (size - 50) / 10 + np.array([shift[name] for name in columns["group"]])


@pytest.fixture(scope="session")
def mixed():
    """A frame, a class of text for each row, and a number for each row."""
    columns = mixed_columns()
    value = signal(columns)
    return pd.DataFrame(columns), np.where(value > 0, "yes", "no"), 1000 * value + 20_000
