from dataclasses import replace

import pytest

from benchmarks.cases import CASES
from benchmarks.floors import chain_links, floor_of, flop, parameter_count


PEAKS = {"fma_gflops": 100.0, "fma_ns": 1.0}


def floor(name, cores=1):
    return floor_of(CASES[name], PEAKS, lambda size: 1e10, cores)


@pytest.mark.parametrize(
    ("name", "multiplied", "parameters"),
    [
        ("2-2-1", 112, 9),
        ("4-16-3", 17_408, 131),
        ("64-100-10", 2_022_400, 7_510),
        ("784-128-10", 26_181_632, 101_770),
        ("784-512-512-10", 410_779_648, 669_706),
        ("784-2048-2048-2048-10", 14_560_526_336, 10_020_874),
    ],
)
def test_work_of_a_step_is_that_of_the_networks_known(name, multiplied, parameters):
    assert flop(CASES[name]) == multiplied
    assert parameter_count(CASES[name]) == parameters


def test_normalisation_replaces_a_bias_by_two_vectors():
    plain, normalised = CASES["784-128-10"], CASES["784-128-10 batch norm"]
    assert parameter_count(normalised) - parameter_count(plain) == 128


def test_floor_of_a_large_network_is_its_arithmetic_and_its_memory():
    found = floor("784-2048-2048-2048-10")
    assert found.products == pytest.approx(14_560_526_336 / 1e11)
    assert found.update == pytest.approx(20 * 10_020_874 / 1e10)
    assert found.seconds == found.products + found.update + found.gather


def test_floor_of_a_tiny_network_is_its_chain_whatever_the_cores():
    assert floor("2-2-1").seconds == floor("2-2-1", cores=8).seconds == floor("2-2-1").chain


def test_two_cores_halve_the_floor_of_a_large_network_but_for_their_meetings():
    one, two = (floor("784-512-512-10", cores) for cores in (1, 2))
    assert two.meetings == pytest.approx(6e-7)
    assert two.seconds - two.meetings == pytest.approx(one.seconds / 2)


def test_a_small_network_stays_on_one_core():
    assert floor("2-2-1", cores=8).meetings == 0


def test_a_deeper_network_and_a_larger_batch_make_a_longer_chain():
    case = CASES["4-16-3"]
    assert chain_links(replace(case, sizes=(4, 16, 16, 3))) > chain_links(case)
    assert chain_links(replace(case, batch=64)) == chain_links(case) + 1
