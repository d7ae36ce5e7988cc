"""The sets of the shared folder: each is skipped, with the reason, where it is not there."""

import hashlib
import itertools
import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nsai import data
from nsai.data import store


def need(name):
    status = data.find(name)
    if not status.available:
        pytest.skip(f"{name} is not on this machine: {status.detail}")


# For each set: a call of its loader and how many samples the set's own description promises.
SIZES = {
    "mnist": [(lambda: data.mnist("train").y, 60_000), (lambda: data.mnist("test").y, 10_000)],
    "fashion_mnist": [
        (lambda: data.fashion_mnist("train").y, 60_000),
        (lambda: data.fashion_mnist("test").y, 10_000),
    ],
    "cifar10_jpeg": [
        (lambda: data.cifar10_jpeg("train", per_class=20).y, 200),
        (lambda: data.cifar10_jpeg("test", per_class=50).y, 500),
    ],
    "omniglot_small": [
        (lambda: data.omniglot_small("small1").y, 2_720),
        (lambda: data.omniglot_small("small2").y, 3_120),
    ],
    "nmnist_small": [
        (lambda: data.nmnist_small("train").label, 1_000),
        (lambda: data.nmnist_small("test").label, 100),
    ],
    "spoken_digits": [
        (lambda: data.spoken_digits("train").y, 2_700),
        (lambda: data.spoken_digits("test").y, 300),
    ],
    "yin_yang": [
        (lambda: data.yin_yang("train").y, 5_000),
        (lambda: data.yin_yang("validation").y, 1_000),
        (lambda: data.yin_yang("test").y, 1_000),
    ],
    "cmapss_fd001": [
        (lambda: data.cmapss_fd001("train").cycle, 20_631),
        (lambda: data.cmapss_fd001("test").cycle, 13_096),
    ],
    "ett_hourly": [
        (lambda: data.ett_hourly("all", station=1).x, 17_420),
        (lambda: data.ett_hourly("all", station=2).x, 17_420),
    ],
    "tiny_shakespeare": [
        (lambda: data.tiny_shakespeare("all"), 1_115_394),
        (lambda: data.tiny_shakespeare("train"), 1_003_854),  # nanoGPT's own counts
        (lambda: data.tiny_shakespeare("validation"), 111_540),
        (lambda: set(data.tiny_shakespeare("all")), 65),
    ],
    "names": [(lambda: data.names("all"), 32_033)],
    "wikitext2": [
        (lambda: data.wikitext2("train").split(), 2_051_910),
        (lambda: data.wikitext2("validation").split(), 213_886),
        (lambda: data.wikitext2("test").split(), 241_211),
        # Merity et al. 2017, table 1, count the end of a line as a word too.
        (lambda: {*data.wikitext2("train").split(), "<eos>"}, 33_278),
    ],
    "sst2": [
        (lambda: data.sst2("train").text, 6_920),
        (lambda: data.sst2("validation").text, 872),
        (lambda: data.sst2("test").text, 1_821),
    ],
    "multi30k": [
        (lambda: data.multi30k("train").source, 29_000),
        (lambda: data.multi30k("validation", "en", "fr").target, 1_014),
        (lambda: data.multi30k("test").target, 1_000),
        (lambda: data.multi30k("test_2017").target, 1_000),
        (lambda: data.multi30k("test_coco").target, 461),
    ],
    "scan": [
        (lambda: data.scan("train", "simple").source, 16_728),
        (lambda: data.scan("test", "simple").source, 4_182),
        (lambda: data.scan("train", "length").source, 16_990),
        (lambda: data.scan("test", "length").source, 3_920),
    ],
    "babi_en10k": [
        (lambda: data.babi_en10k("train", 20), 10_000),
        (lambda: data.babi_en10k("test", 20), 1_000),
    ],
    "arc_agi_1": [
        (lambda: data.arc_agi_1("training"), 400),
        (lambda: data.arc_agi_1("evaluation"), 400),
    ],
    "sudoku": [
        (lambda: data.sudoku("train").puzzle, 18_000),
        (lambda: data.sudoku("test").puzzle, 2_000),
    ],
    "kg_wn18rr": [
        (lambda: data.knowledge_graph("wn18rr", "train").triples, 86_835),
        (lambda: data.knowledge_graph("wn18rr", "test").triples, 3_134),
        (lambda: data.knowledge_graph("wn18rr").entities, 40_943),
        (lambda: data.knowledge_graph("wn18rr").relations, 11),
    ],
    "kg_fb15k237": [
        (lambda: data.knowledge_graph("fb15k237", "validation").triples, 17_535),
        (lambda: data.knowledge_graph("fb15k237").entities, 14_541),
    ],
    "kg_small": [
        (lambda: data.knowledge_graph("nations", "all").triples, 1_992),
        (lambda: data.knowledge_graph("nations").relations, 55),
        (lambda: data.knowledge_graph("kinships").triples, 8_544),
        (lambda: data.knowledge_graph("umls").entities, 135),
        (lambda: data.knowledge_graph("countries_S1").triples, 1_111),
        (lambda: data.knowledge_graph("countries_S2").triples, 1_063),
        (lambda: data.knowledge_graph("countries_S3").triples, 985),
    ],
    "citation_graphs": [
        (lambda: data.citation_graph("cora").features, 2_708),
        (lambda: data.citation_graph("cora").edges, 5_278),
        (lambda: data.citation_graph("citeseer").features, 3_327),
        (lambda: data.citation_graph("citeseer").edges, 4_552),
    ],
    "adult": [(lambda: data.adult("train").y, 32_561), (lambda: data.adult("test").y, 16_281)],
    "compas": [
        (lambda: data.compas("all").y, 6_172),  # ProPublica's counts after its filter
        (lambda: data.compas("all", violent=True).y, 4_020),
    ],
    "vehicle_claim_fraud": [
        (lambda: data.vehicle_claim_fraud("all").y, 15_420),
        (lambda: data.vehicle_claim_fraud("all").y.nonzero(), 923),
    ],
    "anomaly_adbench": [
        (lambda: data.anomaly_adbench("shuttle", "all").y, 49_097),
        (lambda: data.anomaly_adbench("smtp", "all").y, 95_156),
        (lambda: data.anomaly_adbench("campaign", "all").y, 41_188),
        (lambda: data.anomaly_adbench("satimage-2", "all").y, 5_803),
    ],
    "tabular_classics": [
        (lambda: data.tabular_classic("abalone", "all").y, 4_177),
        (lambda: data.tabular_classic("banknote", "all").y, 1_372),
        (lambda: data.tabular_classic("ecoli", "all").y, 336),
        (lambda: data.tabular_classic("glass", "all").y, 214),
        (lambda: data.tabular_classic("haberman", "all").y, 306),
        (lambda: data.tabular_classic("ionosphere", "all").y, 351),
        (lambda: data.tabular_classic("oil_spill", "all").y, 937),
        (lambda: data.tabular_classic("phoneme", "all").y, 5_404),
        (lambda: data.tabular_classic("pima_diabetes", "all").y, 768),
        (lambda: data.sonar("all").y, 208),
        (lambda: data.tabular_classic("wheat_seeds", "all").y, 210),
    ],
}


def test_every_folder_set_has_its_sizes_here():
    assert set(SIZES) == {name for name, s in data.CATALOGUE.items() if s.source == "folder"}


@pytest.mark.parametrize("name", SIZES)
def test_set_has_the_promised_sizes(name):
    need(name)
    for load, expected in SIZES[name]:
        assert len(load()) == expected


@pytest.mark.parametrize("name", SIZES)
def test_every_file_of_the_folder_is_the_published_one(name):
    need(name)
    dataset = data.CATALOGUE[name]
    for file in dataset.files:
        content, _ = store.check(dataset, file, store.locate(dataset, file))
        assert hashlib.sha256(content).hexdigest() == file.sha256


@pytest.mark.parametrize("name", SIZES)
def test_absent_set_says_what_to_do(name, monkeypatch):
    monkeypatch.setenv("NSAI_DATA", "")
    load, _ = SIZES[name][0]
    with pytest.raises(data.MissingDataError, match=rf"{name} .*\nsearched: .*\nremedy: .*NSAI"):
        load()


# md5 of the official files, as torchvision lists them.
OFFICIAL = {
    "mnist": (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    "fashion_mnist": (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
}


@pytest.mark.parametrize("name", OFFICIAL)
def test_image_files_are_the_official_ones(name):
    need(name)
    dataset = data.CATALOGUE[name]
    contents = store.read(dataset, *(file.name for file in dataset.files))
    assert tuple(hashlib.md5(content).hexdigest() for content in contents) == OFFICIAL[name]


def test_mnist_has_the_known_counts_and_range():
    need("mnist")
    x, y = data.mnist("train")
    assert y.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert x.shape == (60_000, 1, 28, 28)
    assert (x.min(), x.max()) == (0, 1)
    # The normalisation constants that everyone uses.
    assert math.isclose(x.mean(), 0.1307, abs_tol=5e-5)
    assert math.isclose(x.std(), 0.3081, abs_tol=5e-5)


def test_mnist5k_are_digits_of_the_training_set():
    need("mnist")
    x, y = data.mnist("train")
    known = {
        (image.tobytes(), int(label))
        for image, label in zip((x * 255).round().byte().numpy(), y, strict=True)
    }
    small = data.mnist5k("all")
    images = (small.x * 255).round().byte().numpy()
    found = [
        (image.tobytes(), int(label)) in known for image, label in zip(images, small.y, strict=True)
    ]
    assert all(found)


def test_event_camera_saw_the_first_test_digits_of_mnist():
    need("nmnist_small")
    need("mnist")
    assert data.nmnist_small("test").label.equal(data.mnist("test").y[:100])


def test_events_are_ordered_and_counted():
    need("nmnist_small")
    events = data.nmnist_small("test")
    assert events.offsets[-1] == len(events.x)
    inside = torch.ones(len(events.x) - 1, dtype=torch.bool)
    inside[events.offsets[1:-1] - 1] = False
    assert (events.time_us.diff()[inside] >= 0).all()
    assert (events.time_us[events.offsets[:-1]] < 30_000).all()
    counts = data.event_counts(events, steps=5)
    assert counts.shape == (5, 100, 2, 34, 34)
    assert counts.sum((0, 2, 3, 4)).equal(events.offsets.diff().float())
    third = slice(events.offsets[3], events.offsets[4])
    brighter = ((events.polarity[third] == 1) & (events.time_us[third] < 68_000)).sum()
    assert counts[0, 3, 1].sum() == brighter


def test_yin_yang_classes_follow_its_geometry():
    need("yin_yang")

    def drawn(a, b, big=0.5, small=0.1):
        left, right = math.hypot(a - 0.5 * big, b - big), math.hypot(a - 1.5 * big, b - big)
        if left < small or right < small:
            return 2
        return int(small < left <= 0.5 * big or (b > big and right > 0.5 * big))

    x, y = data.yin_yang("test")
    assert [drawn(*point) for point in x[:, :2].tolist()] == y.tolist()
    assert torch.allclose(x[:, :2], 1 - x[:, 2:])


def test_spoken_digits_are_balanced_and_padded():
    need("spoken_digits")
    train, test = data.spoken_digits("train"), data.spoken_digits("test", samples=2000)
    assert train.y.bincount().tolist() == [270] * 10
    assert test.speaker.bincount().tolist() == [50] * 6
    assert test.x.shape == (300, 1, 2000)
    assert test.length.max() == 2000
    for row, length in zip(train.x[:50, 0], train.length[:50], strict=True):
        assert not row[length:].any()
        assert row[:length].any()
    assert train.x.abs().max() <= 1


def test_transformer_series_is_cut_without_gap_or_overlap():
    need("ett_hourly")
    parts = [data.ett_hourly(split) for split in ("train", "validation", "test")]
    assert [len(part.x) for part in parts] == [8_640, 2_880, 2_880]
    hours = torch.cat([part.hour for part in parts])
    assert hours.equal(torch.arange(14_400))
    whole = data.ett_hourly("all")
    assert torch.cat([part.x for part in parts]).equal(whole.x[:14_400])
    assert whole.hour.equal(torch.arange(17_420))
    assert math.isclose(whole.x[0, -1], 30.531, abs_tol=1e-3)  # oil, as the README prints it


def scan_actions(command):
    """Interpret a command by the grammar of Lake and Baroni 2018, figure 6."""
    if " and " in command:
        first, second = command.split(" and ", 1)
        return scan_actions(first) + scan_actions(second)
    if " after " in command:
        first, second = command.split(" after ", 1)
        return scan_actions(second) + scan_actions(first)
    *words, last = command.split()
    if last in ("twice", "thrice"):
        return scan_actions(" ".join(words)) * {"twice": 2, "thrice": 3}[last]
    verb, *manner = command.split()
    act = [] if verb == "turn" else [f"I_{verb.upper()}"]
    if not manner:
        return act
    turn = [f"I_TURN_{manner[-1].upper()}"]
    if manner[0] == "opposite":
        return turn * 2 + act
    return (turn + act) * (4 if manner[0] == "around" else 1)


@pytest.mark.parametrize("task", ["simple", "length", "addprim_jump", "addprim_turn_left"])
def test_scan_actions_are_what_the_grammar_says(task):
    need("scan")
    for split in ("train", "test"):
        pairs = data.scan(split, task)
        for command, actions in zip(pairs.source, pairs.target, strict=True):
            assert " ".join(scan_actions(command)) == actions


def test_length_split_tests_longer_actions():
    need("scan")
    train, test = data.scan("train", "length"), data.scan("test", "length")
    assert max(len(line.split()) for line in train.target) == 22
    assert min(len(line.split()) for line in test.target) == 24


def test_captions_are_aligned():
    need("multi30k")
    pairs = data.multi30k("validation", "en", "de")
    numbers = ("two", "zwei"), ("three", "drei")
    for english, german in numbers:
        says = [english in line.lower().split() for line in pairs.source]
        agree = [
            german in line.lower() for line, said in zip(pairs.target, says, strict=True) if said
        ]
        assert sum(agree) / len(agree) > 0.9


def test_first_task_of_babi_is_answered_by_the_last_move():
    need("babi_en10k")
    for asked in data.babi_en10k("test", 1):
        person = asked.question.removeprefix("Where is ").removesuffix("?")
        moves = [i for i, line in enumerate(asked.story) if line.startswith(person)]
        assert asked.story[moves[-1]].split()[-1] == f"{asked.answer}."
        assert asked.support == (moves[-1],)


def test_babi_lacks_the_third_task():
    for task in (0, 3, 21):
        with pytest.raises(ValueError, match="task must be"):
            data.babi_en10k("test", task)


def test_sudoku_solutions_are_valid_and_splits_disjoint():
    need("sudoku")
    puzzle, solution = data.sudoku("all")
    digits = torch.arange(1, 10)
    boxes = solution.view(-1, 3, 3, 3, 3).transpose(2, 3).reshape(-1, 9, 9)
    for units in (solution, solution.transpose(1, 2), boxes):
        assert units.sort(-1).values.eq(digits).all()
    given = puzzle > 0
    assert puzzle[given].equal(solution[given])
    assert given.sum((1, 2)).aminmax() == (29, 37)
    train, test = (
        {row.numpy().tobytes() for row in data.sudoku(s).puzzle} for s in ("train", "test")
    )
    assert not train & test


@pytest.mark.parametrize("name", ["nations", "kinships", "umls", "countries_S2", "wn18rr"])
def test_graph_numbers_are_shared_by_its_splits(name):
    need("kg_wn18rr" if name == "wn18rr" else "kg_small")
    parts = {
        split: data.knowledge_graph(name, split) for split in ("train", "validation", "test", "all")
    }
    whole = parts["all"]
    assert torch.cat([p.triples for s, p in parts.items() if s != "all"]).equal(whole.triples)
    assert all(part.entities == whole.entities for part in parts.values())
    assert whole.triples[:, [0, 2]].unique().equal(torch.arange(len(whole.entities)))
    assert whole.triples[:, 1].unique().equal(torch.arange(len(whole.relations)))
    train, test = ({tuple(row) for row in parts[s].triples.tolist()} for s in ("train", "test"))
    assert not train & test


def test_countries_facts_have_their_names():
    need("kg_small")
    graph = data.knowledge_graph("countries_S1", "all")
    entity, relation = graph.entities.index, graph.relations.index
    fact = [entity("slovakia"), relation("neighbor"), entity("ukraine")]
    assert fact in graph.triples.tolist()


@pytest.mark.parametrize(("name", "classes"), [("cora", 7), ("citeseer", 6)])
def test_citations_have_the_planetoid_split(name, classes):
    need("citation_graphs")
    graph = data.citation_graph(name)
    assert graph.y[graph.train].bincount().tolist() == [20] * classes
    assert (len(graph.validation), len(graph.test)) == (500, 1000)
    nodes = torch.cat([graph.train, graph.validation, graph.test])
    assert len(nodes.unique()) == len(nodes)
    assert (graph.edges[:, 0] != graph.edges[:, 1]).all()
    assert len({frozenset(edge) for edge in graph.edges.tolist()}) == len(graph.edges)
    same = graph.y[graph.edges]
    assert (same[:, 0] == same[:, 1]).float().mean() > 0.7  # homophily, about 0.81 and 0.74


def test_adult_has_the_published_share_of_high_incomes():
    need("adult")
    train, test = data.adult("train"), data.adult("test")
    assert (train.y.sum(), test.y.sum()) == (7_841, 3_846)
    assert train.categories == test.categories
    first = dict(zip(train.categorical_names, train.categorical[0].tolist(), strict=True))
    named = dict(zip(train.categorical_names, train.categories, strict=True))
    assert named["native_country"][first["native_country"]] == "United-States"
    assert named["education"][first["education"]] == "Bachelors"
    assert train.numeric[0].tolist() == [39, 77516, 13, 2174, 0, 40]


def test_compas_has_propublicas_groups():
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


def test_claims_leave_out_class_and_running_number():
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
def test_tables_have_the_classes_of_their_descriptions(name, features, counts):
    need("tabular_classics")
    x, y = data.tabular_classic(name, "all")
    assert x.shape == (sum(counts), features)
    assert y.bincount().tolist() == counts


@pytest.mark.parametrize("name", [*(name for name, _, _ in TABLES), "abalone"])
def test_table_splits_make_the_whole(name):
    need("tabular_classics")
    parts = {s: data.tabular_classic(name, s, seed=3) for s in ("train", "test", "all")}
    rows = {s: Counter(map(tuple, part.x.tolist())) for s, part in parts.items()}
    assert rows["train"] + rows["test"] == rows["all"]
    assert math.isclose(len(parts["test"].y) / len(parts["all"].y), 0.2, abs_tol=0.02)
    again = data.tabular_classic(name, "train", seed=3)
    assert again.x.equal(parts["train"].x)
    assert not data.tabular_classic(name, "train", seed=4).x.equal(parts["train"].x)


def test_abalone_sexes_are_three_columns():
    need("tabular_classics")
    x, y = data.tabular_classic("abalone", "all")
    assert x[0].tolist() == pytest.approx(
        [1, 0, 0, 0.455, 0.365, 0.095, 0.514, 0.2245, 0.101, 0.15]
    )
    assert y[0] == 15
    assert x[:, :3].sum(1).eq(1).all()


def test_anomaly_sets_keep_their_rates():
    need("anomaly_adbench")
    for name, anomalies in (("annthyroid", 534), ("cardio", 176), ("WDBC", 10), ("fault", 673)):
        train, test = (data.anomaly_adbench(name, split) for split in ("train", "test"))
        assert train.y.sum() + test.y.sum() == anomalies
        assert test.y.sum() == round(0.3 * anomalies)


def test_engines_live_as_long_as_is_known():
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


def test_omniglot_has_twenty_drawings_a_character():
    need("omniglot_small")
    made = data.omniglot_small("small1")
    assert made.y.bincount().tolist() == [20] * 136
    assert made.alphabets == ("Balinese", "Early_Aramaic", "Greek", "Korean", "Latin")
    assert (made.alphabet.bincount() // 20).tolist() == [24, 22, 24, 40, 26]
    assert made.x.unique().tolist() == [0, 1]
    assert 0.01 < made.x.mean() < 0.15  # ink is the small part


def test_strokes_pass_over_the_ink_of_their_drawing():
    need("omniglot_small")
    drawings, strokes = data.omniglot_small("small1").x[:, 0], data.omniglot_strokes()
    assert len(strokes) == len(drawings)
    thick = torch.nn.functional.max_pool2d(drawings[:, None], 5, stride=1, padding=2)[:, 0]
    for number in range(0, 2720, 272):
        points = torch.cat(strokes[number])
        column, row = points[:, 0].round().long(), (-points[:, 1]).round().long()
        assert thick[number, row.clamp(0, 104), column.clamp(0, 104)].mean() > 0.9


def test_one_shot_runs_show_each_class_once():
    need("omniglot_small")
    runs = [data.omniglot_one_shot(run) for run in (1, 20)]
    for run in runs:
        assert run.y.sort().values.equal(torch.arange(20))
        assert run.train.shape == run.test.shape == (20, 1, 105, 105)
    assert not runs[0].train.equal(runs[1].train)
    with pytest.raises(ValueError, match="got 21"):
        data.omniglot_one_shot(21)


def test_cifar_classes_are_in_order_and_in_colour():
    need("cifar10_jpeg")
    x, y = data.cifar10_jpeg("train", per_class=20)
    assert y.tolist() == list(itertools.chain.from_iterable([label] * 20 for label in range(10)))
    assert x.shape == (200, 3, 32, 32)
    ships, frogs = x[y == 8].mean((0, 2, 3)), x[y == 6].mean((0, 2, 3))
    assert ships[2] > ships[0]  # sea and sky are blue
    assert frogs[2] < frogs[1]  # grass is not


def test_arc_has_the_published_pairs():
    need("arc_agi_1")
    for split, train, test in (("training", 1302, 416), ("evaluation", 1363, 419)):
        tasks = data.arc_agi_1(split)
        assert sum(len(task.train) for task in tasks) == train
        assert sum(len(task.test) for task in tasks) == test
        grids = [grid for task in tasks for example in task.train for grid in example]
        assert min(int(grid.min()) for grid in grids) == 0
        assert max(int(grid.max()) for grid in grids) == 9
    tripled = next(task for task in data.arc_agi_1() if task.name == "007bbfb7").train[0]
    expected = torch.kron((tripled.input > 0).long(), tripled.input)  # the task's rule
    assert tripled.output.equal(expected)


def test_names_give_makemores_bigram_loss():
    need("names")
    counts = Counter()
    for name in data.names("all"):
        counts.update(itertools.pairwise(f".{name}."))
    first = Counter()
    for (a, _), count in counts.items():
        first[a] += count
    loss = -sum(n * math.log(n / first[a]) for (a, _), n in counts.items()) / sum(counts.values())
    assert math.isclose(loss, 2.4540, abs_tol=1e-4)  # Karpathy 2022, the spelled-out introduction


def test_names_splits_make_the_whole():
    need("names")
    parts = SimpleNamespace(**{s: data.names(s) for s in ("train", "validation", "test", "all")})
    joined = parts.train + parts.validation + parts.test
    assert Counter(joined) == Counter(parts.all)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (25_626, 3_203, 3_204)
    assert parts.all[:3] == ["emma", "olivia", "ava"]
