import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from nsai.data.catalogue import File
from nsai.data.download import Patience, download
from nsai.data.errors import DownloadError

QUICK = Patience(connect=2.0, stall=0.4, trickle=1024, rounds=3, pause=0.01)
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def behave(faults):
    return SimpleNamespace(**faults)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "set" / "digits.bin"


def wanted(server, *urls):
    return File("digits.bin", hashlib.sha256(server.body).hexdigest(), len(server.body), urls)


def get(server, target, *urls, patience=QUICK):
    return download(wanted(server, *urls), target, patience=patience, progress=False)


def visible(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def part_of(target):
    return target.with_name(f".{target.name}.part")


def test_whole_file_arrives_and_leaves_nothing_else_visible(server, behave, target):
    url = server.serve("/a", behave.whole)
    assert get(server, target, url) == target
    assert target.read_bytes() == server.body
    assert visible(target.parent) == ["digits.bin"]
    assert not part_of(target).exists()


def test_present_file_is_not_fetched_again(server, behave, target):
    url = server.serve("/a", behave.whole)
    get(server, target, url)
    get(server, target, url)
    assert len(server.requests) == 1


def test_wrong_present_file_is_replaced(server, behave, target):
    target.parent.mkdir()
    target.write_bytes(server.body[:-1] + b"!")
    get(server, target, server.serve("/a", behave.whole))
    assert target.read_bytes() == server.body


def test_cut_connection_is_resumed_where_it_broke(server, behave, target):
    url = server.serve("/a", behave.cut(70_000), behave.whole)
    get(server, target, url)
    assert target.read_bytes() == server.body
    assert server.requests == [("/a", None), ("/a", "bytes=70000-")]


def test_server_without_ranges_starts_anew(server, behave, target):
    url = server.serve("/a", behave.cut(70_000), behave.without_range)
    get(server, target, url)
    assert target.read_bytes() == server.body
    assert len(server.requests) == 2  # the whole answer is taken, not thrown away


def test_refused_range_starts_anew(server, behave, target):
    url = server.serve("/a", behave.cut(70_000), behave.status(416), behave.without_range)
    get(server, target, url)
    assert target.read_bytes() == server.body
    assert [asked for _, asked in server.requests] == [None, "bytes=70000-", None]


def test_range_answered_from_another_byte_is_not_appended(server, behave, target):
    url = server.serve("/a", behave.cut(70_000), behave.resumes_elsewhere, behave.whole)
    get(server, target, url)
    assert target.read_bytes() == server.body
    assert [asked for _, asked in server.requests] == [None, "bytes=70000-", None]


def test_wrong_kept_bytes_are_dropped_and_fetched_anew(server, behave, target):
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * 1000)
    url = server.serve("/a", behave.whole)
    get(server, target, url)
    assert target.read_bytes() == server.body
    assert [asked for _, asked in server.requests] == ["bytes=1000-", None]


def test_complete_kept_bytes_need_no_request(server, behave, target):
    target.parent.mkdir()
    part_of(target).write_bytes(server.body)
    get(server, target, server.serve("/a", behave.whole))
    assert target.read_bytes() == server.body
    assert server.requests == []


def test_overlong_kept_bytes_are_dropped(server, behave, target):
    target.parent.mkdir()
    part_of(target).write_bytes(server.body + b"more")
    get(server, target, server.serve("/a", behave.whole))
    assert target.read_bytes() == server.body


def test_corrupt_bytes_are_refused_and_named_by_checksum(server, behave, target):
    flipped = b"\x01" + server.body[1:]
    url = server.serve("/a", behave.sends(flipped))
    with pytest.raises(DownloadError) as caught:
        get(server, target, url)
    assert hashlib.sha256(flipped).hexdigest() in str(caught.value)
    assert hashlib.sha256(server.body).hexdigest() in str(caught.value)
    assert visible(target.parent) == []
    assert not part_of(target).exists()
    assert len(server.requests) == 1  # the same wrong file would come again


def test_mirror_gives_what_the_first_address_corrupts(server, behave, target):
    bad = server.serve("/bad", behave.sends(b"\x01" + server.body[1:]))
    good = server.serve("/good", behave.whole)
    get(server, target, bad, good)
    assert target.read_bytes() == server.body


def test_mirror_continues_what_the_first_address_began(server, behave, target):
    first = server.serve("/first", behave.cut(70_000))
    second = server.serve("/second", behave.whole)
    get(server, target, first, second)
    assert target.read_bytes() == server.body
    assert server.requests == [("/first", None), ("/second", "bytes=70000-")]


@pytest.mark.parametrize("change", [-1, 1, 5000])
def test_other_length_is_refused_before_it_is_read(server, behave, target, change):
    body = server.body + bytes(change) if change > 0 else server.body[:change]
    url = server.serve("/a", behave.sends(body))
    with pytest.raises(DownloadError, match=f"{len(body):,} bytes, expected {len(server.body):,}"):
        get(server, target, url)
    assert not part_of(target).exists()


def test_unannounced_surplus_is_cut_off(server, behave, target):
    url = server.serve("/a", behave.endless)
    with pytest.raises(DownloadError, match="more than the 204,800 bytes"):
        get(server, target, url)
    assert visible(target.parent) == []
    assert not part_of(target).exists()


def test_short_answer_without_length_is_not_taken_for_the_file(server, behave, target):
    url = server.serve("/a", behave.sends(server.body[:-9], announce=False))
    with pytest.raises(DownloadError):
        get(server, target, url)
    assert visible(target.parent) == []


@pytest.mark.timeout(30)
def test_silent_server_is_left_in_time(server, behave, target):
    url = server.serve("/a", behave.stall(1000), behave.whole)
    get(server, target, url, patience=Patience(connect=600.0, stall=0.4, pause=0.01))
    assert target.read_bytes() == server.body
    assert server.requests == [("/a", None), ("/a", "bytes=1000-")]


def test_trickling_server_is_left_though_it_never_falls_silent(server, behave, target):
    url = server.serve("/a", behave.trickle)
    with pytest.raises(DownloadError, match="stalled: "):
        get(server, target, url, patience=Patience(stall=0.4, trickle=1024, rounds=1))


@pytest.mark.parametrize("code", [500, 502, 503, 429, 408])
def test_passing_errors_are_tried_again(server, behave, target, code):
    url = server.serve("/a", behave.status(code), behave.whole)
    get(server, target, url)
    assert len(server.requests) == 2


@pytest.mark.parametrize("code", [404, 403, 410])
def test_lasting_errors_are_not_tried_again(server, behave, target, code):
    url = server.serve("/a", behave.status(code), behave.whole)
    with pytest.raises(DownloadError, match=f"HTTP {code}"):
        get(server, target, url)
    assert len(server.requests) == 1


def test_every_address_is_named_with_its_failure(server, behave, target):
    gone = server.serve("/gone", behave.status(404))
    ill = server.serve("/ill", behave.status(500))
    with pytest.raises(DownloadError) as caught:
        get(server, target, gone, ill)
    assert f"{gone}: HTTP 404" in str(caught.value)
    assert f"{ill}: HTTP 500" in str(caught.value)
    assert "3 attempts" in str(caught.value)
    assert len(server.requests) == 1 + QUICK.rounds


def test_unreachable_server_is_a_download_error(server, target):
    with pytest.raises(DownloadError, match="refused"):
        get(server, target, "http://127.0.0.1:9/a")  # the discard port: nothing listens


def test_redirect_is_followed(server, behave, target):
    there = server.serve("/there", behave.whole)
    get(server, target, server.serve("/here", behave.redirect(there)))
    assert target.read_bytes() == server.body


def test_redirect_loop_ends(server, behave, target):
    url = server.serve("/loop", behave.redirect("/loop"))
    with pytest.raises(DownloadError, match="infinite loop"):
        get(server, target, url)
    assert len(server.requests) < 20


@pytest.mark.parametrize("scheme", ["file://{}", "ftp://127.0.0.1{}", "data:text/plain,x"])
def test_redirect_to_another_scheme_is_refused(server, behave, target, tmp_path, scheme):
    secret = tmp_path / "secret"
    secret.write_bytes(server.body)  # the right bytes even, so that only the scheme can object
    url = server.serve("/a", behave.redirect(scheme.format(secret)))
    with pytest.raises(DownloadError, match=r"not allowed|expected http or https"):
        get(server, target, url)
    assert visible(target.parent) == []


def test_file_without_address_is_a_download_error(server, target):
    with pytest.raises(DownloadError, match="no address"):
        get(server, target)


def test_unwritable_folder_names_the_remedy(server, behave, tmp_path):
    (tmp_path / "file").write_text("in the way")
    url = server.serve("/a", behave.whole)
    with pytest.raises(DownloadError, match="NSAI_CACHE"):
        get(server, tmp_path / "file" / "digits.bin", url)


def test_full_disk_is_told_and_leaves_no_file(server, behave, target, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DownloadError, match="No space left"):
        get(server, target, server.serve("/a", behave.whole))
    assert visible(target.parent) == []


def test_empty_file_can_be_fetched(server, behave, target):
    server.body = b""
    get(server, target, server.serve("/a", behave.whole))
    assert target.read_bytes() == b""


# The package's own __init__ imports torch, which takes longer than all the rest of these tests.
FETCHER = """
import sys, types
from pathlib import Path
bare = types.ModuleType("nsai.data")
bare.__path__ = ["nsai/data"]
sys.modules["nsai.data"] = bare
from nsai.data.catalogue import File
from nsai.data.download import Patience, download
url, target, sha256, size = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
file = File("digits.bin", sha256, int(size), (url,))
download(file, Path(target), patience=Patience(stall=20.0), progress=False)
"""


@pytest.fixture
def fetcher(server, target):
    """Start processes that fetch when told; end those that are left."""
    started = []

    def start(url):
        file = wanted(server, url)
        arguments = [url, str(target), file.sha256, str(file.size)]
        process = subprocess.Popen(
            [sys.executable, "-c", FETCHER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def release(process):
    process.stdin.write(b"\n")
    process.stdin.flush()


def test_kill_leaves_no_file_and_the_next_attempt_continues(server, behave, target, fetcher):
    url = server.serve("/a", behave.stall(100_000), behave.whole)
    process = fetcher(url)
    process.stdout.readline()
    release(process)
    deadline = time.monotonic() + 20
    while not (part_of(target).exists() and part_of(target).stat().st_size > 0):
        assert time.monotonic() < deadline, "no byte was written"
        time.sleep(0.02)
    assert visible(target.parent) == []
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = part_of(target).stat().st_size
    assert visible(target.parent) == []
    get(server, target, url)
    assert target.read_bytes() == server.body
    assert server.requests == [("/a", None), ("/a", f"bytes={kept}-")]


def test_fetching_needs_no_torch():
    loaded = FETCHER.split("url, target")[0] + "import nsai.data.store; print(*sys.modules)"
    folder = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, cwd=folder)
    modules = done.stdout.decode().split()
    assert "nsai.data.download" in modules, done.stderr.decode()
    assert not {"torch", "sklearn", "pandas"} & set(modules)


def test_two_processes_fetch_a_file_once(server, behave, target, fetcher):
    url = server.serve("/a", behave.slowly)
    both = [fetcher(url), fetcher(url)]
    for process in both:
        process.stdout.readline()
    for process in both:
        release(process)
    assert [process.wait(30) for process in both] == [0, 0]
    assert target.read_bytes() == server.body
    assert len(server.requests) == 1
