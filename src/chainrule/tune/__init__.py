"""Search over hyper-parameters: spaces, strategies, and what a search found."""

from chainrule.tune.search import search as search
from chainrule.tune.space import Choice as Choice
from chainrule.tune.space import Interval as Interval
from chainrule.tune.space import choice as choice
from chainrule.tune.space import integer as integer
from chainrule.tune.space import log_uniform as log_uniform
from chainrule.tune.space import uniform as uniform
from chainrule.tune.strategies import STRATEGIES as STRATEGIES
from chainrule.tune.strategies import Strategy as Strategy
from chainrule.tune.study import EndedEarly as EndedEarly
from chainrule.tune.study import Record as Record
from chainrule.tune.study import Rungs as Rungs
from chainrule.tune.study import Study as Study
from chainrule.tune.trials import Search as Search
from chainrule.tune.trials import Trial as Trial
