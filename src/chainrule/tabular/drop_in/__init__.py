"""Drop-ins for scikit-learn's multilayer perceptrons: the same parameters, attributes, results."""

from chainrule.tabular.drop_in.classifier import MLPClassifier as MLPClassifier
from chainrule.tabular.drop_in.regressor import MLPRegressor as MLPRegressor
