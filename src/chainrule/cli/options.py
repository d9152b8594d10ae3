"""What `chainrule train` may be asked for: a record, each field an option with its help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar, get_type_hints

from typer import Argument, Option


Record = TypeVar("Record")

_data = partial(Option, rich_help_panel="Data")
_recipe = partial(Option, rich_help_panel="Recipe")
_network = partial(Option, rich_help_panel="Network")
_loss = partial(Option, rich_help_panel="Loss")
_steps = partial(Option, rich_help_panel="Optimisation")
_run = partial(Option, rich_help_panel="Run")

# What `train` and `tune` ask alike.
Task = Annotated[
    str | None,
    _data(help="classification or regression; by default told by the target."),
]
Drop = Annotated[list[str] | None, _data(help="A column to leave out; may be repeated.")]
WeightColumn = Annotated[str | None, _data(help="The column with the weight of each sample.")]
Backend = Annotated[str, _run(help="auto, native (machine code) or numpy.")]
Out = Annotated[Path, _run(help="Folder for model, report and pictures.")]
Quiet = Annotated[bool, _run("--quiet", "-q", help="Print the held-out score alone.")]


@dataclass(frozen=True)
class TrainOptions:
    """What `chainrule train` is asked for; None where the data decide."""

    data: Annotated[
        str,
        Argument(help="A data set by name (see `chainrule data`) or a .csv, .tsv, .parquet, .npz."),
    ]
    target: Annotated[str | None, _data(help="The column to predict, of a table.")] = None
    task: Task = None
    drop: Drop = None
    numeric: Annotated[
        list[str] | None, _recipe(help="A column to take as numbers; may be repeated.")
    ] = None
    categorical: Annotated[
        list[str] | None, _recipe(help="A column to take as categories; may be repeated.")
    ] = None
    weight_column: WeightColumn = None
    held_out: Annotated[
        float | None,
        _data(help="Share held out for the final score; by default 0.2, or 0 of fewer than 50."),
    ] = None
    validation: Annotated[
        float | None,
        _data(help="Share of the rest that finds the best epoch; by default 0.1, or 0 likewise."),
    ] = None
    preset: Annotated[
        str | None,
        _recipe(help="fast, default, accurate, tabm or ensemble; of table files the default."),
    ] = None
    time: Annotated[str | None, _recipe(help="How long training may take: 90s, 2m, 1h.")] = None
    block_rows: Annotated[
        int | None,
        _recipe(help="Learn a .parquet larger than memory in blocks of so many rows: 65536."),
    ] = None
    compare: Annotated[
        bool, _recipe("--compare", help="Score boosted trees of scikit-learn too.")
    ] = False
    hidden: Annotated[
        str | None,
        _network(help="Units of the hidden layers, with commas: 128,64."),
    ] = None
    activation: Annotated[str, _network(help="Of the hidden layers: one, or one each.")] = "relu"
    initializer: Annotated[
        str | None,
        _network(help="Of the weights; by default as the activation likes."),
    ] = None
    dropout: Annotated[float, _network(help="Share of hidden units set to 0 in training.")] = 0.0
    batch_norm: Annotated[bool, _network("--batch-norm", help="Normalise hidden sums.")] = False
    bias: Annotated[bool, _network(help="Whether layers have biases.")] = True
    dtype: Annotated[str, _network(help="float32 or float64.")] = "float32"
    loss: Annotated[
        str | None,
        _loss(help="cross_entropy, huber(delta=0.5), ...; by default by the task."),
    ] = None
    reduction: Annotated[str, _loss(help="Of the losses of a batch: mean or sum.")] = "mean"
    class_weight: Annotated[
        str | None,
        _loss(help="balanced, or CLASS=WEIGHT with commas."),
    ] = None
    penalty: Annotated[
        str | None,
        _loss(help="On the weights: l2(strength=1e-4), l1, elastic, ..."),
    ] = None
    optimizer: Annotated[str, _steps(help="adam, sgd, momentum(momentum=0.95), lbfgs, ...")] = (
        "adam"
    )
    learning_rate: Annotated[float | None, _steps(help="By default the optimiser's own.")] = None
    schedule: Annotated[str, _steps(help="Of the learning rate: cosine, ...")] = "constant"
    epochs: Annotated[
        int | None,
        _steps(help="Passes over the samples; by default 4,000 updates and 10 passes."),
    ] = None
    batch_size: Annotated[
        str | None,
        _steps(help="Samples in a mini-batch; all or 0: one batch."),
    ] = None
    drop_last: Annotated[bool, _steps("--drop-last", help="Leave out a smaller last batch.")] = (
        False
    )
    order: Annotated[str, _steps(help="shuffled, replacement or given.")] = "shuffled"
    weight_decay: Annotated[float | None, _steps(help="Apart from the gradient.")] = None
    rate: Annotated[
        list[str] | None,
        _steps(
            metavar="PATTERN=FACTOR",
            help="Of the learning rate of some parameters: 'layers[0]=0.1'; may be repeated.",
        ),
    ] = None
    decay: Annotated[
        list[str] | None,
        _steps(
            metavar="PATTERN=FACTOR",
            help="Of the weight decay of some parameters: '*.bias=1'; may be repeated.",
        ),
    ] = None
    clip_value: Annotated[float | None, _steps(help="Largest entry of a gradient.")] = None
    clip_norm: Annotated[float | None, _steps(help="Largest norm of a gradient.")] = None
    average: Annotated[
        float | None,
        _steps(help="Decay of a moving average of the weights: 0.999."),
    ] = None
    patience: Annotated[
        int | None,
        _steps(help="End after so many epochs without a lower loss."),
    ] = None
    min_delta: Annotated[float, _steps(help="What counts as lower.")] = 0.0
    backend: Backend = "auto"
    threads: Annotated[int | None, _run(help="Of machine code; by default by size.")] = None
    seed: Annotated[int, _run(help="Of weights, parts and order: same seed, same bits.")] = 0
    checkpoint_every: Annotated[
        str | None,
        _run(metavar="EPOCHS|MINUTESm", help="Write the run to a file: 5, 10m."),
    ] = None
    resume: Annotated[bool, _run("--resume", help="Go on from that file.")] = False
    out: Out = Path("chainrule-out")
    quiet: Quiet = False


def command(record: type[Record], run: Callable[[Record], None]) -> Callable[..., None]:
    """`run` as a command that has an option for each field of `record`, a dataclass."""

    def called(**given: object) -> None:
        run(record(**given))

    called.__doc__ = run.__doc__
    called.__annotations__ = get_type_hints(record, include_extras=True)
    called.__signature__ = inspect.signature(record, eval_str=True)  # type: ignore[attr-defined]
    return called
