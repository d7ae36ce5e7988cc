import json
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from nsai.workbench.report.results import read_reference, read_run, surroundings

SCHEMA = json.loads(
    resources.files("nsai.workbench").joinpath("schema/result-1.json").read_text("utf-8")
)
CLAIM = {
    "name": "gap",
    "measured": "nan",
    "comparison": "<=",
    "reference": 1,
    "tolerance": 0,
    "source": "theorem 1",
    "unit": "",
    "holds": False,
    "cell": 3,
}
ERROR = {"kind": "timeout", "cell": None, "name": "", "message": "over 60 s", "traceback": ""}
VALID: list[dict[str, Any]] = [
    {},
    {"status": "claim_failed", "claims": [CLAIM]},
    {"status": "error", "error": ERROR},
    {"metrics": [{"name": "size", "value": 61706, "unit": ""}], "peak_memory_bytes": None},
    {"parameters": {"widths": [3, 2], "note": None}, "overrides": {"note": None}},
    {"later": "keys that a reader does not know are allowed"},
]
BROKEN: list[dict[str, Any]] = [
    {"run": "../evil"},
    {"status": "fine"},
    {"claims": [{**CLAIM, "measured": "many"}]},
    {"claims": [{**CLAIM, "comparison": "~"}]},
    {"error": {**ERROR, "kind": "mood"}},
    {"error": {}},
    {"parameters": {"nested": {"a": 1}}},
    {"key": "short"},
    {"wall_s": -1},
    {"data": [{"name": "mnist", "source": "x", "files": [{"path": "p"}]}]},
    {"environment": {}},
]


def every_object(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from every_object(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from every_object(value)


def result_of(folder: Path) -> Any:
    return json.loads((folder / "result.json").read_text("utf-8"))


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_schema_describes_every_property() -> None:
    for found in every_object(SCHEMA):
        for name, definition in found.get("properties", {}).items():
            named = definition.get("$ref", "").rpartition("/")[2]
            assert SCHEMA["$defs"].get(named, definition).get("description"), name


@pytest.mark.parametrize("changes", VALID)
def test_schema_and_reader_accept(changes: dict[str, Any], add_run: Callable[..., Path]) -> None:
    folder = add_run(**changes)
    Draft202012Validator(SCHEMA).validate(result_of(folder))
    assert read_run(folder).result == result_of(folder)


@pytest.mark.parametrize("changes", BROKEN)
def test_schema_refuses(changes: dict[str, Any], add_run: Callable[..., Path]) -> None:
    assert not Draft202012Validator(SCHEMA).is_valid(result_of(add_run(**changes)))


@pytest.mark.parametrize("key", sorted(SCHEMA["required"]))
def test_schema_refuses_a_result_without(key: str, add_run: Callable[..., Path]) -> None:
    result = result_of(add_run())
    del result[key]
    assert not Draft202012Validator(SCHEMA).is_valid(result)


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/b", "..", "", "A", "-a", "a.b", "a\n", "a b", "/etc/passwd", "ä", "a\x00"],
)
def test_run_that_is_no_safe_name_is_refused(name: str, add_run: Callable[..., Path]) -> None:
    folder = add_run()
    result = result_of(folder) | {"run": name}
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"run in .* must be lower-case letters, digits and hyphens"
    ):
        read_run(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "nsai.result/9"}, r"must be 'nsai.result/1', got 'nsai.result/9'"),
        ({"title": 3}, r"title in .* must be str, got int"),
        ({"claims": {}}, r"claims in .* must be list, got dict"),
        ({"claims": [3]}, r"claims\[0\] must be an object, got int"),
        ({"error": {"kind": "timeout"}}, r"error must have the key 'cell'"),
        ({"wall_s": "long"}, r"wall_s in .* must be int or float, got str"),
    ],
)
def test_reader_says_what_is_wrong(
    changes: dict[str, Any], message: str, add_run: Callable[..., Path]
) -> None:
    with pytest.raises(ValueError, match=message):
        read_run(add_run(**changes))


def test_folder_without_result_and_result_without_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without it"):
        read_run(tmp_path)
    (tmp_path / "result.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="must be JSON"):
        read_run(tmp_path)


@pytest.mark.parametrize("name", ["result.json", "executed.ipynb", "log.txt"])
def test_digest_follows_each_file(name: str, add_run: Callable[..., Path]) -> None:
    folder = add_run()
    before = read_run(folder).digest
    path = folder / name
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")
    assert read_run(folder).digest != before


def test_runs_of_a_notebook_stand_together_the_plain_quick_one_first(
    add_run: Callable[..., Path],
) -> None:
    made = [
        add_run(run="b--quick", notebook="b", number=3),
        add_run(run="a--full", notebook="a", preset="full"),
        add_run(run="a--quick--ab12", notebook="a", overrides={"epochs": 2}),
        add_run(run="a--quick", notebook="a"),
        add_run(run="z--quick", notebook="z", part="Later", part_number=2, number=1),
    ]
    order = sorted(map(read_run, made), key=lambda run: run.place)
    assert [run.slug for run in order] == [
        "a--quick",
        "a--quick--ab12",
        "a--full",
        "b--quick",
        "z--quick",
    ]
    around = surroundings(order[3], order)
    assert around.before is order[0]
    assert around.after is order[4]
    assert [run.slug for run in surroundings(order[1], order).others] == ["a--quick", "a--full"]


def test_reference_of_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    path.write_text('{"schema": "other/1", "runs": {}}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"nsai\.reference/1"):
        read_reference(path)
    path.write_text('{"schema": "nsai.reference/1", "runs": {"a": {}}}', encoding="utf-8")
    with pytest.raises(ValueError, match="must have the key 'claims'"):
        read_reference(path)
