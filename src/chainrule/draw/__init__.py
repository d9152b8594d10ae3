"""Pictures of computation graphs and of networks, as SVG and DOT."""

from chainrule.draw.graphs import graph as graph
from chainrule.draw.graphs import notebook_svg as notebook_svg
from chainrule.draw.networks import network as network
from chainrule.draw.svg import Drawing as Drawing
