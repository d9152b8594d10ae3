"""Data: tables and arrays from files, their preprocessing, parts of samples, sets by name."""

from chainrule.data.arrays import Chunks as Chunks
from chainrule.data.arrays import open_npy as open_npy
from chainrule.data.arrays import read_npz as read_npz
from chainrule.data.columns import Category as Category
from chainrule.data.columns import Labels as Labels
from chainrule.data.columns import Number as Number
from chainrule.data.columns import Quantity as Quantity
from chainrule.data.datasets import DATASETS as DATASETS
from chainrule.data.datasets import Dataset as Dataset
from chainrule.data.datasets import dataset as dataset
from chainrule.data.datasets import truth_table as truth_table
from chainrule.data.packages import FETCHED as FETCHED
from chainrule.data.packages import fetch as fetch
from chainrule.data.packages import fetched_table as fetched_table
from chainrule.data.prepare import Standardizer as Standardizer
from chainrule.data.prepare import split as split
from chainrule.data.prepare import standardizer as standardizer
from chainrule.data.prepare import stratified_split as stratified_split
from chainrule.data.preprocess import Preprocessing as Preprocessing
from chainrule.data.tables import Table as Table
from chainrule.data.tables import as_table as as_table
from chainrule.data.tables import read_table as read_table
