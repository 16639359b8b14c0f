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

step cargo fmt --all --check
step cargo fmt --manifest-path examples/third-party-backend/Cargo.toml --check
step cargo clippy --workspace --all-targets --all-features -- -D warnings
for features in "" native clarabel osqp dynamic io cli; do
    step cargo clippy -p bpqp --all-targets --no-default-features --features "$features" -- -D warnings
done
RUSTDOCFLAGS="-D warnings" step cargo doc --workspace --all-features --no-deps
step cargo test --workspace --all-features
step scripts/third-party.sh
step scripts/includes.sh
