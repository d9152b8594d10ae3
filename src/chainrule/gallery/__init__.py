"""Pictures of the whole way from a threshold unit to a trained network, made by chainrule itself.

`FIGURES` is the table of them; `build` makes their files and an index page.
"""

from chainrule.gallery.build import Made as Made
from chainrule.gallery.build import build as build
from chainrule.gallery.build import chosen as chosen
from chainrule.gallery.figures import FIGURES as FIGURES
from chainrule.gallery.figures import Figure as Figure
