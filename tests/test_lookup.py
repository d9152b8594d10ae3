"""Names looked up in tables."""

import pytest

from chainrule.lookup import check_kinds, check_settings, find, parse


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


@pytest.mark.parametrize(
    ("text", "name", "settings"),
    [
        ("relu", "relu", {}),
        ("huber(delta=0.5)", "huber", {"delta": 0.5}),
        (" lbfgs ( iterations = 20 , memory=-1 )", "lbfgs", {"iterations": 20, "memory": -1}),
        ("glorot(distribution='normal')", "glorot", {"distribution": "normal"}),
        ("warmup(steps=9, then=cosine(end=0))", "warmup", {"steps": 9, "then": "cosine(end=0)"}),
        ("warmup(then=constant)", "warmup", {"then": "constant"}),
    ],
)
def test_settings_are_written_after_the_name(text: str, name: str, settings: dict[str, object]):
    assert parse("thing", text) == (name, settings)


@pytest.mark.parametrize(
    "text",
    ["", "1", "a b", "huber(0.5)", "huber(**x)", "huber(delta=1+1)", "a.b(c=1)", "f(x=" * 200],
)
def test_text_that_is_no_name_with_settings_is_refused(text: str):
    with pytest.raises(ValueError, match="expected a name, or a name with settings"):
        parse("loss", text)


def test_unknown_setting_comes_with_the_nearest():
    def huber(prediction: float, target: float, delta: float = 1.0) -> float:
        return delta

    check_settings("loss", "huber", huber, {"delta": 2})
    with pytest.raises(ValueError) as caught:
        check_settings("loss", "huber", huber, {"detla": 2})
    assert str(caught.value) == (
        "unknown setting of loss huber: 'detla'; did you mean 'delta'? (there are: delta)"
    )


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        ("fast", "float", "a number"),
        (True, "float", "a number"),
        (0.5, "int", "a whole number"),
        (1, "bool", "True or False"),
        (1, "str", "a name"),
    ],
)
def test_setting_of_another_kind_is_refused(value: object, annotation: str, expected: str):
    def function(x: float, setting: object = None) -> None:
        return None

    function.__annotations__["setting"] = annotation
    with pytest.raises(ValueError) as caught:
        check_kinds("thing", "it", function, {"setting": value})
    assert str(caught.value) == f"thing it: setting is {value!r}; expected {expected}"


def test_setting_without_a_plain_annotation_may_be_anything():
    def function(level: object = 0.5) -> None:
        return None

    check_kinds("thing", "it", function, {"level": (0.1, 0.9)})
