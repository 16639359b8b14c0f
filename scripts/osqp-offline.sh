#!/usr/bin/env bash
# Builds the OSQP backend where CMake cannot reach GitHub.
#
#   scripts/osqp-offline.sh cargo test -p bpqp-osqp      # runs the command with the right environment
#   source scripts/osqp-offline.sh                       # sets the environment of this shell
#
# Why it exists: osqp-sys 1.x ships OSQP's C sources, but not those of its linear solver QDLDL. OSQP's CMake project
# clones them from GitHub during the build, which fails behind a proxy, in a sandbox, or on a plane, even where the
# package registry is mirrored. The older package osqp-sys 0.6.3 still contains QDLDL. This script fetches that package
# with cargo, and names its QDLDL folder to CMake through a toolchain file; CMake's FetchContent then downloads nothing.
#
# It writes below target/osqp-offline (or $OSQP_OFFLINE_DIR) alone, and does nothing there when run again. Where cmake
# is missing it tries apt-get, then a virtual environment with cmake from PyPI. With a network, none of this is needed.

_osqp_offline_say() { echo "osqp-offline: $*" >&2; }

# Fetches osqp-sys 0.6.3 and prints nothing; $1 is the cache folder.
_osqp_offline_fetch() {
    local dir=$1
    mkdir -p "$dir/fetch/src" && : > "$dir/fetch/src/lib.rs" || return 1
    cat > "$dir/fetch/Cargo.toml" <<'TOML' || return 1
[package]
name = "osqp-offline-fetch"
version = "0.0.0"
edition = "2021"
publish = false

[dependencies]
osqp-sys = "=0.6.3"

[workspace]
TOML
    (cd "$dir/fetch" && cargo vendor --quiet --versioned-dirs "$dir/vendor" > /dev/null)
}

# Leaves a working `cmake` on the PATH; $1 is the cache folder.
_osqp_offline_cmake() {
    local dir=$1
    [ -x "$dir/venv/bin/cmake" ] && PATH="$dir/venv/bin:$PATH"
    command -v cmake > /dev/null && return 0
    _osqp_offline_say "cmake is missing; trying apt-get, then PyPI"
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        { apt-get update && apt-get install -y --no-install-recommends cmake; } > /dev/null 2>&1 && return 0
    fi
    python3 -m venv "$dir/venv" > /dev/null 2>&1 && "$dir/venv/bin/pip" install --quiet cmake && PATH="$dir/venv/bin:$PATH"
    command -v cmake > /dev/null && return 0
    _osqp_offline_say "no cmake: install it and run this again"
    return 1
}

_osqp_offline_main() {
    local root dir qdldl
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || return 1
    dir=${OSQP_OFFLINE_DIR:-$root/target/osqp-offline}
    mkdir -p "$dir" && dir=$(cd "$dir" && pwd) || return 1
    qdldl=$dir/vendor/osqp-sys-0.6.3/osqp/lin_sys/direct/qdldl/qdldl_sources
    if [ ! -f "$qdldl/CMakeLists.txt" ]; then
        _osqp_offline_say "fetching QDLDL's sources (package osqp-sys 0.6.3)"
        _osqp_offline_fetch "$dir" || { _osqp_offline_say "cargo could not fetch osqp-sys 0.6.3"; return 1; }
        [ -f "$qdldl/CMakeLists.txt" ] || { _osqp_offline_say "no QDLDL in $qdldl"; return 1; }
    fi
    _osqp_offline_cmake "$dir" || return 1
    # Written only when it differs, so that CMake sees no change from one run to the next.
    local line="set(FETCHCONTENT_SOURCE_DIR_QDLDL \"$qdldl\" CACHE PATH \"\" FORCE)"
    [ "$(cat "$dir/toolchain.cmake" 2> /dev/null)" = "$line" ] || echo "$line" > "$dir/toolchain.cmake" || return 1
    export PATH CMAKE_TOOLCHAIN_FILE=$dir/toolchain.cmake
}

if [ "${BASH_SOURCE[0]}" != "$0" ]; then
    _osqp_offline_main
elif [ $# -eq 0 ]; then
    echo "usage: scripts/osqp-offline.sh COMMAND [ARGUMENT ...]" >&2
    exit 2
else
    _osqp_offline_main && exec "$@"
fi
