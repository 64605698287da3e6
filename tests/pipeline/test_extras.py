"""Without the extra the commands say what to install, and no traceback comes."""

import importlib.util
import json
import subprocess
import sys

import pytest

from mamri.pipeline import extras
from mamri.records import ModelError


def test_what_is_missing_is_named(monkeypatch):
    def find(name):
        return None if name in ("pandas", "skops") else importlib.util.find_spec(name)

    monkeypatch.setattr(extras, "find_spec", find)
    with pytest.raises(ModelError, match=r"of which pandas, skops cannot be found; pip install"):
        extras.check_predict_extra()


@pytest.mark.parametrize(
    "command",
    [
        ["train", "prediction", "--config", "none.yaml", "-o", "out", "--json"],
        ["evaluate", "compare", "run", "--json"],
        ["analyze", "exam", "-o", "out", "--models", "model", "--json"],
    ],
)
def test_every_command_that_needs_it_refuses_in_order(command, tmp_path):
    """Import of the packages fails in a process of its own."""
    hide = (
        "import sys, importlib.util as u\n"
        "hidden = ('sklearn', 'pandas', 'yaml', 'skops', 'shap', 'matplotlib')\n"
        "real = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name in hidden else real(name, package)\n"
        "for name in hidden: sys.modules[name] = None\n"
        f"sys.argv = ['mamri', *{command!r}]\n"
        "from mamri.cli.main import run\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", hide], cwd=tmp_path, capture_output=True, text=True
    )

    assert 4 == done.returncode, done.stderr
    assert "pip install 'mamri[predict]'" in json.loads(done.stdout)["message"]
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("check", "hidden", "extra"),
    [
        (extras.check_survival_extra, "sksurv", "survival"),
        (extras.check_torch, "torch", "train"),
    ],
)
def test_survival_and_networks_have_extras_of_their_own(check, hidden, extra, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == hidden else name)

    with pytest.raises(ModelError, match=rf"{hidden} cannot be found; pip install .mamri\[{extra}"):
        check()


def test_nothing_is_refused_where_all_is_there():
    extras.check_predict_extra()
    extras.check_survival_extra()
    extras.check_torch()
    assert all(importlib.util.find_spec(name) for name in ("sklearn", "sksurv", "torch"))
