#!/usr/bin/env bash
# Times the paper's cone programs beside diffcp: installs it into ~/.cache/bpqp/cone-peers, builds the program, and runs
# bpqp/benches/cone_peers.py with the arguments given here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv="${BPQP_CONE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/bpqp/cone-peers}"
if [[ ! -x "$venv/bin/python" ]]; then
    python3 -m venv "$venv"
fi
"$venv/bin/python" -m pip show --quiet diffcp clarabel >/dev/null 2>&1 || "$venv/bin/python" -m pip install --quiet diffcp clarabel

cargo build --release --quiet -p bpqp
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}"
exec "$venv/bin/python" bpqp/benches/cone_peers.py --bpqp "${CARGO_TARGET_DIR:-target}/release/bpqp" "$@"
