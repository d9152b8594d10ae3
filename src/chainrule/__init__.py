"""Feedforward neural networks around one explicit computation graph."""

import importlib
from typing import TYPE_CHECKING, Any

from chainrule import differences as differences
from chainrule import metrics as metrics
from chainrule import nn as nn
from chainrule import ops as ops
from chainrule import train as train
from chainrule import tree as tree
from chainrule.compile import compile as compile
from chainrule.cost import cost as cost
from chainrule.evaluate import evaluate as evaluate
from chainrule.evaluate import node_values as node_values
from chainrule.explain import explain as explain
from chainrule.graph import Graph as Graph
from chainrule.node import DISPLAYS
from chainrule.node import Node as Node
from chainrule.node import Primitive as Primitive
from chainrule.node import constant as constant
from chainrule.node import label as label
from chainrule.node import placeholder as placeholder
from chainrule.ops import abs as abs
from chainrule.ops import add as add
from chainrule.ops import argmax as argmax
from chainrule.ops import broadcast_to as broadcast_to
from chainrule.ops import cast as cast
from chainrule.ops import clip as clip
from chainrule.ops import concatenate as concatenate
from chainrule.ops import cos as cos
from chainrule.ops import divide as divide
from chainrule.ops import elementwise as elementwise
from chainrule.ops import equal as equal
from chainrule.ops import erf as erf
from chainrule.ops import exp as exp
from chainrule.ops import expm1 as expm1
from chainrule.ops import fold_in as fold_in
from chainrule.ops import greater as greater
from chainrule.ops import greater_equal as greater_equal
from chainrule.ops import key as key
from chainrule.ops import less as less
from chainrule.ops import less_equal as less_equal
from chainrule.ops import linear as linear
from chainrule.ops import log as log
from chainrule.ops import log1p as log1p
from chainrule.ops import log_softmax as log_softmax
from chainrule.ops import logical_and as logical_and
from chainrule.ops import logical_not as logical_not
from chainrule.ops import logical_or as logical_or
from chainrule.ops import logsumexp as logsumexp
from chainrule.ops import matmul as matmul
from chainrule.ops import max as max
from chainrule.ops import maximum as maximum
from chainrule.ops import mean as mean
from chainrule.ops import min as min
from chainrule.ops import minimum as minimum
from chainrule.ops import multiply as multiply
from chainrule.ops import negative as negative
from chainrule.ops import norm as norm
from chainrule.ops import normal as normal
from chainrule.ops import not_equal as not_equal
from chainrule.ops import one_hot as one_hot
from chainrule.ops import power as power
from chainrule.ops import reciprocal as reciprocal
from chainrule.ops import relu as relu
from chainrule.ops import reshape as reshape
from chainrule.ops import scatter_add as scatter_add
from chainrule.ops import sigmoid as sigmoid
from chainrule.ops import sign as sign
from chainrule.ops import sin as sin
from chainrule.ops import slice as slice
from chainrule.ops import softmax as softmax
from chainrule.ops import softplus as softplus
from chainrule.ops import sqrt as sqrt
from chainrule.ops import square as square
from chainrule.ops import stack as stack
from chainrule.ops import step as step
from chainrule.ops import stop_gradient as stop_gradient
from chainrule.ops import subtract as subtract
from chainrule.ops import sum as sum
from chainrule.ops import take as take
from chainrule.ops import tanh as tanh
from chainrule.ops import transpose as transpose
from chainrule.ops import uniform as uniform
from chainrule.ops import variance as variance
from chainrule.ops import where as where
from chainrule.save import ModelFileError as ModelFileError
from chainrule.save import load as load
from chainrule.save import read as read
from chainrule.save import save as save
from chainrule.testing import check_derivatives as check_derivatives
from chainrule.testing import check_primitive as check_primitive
from chainrule.transforms.functions import grad as grad
from chainrule.transforms.functions import hessian as hessian
from chainrule.transforms.functions import hvp as hvp
from chainrule.transforms.functions import jacobian as jacobian
from chainrule.transforms.functions import jvp as jvp
from chainrule.transforms.functions import value_and_grad as value_and_grad
from chainrule.transforms.functions import vjp as vjp
from chainrule.transforms.simplify import simplify as simplify
from chainrule.transforms.trace import trace as trace
from chainrule.tree import Array as Array
from chainrule.types import BATCH as BATCH
from chainrule.types import ArrayType as ArrayType
from chainrule.version import __version__ as __version__


if TYPE_CHECKING:
    from chainrule import data as data
    from chainrule import draw as draw
    from chainrule import export as export
    from chainrule import logic as logic
    from chainrule import tune as tune
    from chainrule import universal as universal


#: Parts that are imported when they are first used: half of the time of all.
_LATER = ("data", "draw", "export", "logic", "tune", "universal")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return importlib.import_module(f"chainrule.{name}")
    raise AttributeError(f"module 'chainrule' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


def _svg(shown: Any) -> str | None:
    from chainrule.draw import notebook_svg

    return notebook_svg(shown)


DISPLAYS["image/svg+xml"] = _svg
