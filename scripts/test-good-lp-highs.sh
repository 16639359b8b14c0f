#!/usr/bin/env bash
# Checks the backend good-lp-highs, which scripts/test.sh leaves out: compiling HiGHS takes eight minutes of processor time.
# Installs what that needs (cmake, a C++ compiler, libclang) with apt-get, where it is missing and may be installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v cmake >/dev/null || ! command -v c++ >/dev/null || ! compgen -G '/usr/lib/llvm*/lib/libclang*.so*' >/dev/null; then
    apt-get install -y cmake g++ libclang-dev
fi
cargo clippy -p bpqp-good-lp --all-targets --no-default-features --features highs -- -D warnings
cargo test -p bpqp-good-lp --features highs
cargo test -p bpqp --features good-lp-highs --test netlib
cargo test -p bpqp-conformance --features good-lp-highs --test good_lp_highs
