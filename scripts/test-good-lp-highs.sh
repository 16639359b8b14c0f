#!/usr/bin/env bash
# The suite on HiGHS as compiled by good_lp: needs cmake, a C++ compiler and libclang, and about eight CPU-minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec cargo test -p bpqp-conformance --features good-lp-highs --test good_lp
