"""Networks: layers, activations, initial weights and losses."""

from chainrule.nn.activations import ACTIVATIONS as ACTIVATIONS
from chainrule.nn.activations import Activation as Activation
from chainrule.nn.activations import activation as activation
from chainrule.nn.initializers import INITIALIZERS as INITIALIZERS
from chainrule.nn.layers import Dense as Dense
from chainrule.nn.losses import LOSSES as LOSSES
from chainrule.nn.losses import Loss as Loss
from chainrule.nn.losses import cross_entropy as cross_entropy
from chainrule.nn.losses import half_squared_error as half_squared_error
from chainrule.nn.losses import is_correct as is_correct
from chainrule.nn.losses import loss as loss
from chainrule.nn.losses import squared_error as squared_error
from chainrule.nn.network import Sequential as Sequential
from chainrule.nn.network import mlp as mlp
from chainrule.nn.network import parameter_count as parameter_count
