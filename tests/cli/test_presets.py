"""Every preset, from a table of two columns through every command that takes its model."""

import numpy as np
import pytest

from chainrule.tabular.recipes import PRESETS


pytestmark = pytest.mark.usefixtures("without_pictures")
ROWS = 80
TASKS = ("classification", "regression")


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["x,city,kind,worth"]
    for x in rng.normal(size=ROWS):
        city = rng.choice(["Bern", "Genf"])
        score = x + (city == "Bern")
        lines.append(f"{x:.3f},{city},{'yes' if score > 0.5 else 'no'},{score:.3f}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    return "t.csv"


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("task", TASKS)
def test_every_command_takes_the_model_of_every_preset(here, table, preset, task):
    target, other = ("kind", "worth") if task == "classification" else ("worth", "kind")
    options = ("--target", target, "--drop", other, "--preset", preset, "--epochs", "2", "-q")
    status, _, err = here("train", table, *options)
    assert status == 0, err
    model = "chainrule-out/model.safetensors"
    for command in (
        ("evaluate", model, table),
        ("predict", model, table, "-o", "p.csv"),
        ("inspect", model),
        ("doctor", model, "--data", table),
        ("draw", model, "--graph", "-o", "graph.svg"),
    ):
        status, _, err = here(*command)
        assert status == 0, err
    with open("p.csv") as file:
        assert len(file.readlines()) == ROWS + 1


@pytest.mark.parametrize("preset", ["fast", "default"])
def test_chain_of_matrices_is_drawn_as_neurons(here, table, preset):
    assert here("train", table, "--target", "kind", "--preset", preset, "--epochs", "1")[0] == 0
    status, _, err = here("draw", "chainrule-out/model.safetensors", "-o", "network.svg")
    assert (status, err) == (0, "")


def test_members_side_by_side_are_drawn_as_a_graph_alone(here, table):
    assert here("train", table, "--target", "kind", "--preset", "tabm", "--epochs", "1")[0] == 0
    status, _, err = here("draw", "chainrule-out/model.safetensors", "-o", "network.svg")
    assert status == 2 and "--graph draws any network" in err
