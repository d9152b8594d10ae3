"""What `chainrule.tabular` offers, and what it costs to import it."""

import subprocess
import sys

import pytest

import chainrule.tabular


def test_scikit_learn_is_imported_with_the_first_estimator():
    code = (
        "import sys, chainrule.tabular as t; before = 'sklearn' in sys.modules; "
        "t.MLPClassifier; print(before, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'MLP'"):
        _ = chainrule.tabular.MLP


def test_the_names_are_listed():
    names = {"MLPClassifier", "MLPRegressor", "TabularClassifier", "TabularRegressor"}
    assert names <= set(dir(chainrule.tabular))
