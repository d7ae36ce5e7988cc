"""Compiled kernels that are kept on disk are made anew when what they call changes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CALLED = "from kernels.compiled import compiled\n\n@compiled\ndef inner(x):\n    return x + {}\n"
CALLING = (
    "from kernels.called import inner\nfrom kernels.compiled import compiled\n\n"
    "@compiled\ndef outer(x):\n    return 10 * inner(x)\n"
)
ASK = "from kernels.calling import outer\nprint(outer(1), sum(outer.stats.cache_hits.values()))\n"


@pytest.mark.parametrize(
    "folder", ["quantum/simulation/sweeps", "spiking/kernels", "nsai/circuits/kernels"]
)
def test_a_changed_file_is_compiled_anew_by_those_that_call_it(folder: str, tmp_path: Path):
    place = tmp_path / "kernels"
    place.mkdir()
    (place / "__init__.py").touch()
    (place / "compiled.py").write_text((ROOT / folder / "compiled.py").read_text())
    (place / "calling.py").write_text(CALLING)

    def asked() -> str:
        command = [sys.executable, "-c", ASK]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    (place / "called.py").write_text(CALLED.format(2))
    assert asked() == "30 0"
    assert asked() == "30 1"  # kept
    (place / "called.py").write_text(CALLED.format(5000))
    assert asked() == "50010 0"
