"""Who may import whom: the contracts of pyproject.toml hold, and a planted violation fails."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = "import sys; from importlinter.cli import lint_imports_command as main; main()"


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"], cwd=root, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("path", "line", "broken"),
    [
        ("spiking/__init__.py", "import nsai", "spiking and quantum stand alone"),
        ("quantum/__init__.py", "import spiking", "spiking and quantum do not know each other"),
        ("nsai/workbench/errors.py", "import nsai.data", "the workbench knows no domain"),
        ("nsai/workbench/runs.py", "import torch", "the workbench imports no torch"),
        ("nsai/models/mlp.py", "import nsai.workbench", "domains do not know the workbench"),
        ("nsai/data/mnist.py", "import nsai.training", "models and data do not know training"),
        ("nsai/logic/cnf.py", "import nsai.circuits", "layers know circuits, circuits know logic"),
        ("nsai/circuits/nnf.py", "import nsai.models", "logic and circuits know no networks"),
    ],
)
def test_planted_violation_breaks_its_contract(tmp_path: Path, path: str, line: str, broken: str):
    for name in ("nsai", "spiking", "quantum"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    target = tmp_path / path
    target.write_text(target.read_text() + f"\n\ndef planted():\n    {line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{broken} BROKEN" in done.stdout


def test_contracts_hold():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
