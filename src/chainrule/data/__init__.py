"""Data: built-in sets, and samples divided into parts."""

from chainrule.data.datasets import DATASETS as DATASETS
from chainrule.data.datasets import Dataset as Dataset
from chainrule.data.datasets import dataset as dataset
from chainrule.data.prepare import stratified_split as stratified_split
