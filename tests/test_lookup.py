"""Names looked up in tables."""

import pytest

from chainrule.lookup import find


TABLE = {"adam": 1, "sgd": 2}


def test_name_in_the_table_gives_its_member():
    assert find(TABLE, "optimizer", "sgd") == 2


def test_unknown_name_comes_with_the_nearest_and_all_others():
    with pytest.raises(ValueError) as caught:
        find(TABLE, "optimizer", "adma")
    assert str(caught.value) == (
        "unknown optimizer 'adma'; did you mean 'adam'? (there are: adam, sgd)"
    )


def test_name_that_is_near_to_none_comes_without_a_guess():
    with pytest.raises(ValueError) as caught:
        find(TABLE, "optimizer", "zzzz")
    assert str(caught.value) == "unknown optimizer 'zzzz' (there are: adam, sgd)"
