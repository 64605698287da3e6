"""OpenVINO reports to nobody."""

import os
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from mamri.networks.openvino_library import ov
ov.Core()
found = [name for name in sys.modules if name.startswith("openvino_telemetry")]
assert not found, found
import openvino_telemetry  # can be imported again by whoever wants it
"""


def test_no_telemetry_runs_and_nothing_is_left_in_the_home(tmp_path: Path):
    environment = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-W", "error", "-c", _PROGRAM], env=environment, check=True)
    assert [] == list(tmp_path.iterdir())
