import math

import numpy as np
import pytest

from benchmarks.cases import CASES, Data, Layer, accuracy, data_of, layers_of, logits, mean_loss


def test_data_hold_every_class_and_whole_batches():
    case = CASES["64-100-10"]
    data = data_of(case)
    assert data.x.shape == (case.batch * case.steps, 64)
    assert set(data.y) == set(range(10))


def test_same_seed_gives_same_data_and_weights():
    case = CASES["4-16-3"]
    assert np.array_equal(data_of(case, 1).x, data_of(case, 1).x)
    assert not np.array_equal(data_of(case, 1).x, data_of(case, 2).x)
    assert np.array_equal(layers_of(case, 1)[0].weight, layers_of(case, 1)[0].weight)


def test_a_normalised_layer_has_no_bias():
    first, last = layers_of(CASES["784-128-10 batch norm"])
    assert first.bias is None and first.scale is not None
    assert last.bias is not None and last.scale is None


def test_logits_go_through_relu_between_layers_only():
    layers = [Layer(np.array([[1.0, -1.0]]), np.zeros(2)), Layer(-np.eye(2), np.ones(2))]
    assert logits(layers, [[3.0]]).tolist() == [[-2.0, 1.0]]


@pytest.mark.parametrize("outputs", [1, 2, 10])
def test_equal_logits_lose_the_logarithm_of_the_number_of_classes(outputs):
    layers = [Layer(np.zeros((3, outputs)), np.zeros(outputs))]
    data = Data(np.ones((4, 3)), np.zeros(4, np.int64))
    assert mean_loss(layers, data) == pytest.approx(math.log(max(outputs, 2)))


def test_accuracy_is_the_share_of_right_classes():
    data = Data(np.eye(2), np.array([0, 0]))
    assert accuracy([Layer(np.eye(2), np.zeros(2))], data) == 0.5
