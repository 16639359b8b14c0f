#!/usr/bin/env bash
# Runs everything a change must pass: formatting, lints for every feature, documentation, tests of all crates.
# Installs what the C backends need (cmake; QDLDL's sources) and the libraries that are loaded at run time, where it can.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() { printf '\n== %s\n' "$*"; "$@"; }

# shellcheck source=scripts/osqp-offline.sh
source scripts/osqp-offline.sh
# shellcheck source=scripts/vendor-libraries.sh
source scripts/vendor-libraries.sh

# All but good-lp-highs, which compiles HiGHS for minutes: scripts/test-good-lp-highs.sh checks it.
all=(--workspace --features bpqp/osqp,bpqp/good-lp,bpqp/dynamic,bpqp/train,bpqp-conformance/osqp)

step cargo fmt --all --check
step cargo fmt --manifest-path examples/third-party-backend/Cargo.toml --check
step cargo fmt --manifest-path fuzz/Cargo.toml --check
step cargo clippy "${all[@]}" --all-targets -- -D warnings
for features in "" native clarabel osqp good-lp dynamic io cli burn; do
    step cargo clippy -p bpqp --all-targets --no-default-features --features "$features" -- -D warnings
done
RUSTDOCFLAGS="-D warnings" step cargo doc "${all[@]}" --no-deps
for features in microlp clarabel; do
    step cargo clippy -p bpqp-good-lp --all-targets --no-default-features --features "$features" -- -D warnings
done
step cargo test "${all[@]}"
step scripts/third-party.sh
step scripts/includes.sh
