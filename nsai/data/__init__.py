"""Data sets: one catalogue, loaders that give checked tensors, and nothing fetched unasked.

>>> x, y = mnist5k("train")
>>> x.shape
torch.Size([4000, 1, 28, 28])
"""

from nsai.data.catalogue import DataSet as DataSet
from nsai.data.catalogue import File as File
from nsai.data.digits8x8 import DIGITS8X8 as DIGITS8X8
from nsai.data.digits8x8 import digits8x8 as digits8x8
from nsai.data.errors import CorruptDataError as CorruptDataError
from nsai.data.errors import DataError as DataError
from nsai.data.errors import DownloadError as DownloadError
from nsai.data.errors import MissingDataError as MissingDataError
from nsai.data.fashion_mnist import FASHION_MNIST as FASHION_MNIST
from nsai.data.fashion_mnist import fashion_mnist as fashion_mnist
from nsai.data.inventory import Status as Status
from nsai.data.inventory import collect as _collect
from nsai.data.inventory import fetch as fetch
from nsai.data.inventory import find as find
from nsai.data.inventory import find_all as find_all
from nsai.data.mnist import MNIST as MNIST
from nsai.data.mnist import mnist as mnist
from nsai.data.mnist1d import MNIST1D as MNIST1D
from nsai.data.mnist1d import mnist1d as mnist1d
from nsai.data.mnist5k import MNIST5K as MNIST5K
from nsai.data.mnist5k import mnist5k as mnist5k
from nsai.data.names import NAMES as NAMES
from nsai.data.names import names as names
from nsai.data.pydoc_topics import PYDOC_TOPICS as PYDOC_TOPICS
from nsai.data.pydoc_topics import pydoc_topics as pydoc_topics
from nsai.data.samples import Labelled as Labelled
from nsai.data.sklearn_tables import BREAST_CANCER as BREAST_CANCER
from nsai.data.sklearn_tables import IRIS as IRIS
from nsai.data.sklearn_tables import WINE as WINE
from nsai.data.sklearn_tables import breast_cancer as breast_cancer
from nsai.data.sklearn_tables import iris as iris
from nsai.data.sklearn_tables import wine as wine
from nsai.data.tabular_classics import TABULAR_CLASSICS as TABULAR_CLASSICS
from nsai.data.tabular_classics import sonar as sonar
from nsai.data.tabular_classics import tabular_classic as tabular_classic
from nsai.data.tiny_shakespeare import TINY_SHAKESPEARE as TINY_SHAKESPEARE
from nsai.data.tiny_shakespeare import tiny_shakespeare as tiny_shakespeare

CATALOGUE = _collect(globals().values())
"""Every data set imported above, by name."""
