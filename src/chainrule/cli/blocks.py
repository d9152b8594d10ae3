"""A Parquet file larger than memory as a lesson: learnt by blocks, the other parts in memory."""

from __future__ import annotations

from pathlib import Path

from chainrule.cli.learn import weight_of_classes
from chainrule.cli.lesson import SHARE, Lesson, Part, Request
from chainrule.cli.sources import check_kept, named_target, truth_of
from chainrule.cli.terminal import warn
from chainrule.data import Table
from chainrule.tabular.division import Encoder, divide
from chainrule.train.progress import counting


def lesson_of_blocks(request: Request, rows: int, progress: bool | None) -> Lesson:
    """The rows that are asked for: those to learn from by blocks of so many rows.

    progress  whether it is shown how far the file is gone through; None: on a terminal
    ValueError or OSError, in one line, for data that cannot be learnt from.
    """
    path = Path(request.data)
    if path.suffix.lower() != ".parquet":
        raise ValueError(
            f"--block-rows: {request.data} is no .parquet; write it as one, as with polars: "
            "scan_csv(FILE).sink_parquet(NEW)"
        )
    target = named_target(request.data, request.target)
    check_kept(target, (*request.drop, request.weight_column))
    held_out, validation = (
        SHARE if share is None else share for share in (request.held_out, request.validation)
    )
    with counting("blocks looked through", progress) as tell:
        found = divide(
            path,
            target,
            request.task,
            drop=request.drop,
            numeric=request.numeric,
            categorical=request.categorical,
            weights=request.weight_column,
            class_weight=weight_of_classes(request.class_weight),
            rows=rows,
            shares=(held_out, validation * (1 - held_out)),
            seed=request.seed,
            tell=tell,
        )
    if found.missing:
        warn(f"{found.missing:,} rows have no {target!r}; they are left out")
    learnt = _part(found.encode, found.sample)
    chosen_by, test = (
        None if table is None else _part(found.encode, table)
        for table in (found.chosen_by, found.test)
    )
    return Lesson(
        path.name,
        found.preprocessing,
        learnt,
        chosen_by,
        test or learnt,
        test is not None,
        found.learnt,
    )


def _part(encode: Encoder, table: Table) -> Part:
    x, y, *weights = encode(table)
    truth = truth_of(encode.preprocessing, table, y)
    return Part(x, y, truth, weights[0] if weights else None)
