#!/usr/bin/env bash
# Lets the COPT that is on PyPI, as a Python package without C functions, stand in for its C library in tests. Without a
# license it solves problems of up to 2000 rows and columns.
#
#   source scripts/copt-bridge.sh
#   cargo test -p bpqp-conformance --test dynamic
#
# It writes into $BPQP_VENDOR_DIR/copt, by default ~/.cache/bpqp/vendor-libraries/copt; needs python3-venv and a C compiler.

_copt_bridge() {
    local folder=${BPQP_VENDOR_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/bpqp/vendor-libraries}/copt source version
    source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../backends/dynamic/tests/bridge" && pwd) || return 1
    [ -x "$folder/bin/pip" ] || python3 -m venv "$folder" >&2 || return 1
    "$folder/bin/python" -c 'import importlib.util as u, sys; sys.exit(u.find_spec("coptpy") is None)' ||
        "$folder/bin/pip" install --quiet --disable-pip-version-check coptpy >&2 || return 1
    version=$("$folder/bin/python" -c 'from importlib.metadata import version; print(version("coptpy"))') || return 1
    "${CC:-cc}" -shared -fPIC -O1 -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -pthread \
        -DPYTHON="\"$folder/bin/python\"" -DSERVER="\"$source/copt.py\"" \
        -DVERSION="\"$version\"" -o "$folder/libcopt.so" "$source/copt.c" -lm || return 1
    export BPQP_COPT_LIBRARY=$folder/libcopt.so
    [ -z "${BPQP_EXPECTED_LIBRARIES:-}" ] || export BPQP_EXPECTED_LIBRARIES+=,copt
}

_copt_bridge || echo "copt-bridge: nothing is set" >&2
