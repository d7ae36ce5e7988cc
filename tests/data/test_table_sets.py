"""Tables and series, each against published counts."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from nsai import data


def test_transformer_series_is_cut_without_gap_or_overlap(need):
    need("ett_hourly")
    parts = [data.ett_hourly(split) for split in ("train", "validation", "test")]
    assert [len(part.x) for part in parts] == [8_640, 2_880, 2_880]
    hours = torch.cat([part.hour for part in parts])
    assert hours.equal(torch.arange(14_400))
    whole = data.ett_hourly("all")
    assert torch.cat([part.x for part in parts]).equal(whole.x[:14_400])
    assert whole.hour.equal(torch.arange(17_420))
    assert math.isclose(whole.x[0, -1], 30.531, abs_tol=1e-3)  # oil, as the README prints it


def test_adult_has_the_published_share_of_high_incomes(need):
    need("adult")
    train, test = data.adult("train"), data.adult("test")
    assert (train.y.sum(), test.y.sum()) == (7_841, 3_846)
    assert train.categories == test.categories
    first = dict(zip(train.categorical_names, train.categorical[0].tolist(), strict=True))
    named = dict(zip(train.categorical_names, train.categories, strict=True))
    assert named["native_country"][first["native_country"]] == "United-States"
    assert named["education"][first["education"]] == "Bachelors"
    assert train.numeric[0].tolist() == [39, 77516, 13, 2174, 0, 40]


def test_compas_has_propublicas_groups(need):
    need("compas")
    table = data.compas("all")
    column = table.categorical_names.index("race")
    counts = dict(
        zip(table.categories[column], table.categorical[:, column].bincount().tolist(), strict=True)
    )
    assert counts["African-American"] == 3_175
    assert counts["Caucasian"] == 2_103
    assert table.y.sum() == 2_809
    score = table.numeric[:, table.numeric_names.index("decile_score")]
    assert score.aminmax() == (1, 10)


def test_claims_leave_out_class_and_running_number(need):
    need("vehicle_claim_fraud")
    table = data.vehicle_claim_fraud("train")
    names = {*table.numeric_names, *table.categorical_names}
    assert len(names) == 31
    assert not {"FraudFound_P", "PolicyNumber"} & names


TABLES = [
    ("sonar", 60, [97, 111]),
    ("ionosphere", 34, [126, 225]),
    ("banknote", 4, [762, 610]),
    ("pima_diabetes", 8, [500, 268]),
    ("haberman", 3, [225, 81]),
    ("wheat_seeds", 7, [70, 70, 70]),
    ("glass", 9, [70, 76, 17, 13, 9, 29]),
    ("ecoli", 7, [143, 77, 52, 35, 20, 5, 2, 2]),
    ("phoneme", 5, [3818, 1586]),
    ("oil_spill", 49, [896, 41]),
]


@pytest.mark.parametrize(("name", "features", "counts"), TABLES)
def test_tables_have_the_classes_of_their_descriptions(need, name, features, counts):
    need("tabular_classics")
    x, y = data.tabular_classic(name, "all")
    assert x.shape == (sum(counts), features)
    assert y.bincount().tolist() == counts


@pytest.mark.parametrize("name", [*(name for name, _, _ in TABLES), "abalone"])
def test_table_splits_make_the_whole(need, name):
    need("tabular_classics")
    parts = {s: data.tabular_classic(name, s, seed=3) for s in ("train", "test", "all")}
    rows = {s: Counter(map(tuple, part.x.tolist())) for s, part in parts.items()}
    assert rows["train"] + rows["test"] == rows["all"]
    assert math.isclose(len(parts["test"].y) / len(parts["all"].y), 0.2, abs_tol=0.02)
    again = data.tabular_classic(name, "train", seed=3)
    assert again.x.equal(parts["train"].x)
    assert not data.tabular_classic(name, "train", seed=4).x.equal(parts["train"].x)


def test_abalone_sexes_are_three_columns(need):
    need("tabular_classics")
    x, y = data.tabular_classic("abalone", "all")
    assert x[0].tolist() == pytest.approx(
        [1, 0, 0, 0.455, 0.365, 0.095, 0.514, 0.2245, 0.101, 0.15]
    )
    assert y[0] == 15
    assert x[:, :3].sum(1).eq(1).all()


def test_anomaly_sets_keep_their_rates(need):
    need("anomaly_adbench")
    for name, anomalies in (("annthyroid", 534), ("cardio", 176), ("WDBC", 10), ("fault", 673)):
        train, test = (data.anomaly_adbench(name, split) for split in ("train", "test"))
        assert train.y.sum() + test.y.sum() == anomalies
        assert test.y.sum() == round(0.3 * anomalies)


def test_engines_live_as_long_as_is_known(need):
    need("cmapss_fd001")
    train, test = data.cmapss_fd001("train"), data.cmapss_fd001("test")
    lives = [int(train.cycle[train.engine == unit].max()) for unit in range(1, 101)]
    assert (np.mean(lives), min(lives), max(lives)) == (206.31, 128, 362)
    ends = train.remaining == 0
    assert train.engine[ends].equal(torch.arange(1, 101))
    last = [int(test.remaining[test.engine == unit][-1]) for unit in range(1, 101)]
    assert last[:3] == [112, 98, 69]
    assert (test.remaining + test.cycle)[test.engine == 1].unique().numel() == 1
    assert train.sensors.shape == (20_631, 21)
    assert math.isclose(train.sensors[0, 1], 641.82, abs_tol=1e-3)
