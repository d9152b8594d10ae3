"""`examine_table` and `examine_model`: what may be wrong, and the fix to type."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chainrule.data import Table
from chainrule.tabular import column_checks, target_checks
from chainrule.tabular.examined import Examined
from chainrule.tabular.findings import Finding, ordered
from chainrule.tabular.leakage import leakage
from chainrule.tabular.model_checks import MODEL_CHECKS, Patient


#: Every check of a table.
TABLE_CHECKS: tuple[Callable[[Examined], Iterable[Finding]], ...] = (
    target_checks.missing_target,
    target_checks.one_class,
    target_checks.names_as_classes,
    leakage,
    target_checks.rare_classes,
    target_checks.imbalance,
    target_checks.skewed_target,
    target_checks.few_rows,
    target_checks.repeated_rows,
    column_checks.infinities,
    column_checks.identifiers,
    column_checks.constant,
    column_checks.equal_columns,
    column_checks.missing,
    column_checks.mixed_types,
    column_checks.dates_as_text,
    column_checks.high_cardinality,
    column_checks.outliers,
)

_MOST_CLASSES = 20  # of a target of whole numbers


def examine_table(
    table: Table, target: str, *, task: str | None = None, file: str | None = None
) -> tuple[Finding, ...]:
    """What may be wrong with a table from which `target` is to be learnt, the worst first.

    task  "classification" or "regression"; by default told by the target
    file  what the commands in the findings call the table; by default its source
    ValueError where there is no such column, or no row.
    """
    column = table.column(target)
    if not len(table):
        raise ValueError(f"{table.source}: it has no rows")
    is_number = column.dtype.kind in "iuf"
    subject = Examined(table, target, file or table.source, not is_number)
    if task is None and is_number:
        few = subject.distinct(target) <= min(_MOST_CLASSES, max(2, len(table) // 20))
        known = column[subject.known]
        task = "classification" if few and bool((known % 1 == 0).all()) else "regression"
    if is_number:
        subject = Examined(table, target, subject.file, task == "classification")
    return ordered(finding for check in TABLE_CHECKS for finding in check(subject))


def examine_model(patient: Patient) -> tuple[Finding, ...]:
    """What may be wrong with a trained network, the worst first."""
    return ordered(finding for check in MODEL_CHECKS for finding in check(patient))
