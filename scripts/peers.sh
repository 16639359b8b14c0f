#!/usr/bin/env bash
# Times BPQP beside its peers in Python on the same problem files: installs them into ~/.cache/bpqp/peers, builds the
# program, and runs bpqp/benches/peers.py with the arguments given here. qpth needs torch, which is large: PEERS="… torch".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv="${BPQP_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/bpqp/peers}"
if [[ ! -x "$venv/bin/python" ]]; then
    python3 -m venv "$venv"
fi
# One by one: a peer without a package for this machine keeps nobody else away, and the comparison names who is missing.
for package in ${PEERS:-numpy scipy proxsuite piqp osqp qpth matplotlib}; do
    "$venv/bin/python" -m pip show --quiet "$package" >/dev/null 2>&1 ||
        "$venv/bin/python" -m pip install --quiet "$package" || echo "not installed: $package" >&2
done

cargo build --release --quiet -p bpqp
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}"
exec "$venv/bin/python" bpqp/benches/peers.py --bpqp "${CARGO_TARGET_DIR:-target}/release/bpqp" "$@"
