"""Training: optimisers, the step as a graph, epochs, and the loop around them."""

from chainrule.train.loop import DivergedError as DivergedError
from chainrule.train.loop import Result as Result
from chainrule.train.loop import fit as fit
from chainrule.train.optimizers import OPTIMIZERS as OPTIMIZERS
from chainrule.train.optimizers import Optimizer as Optimizer
from chainrule.train.optimizers import adam as adam
from chainrule.train.optimizers import optimizer as optimizer
from chainrule.train.optimizers import sgd as sgd
from chainrule.train.step import training_step as training_step
