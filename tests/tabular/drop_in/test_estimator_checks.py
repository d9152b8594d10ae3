"""scikit-learn's own checks of estimators, all of them: none is expected to fail."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule.tabular import MLPClassifier, MLPRegressor


@parametrize_with_checks([MLPClassifier(), MLPRegressor()])
def test_check(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # checks train for few epochs
        warnings.simplefilter("ignore", UserWarning)  # and with few samples
        check(estimator)
