"""Layered layout of directed acyclic graphs."""

from chainrule.draw.layout.sugiyama import Layout as Layout
from chainrule.draw.layout.sugiyama import crossings as crossings
from chainrule.draw.layout.sugiyama import layered as layered
