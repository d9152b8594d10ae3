"""`chainrule train`: learn from data, compare with baselines, write a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from chainrule.cli import recipe
from chainrule.cli.folder import check_folder, made
from chainrule.cli.options import TrainOptions
from chainrule.cli.signals import interruptible
from chainrule.cli.terminal import say, warn


if TYPE_CHECKING:
    from chainrule.cli.page import Report
    from chainrule.cli.samples import Samples
    from chainrule.nn import Loss
    from chainrule.train import Result


def train(options: TrainOptions) -> None:
    """Train a multilayer perceptron and say how well it does on samples it has not seen.

    Of a table file by a recipe that takes text, dates and gaps (--preset), or, with options that
    shape the network, a plain one.

    The model, a report and pictures are written to a folder. Ctrl-C ends the training: the best
    network so far is scored and written, with status 130; SIGTERM does the same, with 143.
    """
    with interruptible() as status:
        run = recipe.train if recipe.is_chosen(options) else _run
        result = run(options)
        if result is None:
            warn("interrupted in the first epoch; nothing was written")
        if result is None or result.interrupted:
            raise typer.Exit(status())


def _run(options: TrainOptions) -> Result | None:
    """Train, score and write; None where not even one epoch was trained."""
    from chainrule.cli import learn, report
    from chainrule.cli.samples import samples_of

    check_folder(options.out)
    samples = samples_of(options)
    options = learn.settled(options, samples)
    loss = learn.loss_for(options, samples)
    network = learn.network_for(options, samples, loss)
    if not options.quiet:
        report.say_data(samples)
        report.say_network(network, samples.input(options.dtype))
    with made(options.out):
        result = learn.learn(options, samples, network, loss)
        if not result.history.get("loss"):
            return None
        finish(options, samples, result, loss)
    return result


def finish(options: TrainOptions, samples: Samples, result: Result, loss: Loss) -> None:
    """Score the trained network beside the baselines and write what it left."""
    from threadpoolctl import threadpool_limits

    from chainrule.cli import report, scores
    from chainrule.cli.predictions import told

    metrics = scores.metrics_of(samples.classes)
    # One thread: the same bits everywhere, and on matrices this small 20 times the speed of two.
    with threadpool_limits(1, user_api="blas"):
        predicted = told(result.best, samples.x_test, samples.preprocessing, loss.name)
        found = {
            "network": scores.scores(metrics, samples.truth_test, predicted),
            **scores.baselines(samples),
        }
        page = _report(options, samples, result, found)
    if not options.quiet:
        say(page.ended)
        for layer, units in page.dead.items():
            say(f"dead units in {layer}: {len(units)} are 0 for every sample")
    report.say_scores(page)
    names = report.write(options.out, result, samples, page, loss.name, predicted)
    if not options.quiet:
        say(f"written to {options.out}: {', '.join(names)}")


def _report(
    options: TrainOptions,
    samples: Samples,
    result: Result,
    found: dict[str, dict[str, float]],
) -> Report:
    """Everything that the page says."""
    from chainrule import nn
    from chainrule.cli import report
    from chainrule.cli.draw import names_of
    from chainrule.cli.page import Report
    from chainrule.cli.samples import COLUMNS
    from chainrule.cli.scores import metrics_of

    network = result.best
    inputs, outputs = names_of(network, samples.preprocessing)
    return Report(
        data=samples.name,
        told=samples.told,
        held_out=samples.is_held_out,
        metrics=metrics_of(samples.classes),
        scores=found,
        ended=report.ending(result),
        network=network,
        input=samples.input(options.dtype),
        inputs=inputs,
        outputs=outputs,
        columns=(COLUMNS, samples.columns),
        dead={layer: list(units) for layer, units in nn.dead_units(network, samples.x).items()},
        configuration=report.configuration(options),
        command=report.command_line(),
        versions=report.versions(),
    )
