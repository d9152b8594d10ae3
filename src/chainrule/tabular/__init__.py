"""Estimators for tables: drop-ins for scikit-learn's, and those that take a table as it is.

scikit-learn is imported when one of them is first asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from chainrule.tabular.classifier import TabularClassifier as TabularClassifier
    from chainrule.tabular.drop_in import MLPClassifier as MLPClassifier
    from chainrule.tabular.drop_in import MLPRegressor as MLPRegressor
    from chainrule.tabular.regressor import TabularRegressor as TabularRegressor

#: Where each name is found.
_PLACES = {
    "MLPClassifier": "chainrule.tabular.drop_in",
    "MLPRegressor": "chainrule.tabular.drop_in",
    "TabularClassifier": "chainrule.tabular.classifier",
    "TabularRegressor": "chainrule.tabular.regressor",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES])
