"""The kernels for a GPU in Triton's interpreter, against those for a CPU."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed")


def test_kernels_for_a_gpu_equal_those_for_a_cpu_in_the_interpreter():
    """Triton reads TRITON_INTERPRET when its kernels are defined: a process of its own."""
    script = Path(__file__).with_name("device_check.py")
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    command = [sys.executable, str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "142 cases agree"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_spikes_on_a_gpu_equal_those_on_the_cpu():
    from spiking import LIF

    x = 0.3 * torch.rand(200, 4, 300, generator=torch.Generator().manual_seed(0))
    assert torch.equal(LIF(300)(x)[0], LIF(300).cuda()(x.cuda())[0].cpu())
