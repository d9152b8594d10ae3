"""Networks built to be a given function, and how the error falls with the number of units."""

from chainrule.universal.approximation import Approximation as Approximation
from chainrule.universal.arithmetic import Formula as Formula
from chainrule.universal.arithmetic import FormulaError as FormulaError
from chainrule.universal.arithmetic import formula as formula
from chainrule.universal.box import terraces as terraces
from chainrule.universal.box import towers as towers
from chainrule.universal.by_hand import error_on_arc as error_on_arc
from chainrule.universal.by_hand import parabola as parabola
from chainrule.universal.by_hand import semicircle as semicircle
from chainrule.universal.by_hand import semicircle_to_parabola as semicircle_to_parabola
from chainrule.universal.by_hand import token_angles as token_angles
from chainrule.universal.by_hand import two_tanh_units as two_tanh_units
from chainrule.universal.constructions import CONSTRUCTIONS as CONSTRUCTIONS
from chainrule.universal.constructions import MOST_UNITS as MOST_UNITS
from chainrule.universal.constructions import Construction as Construction
from chainrule.universal.constructions import approximate as approximate
from chainrule.universal.constructions import error_by_units as error_by_units
from chainrule.universal.interval import piecewise_linear as piecewise_linear
from chainrule.universal.interval import spikes as spikes
from chainrule.universal.interval import staircase as staircase
from chainrule.universal.rates import Rate as Rate
from chainrule.universal.rates import barron_rate as barron_rate
from chainrule.universal.rates import fitted_slope as fitted_slope
from chainrule.universal.sharpening import distance_from_step as distance_from_step
from chainrule.universal.sharpening import factor_for as factor_for
from chainrule.universal.sharpening import sharpened as sharpened
