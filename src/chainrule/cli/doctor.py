"""`chainrule doctor`: what may be wrong with a table or with a model, and the fix to type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer


if TYPE_CHECKING:
    from chainrule.tabular.findings import Finding
    from chainrule.tabular.model_checks import Patient

_DATA = (".csv", ".tsv", ".parquet", ".npz")


def doctor(
    file: Annotated[
        str, typer.Argument(help="A .csv, .tsv, .parquet or .npz, a set by name, or a model file.")
    ],
    target: Annotated[
        str | None, typer.Option(help="Of a table: the column that is to be predicted.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="classification or regression; by default told by the target."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Of a model: rows to try it on, with the target.")
    ] = None,
) -> None:
    """Look for what spoils learning, and say for each finding what to type.

    In a table: leakage, identifiers, constant and duplicate columns, gaps, imbalance, duplicated
    rows, infinities, mixed types. In a model: dead units, exploding numbers, a learning rate that
    does not fit, over-fitting; with --data also its answers. Ends with status 1 where a finding is
    an error, else with 0.
    """
    from chainrule.cli.terminal import say

    if _is_data(file):
        head, findings = _of_table(file, target, task)
    else:
        head, findings = _of_model(Path(file), data)
    say(head)
    _say_findings(findings)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


def _is_data(file: str) -> bool:
    from chainrule.data import DATASETS, FETCHED

    path = Path(file)
    if path.suffix.lower() in _DATA:
        return True
    name = file.partition("(")[0].replace("-", "_")
    return name in {*DATASETS, *FETCHED} or not (path.exists() or path.suffix)


def _of_table(file: str, target: str | None, task: str | None) -> tuple[str, tuple[Finding, ...]]:
    from chainrule.cli.sources import source_of, target_of
    from chainrule.data.preprocess import TASKS
    from chainrule.tabular.doctor import examine_table

    if task is not None and task not in TASKS:
        raise ValueError(f"task {task!r}; expected {' or '.join(TASKS)}")
    source = source_of(file, strict=False)
    target = target_of(source, file, target)
    rows, columns = len(source.table), len(source.table.columns)
    head = f"{source.name}: {rows:,} rows, {columns:,} columns, target {target!r}"
    return head, examine_table(source.table, target, task=task, file=file)


def _of_model(path: Path, data: str | None) -> tuple[str, tuple[Finding, ...]]:
    from chainrule import nn
    from chainrule.save import read
    from chainrule.tabular.doctor import examine_model

    found = read(path)
    told = f"{nn.parameter_count(found.network):,} parameters"
    patient = _patient(path, found)
    if data is not None:
        patient, rows = _on_rows(path, patient, data)
        told = f"{told}, tried on {rows:,} rows of {data}"
    epochs = len(patient.history.get("loss", ()))
    told = (
        f"{told}, {epochs} epochs in {_HISTORY}" if epochs else f"{told}, no {_HISTORY} beside it"
    )
    return f"{path}: {told}", examine_model(patient)


_HISTORY = "history.json"


def _patient(path: Path, found: Any) -> Patient:
    """A model with the history that stands beside it, where there is one."""
    from chainrule.tabular.examined import quoted
    from chainrule.tabular.model_checks import Patient

    record = _record(path.with_name(_HISTORY))
    configuration = record.get("configuration", {})
    data, target = configuration.get("data"), configuration.get("--target")
    words = ["chainrule train", quoted(data or "FILE")]
    if target:
        words.append(f"--target {quoted(target)}")
    return Patient(found.network, str(path), " ".join(words), record.get("history", {}))


def _record(path: Path) -> dict[str, Any]:
    """What a run wrote of itself; nothing where there is no such file, or it is another one."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(record, dict):
        return {}
    kept: dict[str, Any] = {}
    history = record.get("history")
    if isinstance(history, dict) and all(map(_is_curve, history.values())):
        kept["history"] = history
    texts = record.get("configuration")
    if isinstance(texts, dict) and all(isinstance(text, str) for text in texts.values()):
        kept["configuration"] = texts
    return kept


def _is_curve(values: Any) -> bool:
    return isinstance(values, list) and all(
        x is None or isinstance(x, (int, float)) for x in values
    )


def _on_rows(path: Path, patient: Patient, data: str) -> tuple[Patient, int]:
    """The model with what it says of some rows, and how many they are."""
    from dataclasses import replace

    from chainrule.cli import model as models

    found, preprocessing = models.opened(path)
    rows = models.rows_for(preprocessing, data)
    if not preprocessing.classes or preprocessing.target.name not in rows.source.table.columns:
        return replace(patient, x=rows.x), len(rows.x)
    answered = replace(
        patient,
        x=rows.x,
        labels=models.truth_for(preprocessing, rows),
        told=models.predicted(found, preprocessing, rows),
        classes=preprocessing.classes,
    )
    return answered, len(rows.x)


def _say_findings(findings: Sequence[Finding]) -> None:
    from chainrule.cli.terminal import say
    from chainrule.tabular.findings import SEVERITIES

    for finding in findings:
        say()
        say(f"{finding.severity}: {finding.what} in {finding.where}")
        say(f"  {finding.evidence}")
        say(f"  fix: {finding.fix}")
    say()
    counts = [(sum(x.severity == word for x in findings), word) for word in SEVERITIES]
    told = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    say(", ".join(told) or "nothing found")
