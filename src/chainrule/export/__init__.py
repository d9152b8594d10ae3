"""Models for other programs: as ONNX, and as one file of C, each checked against the model."""

from chainrule.export.c_file import c as c
from chainrule.export.check import check as check
from chainrule.export.onnx_file import onnx as onnx
