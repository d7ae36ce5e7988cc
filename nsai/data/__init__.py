"""Data sets: one catalogue, loaders that give checked tensors, and nothing fetched unasked.

>>> x, y = mnist5k("train")
>>> x.shape
torch.Size([4000, 1, 28, 28])
"""

from nsai.data.adult import ADULT as ADULT
from nsai.data.adult import adult as adult
from nsai.data.anomaly_adbench import ANOMALY_ADBENCH as ANOMALY_ADBENCH
from nsai.data.anomaly_adbench import anomaly_adbench as anomaly_adbench
from nsai.data.arc_agi_1 import ARC_AGI_1 as ARC_AGI_1
from nsai.data.arc_agi_1 import ArcTask as ArcTask
from nsai.data.arc_agi_1 import arc_agi_1 as arc_agi_1
from nsai.data.babi_en10k import BABI_EN10K as BABI_EN10K
from nsai.data.babi_en10k import Question as Question
from nsai.data.babi_en10k import babi_en10k as babi_en10k
from nsai.data.catalogue import DataSet as DataSet
from nsai.data.catalogue import File as File
from nsai.data.cifar10_jpeg import CIFAR10_JPEG as CIFAR10_JPEG
from nsai.data.cifar10_jpeg import cifar10_jpeg as cifar10_jpeg
from nsai.data.citation_graphs import CITATION_GRAPHS as CITATION_GRAPHS
from nsai.data.citation_graphs import Citations as Citations
from nsai.data.citation_graphs import citation_graph as citation_graph
from nsai.data.cmapss_fd001 import CMAPSS_FD001 as CMAPSS_FD001
from nsai.data.cmapss_fd001 import Engines as Engines
from nsai.data.cmapss_fd001 import cmapss_fd001 as cmapss_fd001
from nsai.data.compas import COMPAS as COMPAS
from nsai.data.compas import compas as compas
from nsai.data.digits8x8 import DIGITS8X8 as DIGITS8X8
from nsai.data.digits8x8 import digits8x8 as digits8x8
from nsai.data.download import Patience as Patience
from nsai.data.errors import CorruptDataError as CorruptDataError
from nsai.data.errors import DataError as DataError
from nsai.data.errors import DownloadError as DownloadError
from nsai.data.errors import MissingDataError as MissingDataError
from nsai.data.ett_hourly import ETT_HOURLY as ETT_HOURLY
from nsai.data.ett_hourly import Hours as Hours
from nsai.data.ett_hourly import ett_hourly as ett_hourly
from nsai.data.fashion_mnist import FASHION_MNIST as FASHION_MNIST
from nsai.data.fashion_mnist import fashion_mnist as fashion_mnist
from nsai.data.inventory import Status as Status
from nsai.data.inventory import collect as _collect
from nsai.data.inventory import fetch as fetch
from nsai.data.inventory import find as find
from nsai.data.inventory import find_all as find_all
from nsai.data.knowledge_graphs import KG_FB15K237 as KG_FB15K237
from nsai.data.knowledge_graphs import KG_SMALL as KG_SMALL
from nsai.data.knowledge_graphs import KG_WN18RR as KG_WN18RR
from nsai.data.knowledge_graphs import Triples as Triples
from nsai.data.knowledge_graphs import knowledge_graph as knowledge_graph
from nsai.data.mnist import MNIST as MNIST
from nsai.data.mnist import mnist as mnist
from nsai.data.mnist1d import MNIST1D as MNIST1D
from nsai.data.mnist1d import mnist1d as mnist1d
from nsai.data.mnist5k import MNIST5K as MNIST5K
from nsai.data.mnist5k import mnist5k as mnist5k
from nsai.data.multi30k import MULTI30K as MULTI30K
from nsai.data.multi30k import multi30k as multi30k
from nsai.data.names import NAMES as NAMES
from nsai.data.names import names as names
from nsai.data.nmnist_small import NMNIST_SMALL as NMNIST_SMALL
from nsai.data.nmnist_small import Events as Events
from nsai.data.nmnist_small import event_counts as event_counts
from nsai.data.nmnist_small import nmnist_small as nmnist_small
from nsai.data.omniglot_small import OMNIGLOT_SMALL as OMNIGLOT_SMALL
from nsai.data.omniglot_small import Characters as Characters
from nsai.data.omniglot_small import OneShot as OneShot
from nsai.data.omniglot_small import omniglot_one_shot as omniglot_one_shot
from nsai.data.omniglot_small import omniglot_small as omniglot_small
from nsai.data.omniglot_small import omniglot_strokes as omniglot_strokes
from nsai.data.pydoc_topics import PYDOC_TOPICS as PYDOC_TOPICS
from nsai.data.pydoc_topics import pydoc_topics as pydoc_topics
from nsai.data.samples import Labelled as Labelled
from nsai.data.samples import Mixed as Mixed
from nsai.data.samples import Pairs as Pairs
from nsai.data.samples import Sentences as Sentences
from nsai.data.scan import SCAN as SCAN
from nsai.data.scan import scan as scan
from nsai.data.sklearn_tables import BREAST_CANCER as BREAST_CANCER
from nsai.data.sklearn_tables import IRIS as IRIS
from nsai.data.sklearn_tables import WINE as WINE
from nsai.data.sklearn_tables import breast_cancer as breast_cancer
from nsai.data.sklearn_tables import iris as iris
from nsai.data.sklearn_tables import wine as wine
from nsai.data.spoken_digits import SPOKEN_DIGITS as SPOKEN_DIGITS
from nsai.data.spoken_digits import Spoken as Spoken
from nsai.data.spoken_digits import spoken_digits as spoken_digits
from nsai.data.sst2 import SST2 as SST2
from nsai.data.sst2 import sst2 as sst2
from nsai.data.sudoku import SUDOKU as SUDOKU
from nsai.data.sudoku import Puzzles as Puzzles
from nsai.data.sudoku import sudoku as sudoku
from nsai.data.tabular_classics import TABULAR_CLASSICS as TABULAR_CLASSICS
from nsai.data.tabular_classics import sonar as sonar
from nsai.data.tabular_classics import tabular_classic as tabular_classic
from nsai.data.tiny_shakespeare import TINY_SHAKESPEARE as TINY_SHAKESPEARE
from nsai.data.tiny_shakespeare import tiny_shakespeare as tiny_shakespeare
from nsai.data.vehicle_claim_fraud import VEHICLE_CLAIM_FRAUD as VEHICLE_CLAIM_FRAUD
from nsai.data.vehicle_claim_fraud import vehicle_claim_fraud as vehicle_claim_fraud
from nsai.data.wikitext2 import WIKITEXT2 as WIKITEXT2
from nsai.data.wikitext2 import wikitext2 as wikitext2
from nsai.data.yin_yang import YIN_YANG as YIN_YANG
from nsai.data.yin_yang import yin_yang as yin_yang

CATALOGUE = _collect(globals().values())
"""Every data set imported above, by name."""
