"""What a look at data or at a model found, and the order of what is worse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


#: From bad to worth knowing. An error makes what is learnt useless, or learning impossible.
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    severity  one of `SEVERITIES`
    what      in a word or two, such as "leakage"
    where     the column, the layer or the file
    evidence  the numbers that say so
    fix       a command or a line of Python to type
    """

    severity: str
    what: str
    where: str
    evidence: str
    fix: str


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first, those of one severity as they came."""
    return tuple(sorted(findings, key=lambda found: SEVERITIES.index(found.severity)))
