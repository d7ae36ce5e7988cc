"""Chips as data: published numbers, each with a source, and faults that say what to mend."""

import re
from dataclasses import asdict, replace
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiking.hardware import DIGITAL, LOIHI, LOIHI2, SPINNAKER2, TRUENORTH, ChipError, load_chip
from spiking.hardware.chips.chip import SHIPPED
from spiking.hardware.chips.file import ChipFile, references_in

TEXT = files("spiking.hardware.chips").joinpath("loihi.toml").read_text("utf-8")
NEURONS = re.search(r"^neurons = .*$", TEXT, re.M)[0]
HOP = re.search(r"^hop_y = .*4\.2.*$", TEXT, re.M)[0]
SPARSE = re.search(r"^synapse_sparse = .*$", TEXT, re.M)[0]
MODELS = '["integrate_and_fire", "lif", "cuba_lif"]'
NUMBERS = {"mesh", "core", "bits", "energy", "time", "arithmetic", "memory"}


def edited(old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


def fault_of(text: str) -> str:
    with pytest.raises(ChipError) as error:
        ChipFile(text, "my_chip.toml")
    return str(error.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_of_a_shipped_chip_has_a_source(name):
    chip = load_chip(name)
    assert chip is SHIPPED[name]
    given_numbers = {
        f"{part}.{key}"
        for part, numbers in asdict(chip).items()
        if part in NUMBERS and numbers
        for key, number in numbers.items()
        if number not in (None, 0.0)
    }
    assert given_numbers <= set(chip.sources)
    for entry in chip.entries:
        assert references_in(entry.source) or entry.key in chip.assumptions, entry.key
        assert chip.sources[entry.key] != "assumption:"
    used = {ref for entry in chip.entries for ref in references_in(entry.source)}
    assert used == set(chip.references)
    assert all(re.search(r"\d", reference) for reference in chip.references.values())


def test_all_shipped_files_have_a_name():
    folder = files("spiking.hardware.chips")
    shipped = {path.name for path in folder.iterdir() if path.name.endswith(".toml")}
    assert shipped == {f"{name}.toml" for name in SHIPPED}


def test_numbers_of_cores_are_those_published():
    cores = [chip.mesh.cores for chip in (LOIHI, LOIHI2, SPINNAKER2, TRUENORTH, DIGITAL)]
    assert cores == [128, 128, 152, 4096, 1]
    assert TRUENORTH.mesh.cores * TRUENORTH.core.neurons == 2**20
    assert LOIHI.core.synapse_memory == 16_384 * 64  # words of 64 bits


def test_loihi_has_the_energies_of_sana_fe():
    e = LOIHI.energy
    assert (e.synapse_dense, e.synapse_sparse, e.synapse_convolution) == (
        35.5e-12,
        33.6e-12,
        24.0e-12,
    )
    assert (e.soma_access, e.soma_update, e.spike_out) == (51.2e-12, 21.6e-12, 69.3e-12)
    assert (e.axon_in, e.axon_out, e.hop_x, e.hop_y) == (0.0, 111e-12, 3.0e-12, 4.2e-12)


def test_loihi_gives_the_joules_of_sana_fe_for_a_small_network():
    e = LOIHI.energy  # 20 inputs, 10 neurons on the next tile; 193 spikes in 50 steps
    assert 193 * 10 * e.synapse_dense == pytest.approx(68.515e-9, rel=1e-12)
    assert 500 * e.soma_access + 490 * e.soma_update == pytest.approx(36.184e-9, rel=1e-12)
    assert 193 * (e.axon_out + e.hop_y) == pytest.approx(22.2336e-9, rel=1e-12)


def test_loihi_has_the_times_of_table_2():
    t = LOIHI.time
    assert (t.synapse, t.within_tile, t.hop_x, t.hop_y) == (3.5e-9, 2.1e-9, 4.1e-9, 6.5e-9)
    assert t.soma_access + t.soma_update == pytest.approx(8.4e-9)
    assert (LOIHI.barrier(1), LOIHI.barrier(32)) == (113e-9, 465e-9)


def test_loihi_has_the_integers_of_lava():
    b = LOIHI.bits
    assert (b.weight, b.weight_exponent, b.decay, b.state) == (8, 4, 12, 24)
    assert (b.threshold, b.bias, b.bias_exponent) == (17, 13, 3)
    assert (b.delay_steps, b.refractory_steps) == (62, 63)


def test_digital_core_has_the_energies_of_45_nm_cmos():
    arithmetic, memory = DIGITAL.arithmetic, DIGITAL.memory
    assert arithmetic.add_float32 == 0.9e-12
    assert arithmetic.mac_float32 == pytest.approx(4.6e-12)
    assert arithmetic.mac_int8 == pytest.approx(0.3e-12)
    assert memory.per_byte("dram") == pytest.approx(1.3e-9 / 8)
    names = [memory.holding(size) for size in (8192, 8193, 32_769, 2**20, 2**20 + 1)]
    assert names == ["sram_8kib", "sram_32kib", "sram_1mib", "sram_1mib", "dram"]


def test_spikes_on_the_digital_core_cost_what_their_operations_do():
    state, weight = DIGITAL.memory.sram_8kib / 2, DIGITAL.memory.sram_1mib / 8
    add, multiply = DIGITAL.arithmetic.add_int32, DIGITAL.arithmetic.multiply_int32
    assert DIGITAL.energy.synapse_dense == pytest.approx(weight + 2 * state + add)
    assert DIGITAL.energy.soma_access == pytest.approx(state)
    assert DIGITAL.energy.soma_update == pytest.approx(multiply + add + state)


def test_what_is_assumed_and_what_is_missing_is_told():
    assert LOIHI.assumptions == () == LOIHI.missing
    assert {f"energy.{key}" for key in asdict(LOIHI2.energy)} <= set(LOIHI2.assumptions)
    assert "energy.hop_x" in TRUENORTH.missing
    assert "energy.synapse_dense" not in TRUENORTH.missing


def test_barrier_grows_from_one_tile_to_all():
    times = [LOIHI.barrier(tiles) for tiles in range(1, 33)]
    steps = {round((b - a) * 1e15) for a, b in pairwise(times)}
    assert len(steps) == 1
    assert DIGITAL.barrier(1) == 0.0
    with pytest.raises(ValueError, match="tiles must be from 1 to 32, got 33"):
        LOIHI.barrier(33)


def test_table_has_the_numbers_as_the_file_gives_them():
    rows = LOIHI.table()
    assert ("core.neurons", 1024, "", "[Davies 2018], p. 89, constraint 1") in rows
    assert [row[1:3] for row in rows if row[0] == "energy.hop_y"] == [(4.2, "pJ")]
    assert [row[1] for row in rows if row[0] == "models"] == ["integrate_and_fire, lif, cuba_lif"]


def test_a_file_of_ones_own_loads_as_those_of_the_package(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT, encoding="utf-8")
    assert load_chip(path) == load_chip(str(path)) == LOIHI
    path.write_text(edited(HOP, HOP.replace("4.2", "4.0")), encoding="utf-8")
    mine = load_chip(path)
    assert mine == replace(LOIHI, energy=replace(LOIHI.energy, hop_y=4.0e-12))
    assert mine != LOIHI


def test_one_figure_may_stand_for_all_synapses():
    energy = TRUENORTH.energy
    assert energy.synapse_dense == energy.synapse_sparse == energy.synapse_convolution == 26e-12
    assert TRUENORTH.sources["energy.synapse_sparse"] == TRUENORTH.sources["energy.synapse"]


ENERGIES = ("synapse_dense", "soma_access", "spike_out", "axon_out", "hop_x", "hop_y")
ENERGY_UNITS = {"J": 0, "mJ": -3, "uJ": -6, "nJ": -9, "pJ": -12, "fJ": -15}
TIME_UNITS = {"s": 0, "ms": -3, "us": -6, "ns": -9, "ps": -12}


def with_number(section: str, key: str, value: object, unit: str) -> dict[str, object]:
    start = TEXT.index(f"[{section}]\n")
    line = re.compile(rf"^{key} = .*$", re.M).search(TEXT, start)
    new = f'{key} = {{ value = {value}, unit = "{unit}", source = "drawn at random" }}'
    return ChipFile(TEXT[: line.start()] + new + TEXT[line.end() :], "drawn.toml").parts


@settings(max_examples=30, deadline=None)
@given(
    key=st.sampled_from(ENERGIES),
    femto=st.integers(0, 10**9),
    units=st.tuples(*[st.sampled_from(sorted(ENERGY_UNITS))] * 2),
)
def test_an_energy_is_the_same_in_every_unit(key, femto, units):
    exact = Decimal(femto).scaleb(-15)
    found = [
        getattr(with_number("energy", key, f"{exact.scaleb(-ENERGY_UNITS[u]):f}", u)["energy"], key)
        for u in units
    ]
    assert found == [float(f"{femto}e-15")] * 2


@settings(max_examples=30, deadline=None)
@given(
    key=st.sampled_from(["synapse", "spike_out", "hop_x", "barrier_most"]),
    pico=st.integers(10**6, 10**9),
    unit=st.sampled_from(sorted(TIME_UNITS)),
)
def test_a_time_is_the_same_in_every_unit(key, pico, unit):
    exact = Decimal(pico).scaleb(-12 - TIME_UNITS[unit])
    time = with_number("time", key, f"{exact:f}", unit)["time"]
    assert getattr(time, key) == float(f"{pico}e-12")


@pytest.mark.parametrize(
    ("value", "unit"),
    [(1048576, "bit"), (131072, "byte"), (131.072, "kB"), (128, "KiB"), (0.125, "MiB")],
)
def test_memory_is_counted_in_bits(value, unit):
    core = with_number("core", "synapse_memory", value, unit)["core"]
    assert core == LOIHI.core
    assert type(core.synapse_memory) is int


FAULTS = {
    "key missing": (NEURONS, "", "core.neurons: missing"),
    "section missing": ("[bits]\n", "", "bits: missing"),
    "key unknown": ("neurons = {", "neuronss = {", "core.neuronss: unknown; did you mean core.neu"),
    "section unknown": ("[energy]", "[enrgy]", "enrgy: unknown; did you mean energy?"),
    "nothing near": ("[time]", "[zzz]", "zzz: unknown; expected one of name, models, mesh"),
    "word unknown": (
        HOP,
        HOP.replace("value", "valu"),
        "hop_y.valu: unknown; did you mean energy.",
    ),
    "unit wrong": (
        HOP,
        HOP.replace('"pJ"', '"pW"'),
        "energy.hop_y.unit: expected an energy in one of J, mJ, uJ, nJ, pJ, fJ, got pW",
    ),
    "unit missing": (HOP, HOP.replace('unit = "pJ", ', ""), "energy.hop_y.unit: missing"),
    "unit of a count": (
        NEURONS,
        NEURONS.replace("1024,", '1024, unit = "pJ",'),
        "core.neurons.unit: unknown",
    ),
    "energy negative": (
        HOP,
        HOP.replace("4.2", "-4.2"),
        "energy.hop_y.value: expected an energy, a number from 0 to 1 J, got -4.2 pJ",
    ),
    "energy huge": (HOP, HOP.replace("4.2", "4.2e300"), "from 0 to 1 J, got 4.2E+300 pJ"),
    "energy not a number": (HOP, HOP.replace("4.2", "nan", 1), "from 0 to 1 J, got NaN pJ"),
    "exponent out of all bounds": (HOP, HOP.replace("4.2", "1e-99999999999999999999", 1), "TOML"),
    "no cores": (
        "cores_per_tile = { value = 4,",
        "cores_per_tile = { value = 0,",
        "mesh.cores_per_tile.value: expected a count, a whole number from 1 to 2147483647, got 0",
    ),
    "too many bits": (
        "state = { value = 24,",
        "state = { value = 65,",
        "bits.state.value: expected a number of bits, a whole number from 1 to 64, got 65",
    ),
    "half a neuron": (NEURONS, NEURONS.replace("1024,", "1024.5,"), "core.neurons.value: expected"),
    "number as text": (
        NEURONS,
        NEURONS.replace("1024,", '"1024",'),
        "core.neurons.value: expected",
    ),
    "number as truth": (
        NEURONS,
        NEURONS.replace("1024,", "true,"),
        "from 1 to 2147483647, got True",
    ),
    "number alone": (
        NEURONS,
        "neurons = 1024",
        "core.neurons: expected a table of value, source, got 1024",
    ),
    "source missing": (
        NEURONS,
        "neurons = { value = 1024 }",
        "core.neurons.source: missing",
    ),
    "source empty": (
        NEURONS,
        'neurons = { value = 1024, source = " " }',
        "core.neurons.source: expected a text",
    ),
    "reference unknown": (
        NEURONS,
        NEURONS.replace("Davies", "Davis"),
        "core.neurons.source: expected one of the references of the file; did you mean Davies "
        "2018?, got [Davis 2018]",
    ),
    "neuron unknown": (
        MODELS,
        '["lfi"]',
        "models.value: expected a list of neurons out of integrate_and_fire, lif, cuba_lif, "
        "adaptive_lif, izhikevich, soft_reset; did you mean lif?, got lfi",
    ),
    "no neuron": (MODELS, "[]", "models.value: expected a list of neurons"),
    "barrier upside down": (
        "barrier_least = { value = 113,",
        "barrier_least = { value = 999,",
        "time.barrier_most: expected at least time.barrier_least, 9.99e-07 s, got 4.65e-07 s",
    ),
    "half a barrier": (
        re.search(r"^barrier_most = .*$", TEXT, re.M)[0],
        "",
        "my_chip.toml: time.barrier_most: missing, where time.barrier_least is given",
    ),
    "more cores than tiles hold": (
        "[core]",
        'present = { value = 129, source = "counted" }\n[core]',
        "mesh.present: expected at most the 128 cores that the tiles hold, got 129",
    ),
    "synapses twice": (
        SPARSE,
        SPARSE + "\n" + SPARSE.replace("synapse_sparse", "synapse"),
        "energy.synapse_dense: energy.synapse is given for all synapses",
    ),
    "not TOML": ("[mesh]", "[mesh", "expected TOML, got text that is not: Expected"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_file_key_and_what_was_expected(fault):
    old, new, message = FAULTS[fault]
    found = fault_of(edited(old, new))
    assert found.startswith("my_chip.toml: ")
    assert message in found


def test_sections_of_another_kind_are_told():
    assert "core: expected a table, got 3" in fault_of("core = 3")
    assert "references: expected a table of texts, got 3" in fault_of("references = 3")
    assert "models: expected a table of value, source, got 3" in fault_of("models = 3")
    assert "name: expected a text, got 3" in fault_of("name = 3")
    assert fault_of("").splitlines()[1:] == [
        f"  {key}: missing" for key in ("name", "models", "mesh", "core", "bits", "energy")
    ]


def test_all_faults_of_a_file_come_in_one_message():
    text = edited(NEURONS, "neurons = 1024").replace('"pJ"', '"pW"').replace("value = 24,", "")
    found = fault_of(text)
    lines = found.splitlines()
    assert lines[0] == f"my_chip.toml: {len(lines) - 1} faults"
    assert sum(".unit: expected an energy" in line for line in lines) == 10
    assert "  core.neurons: expected a table of value, source, got 1024" in lines
    assert "  bits.state.value: missing" in lines


def test_what_cannot_be_read_is_told(tmp_path: Path):
    with pytest.raises(ChipError, match=r"^lohi: expected one of loihi, .* mean 'loihi'\?$"):
        load_chip("lohi")
    with pytest.raises(ChipError, match=r"none\.toml: .* or a file, got no such file"):
        load_chip(tmp_path / "none.toml")
    with pytest.raises(ChipError, match="got is a directory"):
        load_chip(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes('name = "Höppner"'.encode("latin-1"))
    with pytest.raises(ChipError, match=r"latin\.toml: expected TOML in UTF-8"):
        load_chip(path)
