import json
from concurrent.futures import ThreadPoolExecutor

from nsai.data.journal import record_load


def test_parallel_loads_give_whole_lines(tmp_path, monkeypatch):
    log = tmp_path / "journal.jsonl"
    monkeypatch.setenv("NSAI_DATA_LOG", str(log))
    files = [{"path": "p" * 3000}]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: record_load(f"set{i}", "folder", files=files), range(200)))
    names = {json.loads(line)["name"] for line in log.read_text().splitlines()}
    assert names == {f"set{i}" for i in range(200)}


def test_journal_is_appended_to(tmp_path, monkeypatch):
    log = tmp_path / "journal.jsonl"
    log.write_text("before\n")
    monkeypatch.setenv("NSAI_DATA_LOG", str(log))
    record_load("a", "package", version="1.0")
    first, second = log.read_text().splitlines()
    assert first == "before"
    assert json.loads(second) == {"name": "a", "source": "package", "files": [], "version": "1.0"}


def test_nothing_is_written_unasked(tmp_path, monkeypatch):
    monkeypatch.delenv("NSAI_DATA_LOG", raising=False)
    monkeypatch.chdir(tmp_path)
    record_load("a", "package")
    assert list(tmp_path.iterdir()) == []
