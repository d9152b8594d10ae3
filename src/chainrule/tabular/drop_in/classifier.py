"""The drop-in for scikit-learn's classifier."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted

from chainrule.tabular.callbacks import CallbackSupportMixin, with_callbacks
from chainrule.tabular.drop_in import fitting, inputs
from chainrule.tabular.drop_in.design import OF_CLASSES
from chainrule.tabular.drop_in.fitting import Request, Samples
from chainrule.tabular.drop_in.parameters import CONSTRAINTS, check_loss, check_stochastic


#: What makes probabilities of outputs, for each kind of target.
_LINKS = {"multiclass": "softmax", "binary": "logistic", "multilabel-indicator": "logistic"}


def _has_probabilities(estimator: Any) -> bool:
    """Whether the loss is one of probabilities. AttributeError where it is not."""
    if not str(estimator.loss).startswith("log_loss"):
        raise AttributeError(f"loss={estimator.loss!r} learns no probabilities; use 'log_loss'")
    return True


class MLPClassifier(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """A multilayer perceptron that tells classes: scikit-learn's, in machine code.

    Parameters, methods, fitted attributes, warnings and errors are those of
    `sklearn.neural_network.MLPClassifier` of version 1.9, and the same `random_state` gives the
    same network but for rounding. Beyond these:

    activation    any that `nn` has and that learns nothing, also with settings
                  ("leaky_relu(slope=0.2)"), or a list with one for each hidden layer
    loss          "log_loss", "log_loss(label_smoothing=0.1)", "hinge", "hinge(margin=2)" or
                  "perceptron"; the last two give no probabilities
    class_weight  "balanced" or the weight of each class, as of other classifiers
    dropout       the share of hidden units that is set to 0 in training
    batch_norm    whether hidden sums are normalised; `batch_norms_` then holds what was learnt:
                  "scales", "means", "variances" `(units,)` of each hidden layer
    threads       of machine code; None: by cores and sizes. The bits are the same for any number
    backend       "native": machine code, "numpy", or "auto": by sizes; predictions are machine
                  code unless it is "numpy"

    `fit` takes `X_val`, `y_val`: they are scored after each epoch, and with `early_stopping` no
    other samples are held out. With `warm_start` the solver's state is kept too. Callbacks are set
    as of scikit-learn 1.9. Sparse X is made dense: as a whole in training, 4,096 rows at a time in
    predictions, whose bits depend on no other row.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CONSTRAINTS,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }
    n_outputs_: int
    out_activation_: str

    def __init__(
        self, hidden_layer_sizes=(100,), activation="relu", *, solver="adam", alpha=0.0001,
        batch_size="auto", learning_rate="constant", learning_rate_init=0.001, power_t=0.5,
        max_iter=200, shuffle=True, random_state=None, tol=1e-4, verbose=False, warm_start=False,
        momentum=0.9, nesterovs_momentum=True, early_stopping=False, validation_fraction=0.1,
        beta_1=0.9, beta_2=0.999, epsilon=1e-8, n_iter_no_change=10, max_fun=15000,
        loss="log_loss", class_weight=None, dropout=0.0, batch_norm=False, threads=None,
        backend="auto"
    ) -> None:  # fmt: skip
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.loss = loss
        self.class_weight = class_weight
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.threads = threads
        self.backend = backend

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> MLPClassifier:
        """Learn from X `(rows, features)` and labels y `(rows,)`, or yes and no `(rows, outputs)`.

        X is dense or sparse; sample_weight `(rows,)`; X_val, y_val are scored after each epoch.
        ValueError as scikit-learn's.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val), incremental=False)

    @available_if(check_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None
    ) -> MLPClassifier:
        """One epoch over X `(rows, features)` and y. classes `(classes,)` in the first call."""
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit, which does not see all "
                "samples; pass the weight of each class"
            )
        if _check_partial_fit_first_call(self, classes):
            self._label_binarizer = LabelBinarizer()
            is_multilabel = type_of_target(y).startswith("multilabel")
            self._label_binarizer.fit(y if is_multilabel else classes)
        return self._fit(X, y, sample_weight, (None, None), incremental=True)

    def predict(self, X: Any) -> Any:
        """The classes of X `(rows, features)`: `(rows,)`, or yes and no `(rows, outputs)`."""
        outputs = self._outputs(X)
        if self.out_activation_ == "identity" and not self._is_multiclass():
            outputs = (outputs > 0).astype(outputs.dtype)
        outputs = outputs.ravel() if self.n_outputs_ == 1 else outputs
        return self._label_binarizer.inverse_transform(outputs)

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> Any:
        """The probabilities of the classes `(rows, classes)`, in the order of `classes_`."""
        outputs = self._outputs(X)
        if self.n_outputs_ > 1:
            return outputs
        return np.hstack([1 - outputs, outputs])

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of the probabilities of the classes `(rows, classes)`."""
        found = self.predict_proba(X)
        return np.log(found, out=found)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation: Any, incremental: bool
    ) -> MLPClassifier:
        loss = check_loss(self, OF_CLASSES)
        is_first = fitting.is_first(self, incremental)
        x, targets = inputs.training_data(self, X, y, is_first)
        self._check_classes(targets, incremental)
        weighed = None
        if self.class_weight is not None:
            weighed = compute_sample_weight(self.class_weight, targets)
        weights = fitting.weights_of(self, sample_weight, x, weighed)
        encoded = self._encoded(targets)
        held_out = inputs.validation_data(self, *validation)
        if held_out is not None:
            self._check_known(held_out[1])
            held_out = Samples(held_out[0], self._encoded(held_out[1]))
        link = _LINKS[self._label_binarizer.y_type_] if loss.startswith("log_loss") else "identity"
        request = Request(
            Samples(x, encoded, weights),
            held_out,
            incremental,
            is_first,
            link,
            encoded.shape[1] if encoded.ndim > 1 else len(self.classes_),
            self._is_multiclass(),
            loss,
            self._accuracy,
            stratify=encoded.ndim > 1 and encoded.shape[1] == 1,
        )
        fitting.fit(self, X, y, request)
        return self

    def _check_classes(self, y: Any, incremental: bool) -> None:
        """Learn which classes there are, or ValueError where y holds others than before."""
        if "classes_" not in vars(self) or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
            return
        classes = unique_labels(y)
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {classes}"
            )
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                "`y` has classes not in `self.classes_`. "
                f"`self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _check_known(self, y_val: Any) -> None:
        """ValueError where y_val holds one of several classes that y does not."""
        classes = self._label_binarizer.classes_
        unknown = np.setdiff1d(y_val, classes) if self._is_multiclass() else []
        if len(unknown):
            raise ValueError(f"y_val has classes {unknown} that are not in y, which has {classes}")

    def _is_multiclass(self) -> bool:
        return self._label_binarizer.y_type_ == "multiclass"

    def _encoded(self, y: Any) -> Any:
        """Labels `(rows,)` from 0 of several classes, else yes and no `(rows, outputs)`."""
        if self._is_multiclass():
            return np.searchsorted(self._label_binarizer.classes_, y)
        return self._label_binarizer.transform(y).astype(bool)

    def _accuracy(self, outputs: Any, y: Any, weights: Any) -> float:
        """The share of rows whose outputs `(rows, outputs)` all say what y does, weighted."""
        if self._is_multiclass():
            is_right = np.argmax(outputs, axis=1) == y
        else:
            middle = 0.0 if self.out_activation_ == "identity" else 0.5
            is_right = ((outputs > middle) == y).all(axis=1)
        return float(np.average(is_right, weights=weights))

    def _outputs(self, X: Any) -> Any:
        check_is_fitted(self)
        return fitting.outputs_of(self, inputs.features(self, X))
