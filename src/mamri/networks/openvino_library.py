"""OpenVINO, imported without its telemetry.

Importing openvino starts the package openvino_telemetry, which reports each import to a server and
leaves files in the user's home. Programs that hold patients' images must not do so. OpenVINO
provides for the package being absent, and that is what it sees here.
"""

import importlib
import sys
from typing import Any

from mamri.records import ModelError

_TELEMETRY = "openvino_telemetry"


def _import_openvino() -> Any:
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # makes importing it fail
    try:
        return importlib.import_module("openvino")
    except ImportError as error:
        raise ModelError(
            f"running networks needs the package openvino, which cannot be imported ({error}); "
            "install it with: pip install openvino"
        ) from error
    finally:
        del sys.modules[_TELEMETRY]


ov: Any = _import_openvino()
