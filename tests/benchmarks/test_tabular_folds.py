import numpy as np

from benchmarks.tabular.folds import fold_of, sample


def test_folds_are_these():
    assert fold_of(np.arange(10)).tolist() == [1, 3, 4, 0, 2, 0, 3, 4, 2, 1]


def test_the_sample_is_this():
    assert sample(20, 5).tolist() == [2, 3, 11, 13, 15]


def test_of_neighbours_in_the_order_of_the_targets_each_is_in_another_fold():
    y = np.random.default_rng(3).normal(size=1000)
    blocks = fold_of(y)[np.argsort(y)].reshape(-1, 5)
    assert (np.sort(blocks, axis=1) == np.arange(5)).all()


def test_ten_rows_of_a_class_are_enough_to_have_it_in_every_fold():
    y = np.repeat(np.arange(40), 10 + np.arange(40) % 7)
    folds = fold_of(y)
    assert all(set(folds[y == label]) == set(range(5)) for label in range(40))


def test_rows_of_one_class_do_not_keep_their_order():
    assert len(set(fold_of(np.zeros(5)).tolist())) == 5
    folds = fold_of(np.zeros(500)).reshape(-1, 5)
    assert not (np.sort(folds, axis=1) == np.arange(5)).all()


def test_a_set_that_is_small_enough_is_taken_whole():
    assert sample(4, 5).tolist() == [0, 1, 2, 3]
