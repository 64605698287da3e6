#!/bin/bash
# Write exact versions of the whole development environment to the named file.
# Use the oldest supported Python: what installs there installs on the later ones.
set -euo pipefail

out=${1:?usage: lock_constraints.sh OUT}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

unset PIP_CONSTRAINT
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --editable '.[dev,train,predict,survival,transfer]' 'torch<2.14' hatchling editables
{
  echo "# Exact versions of everything that make installs, core and dev, for Python 3.11 to 3.13."
  echo "# They bound the versions and install nothing by themselves. Remake: make lock"
  "$work/venv/bin/pip" freeze --exclude-editable --exclude mamri
} >"$work/constraints.txt"
mv "$work/constraints.txt" "$out"
