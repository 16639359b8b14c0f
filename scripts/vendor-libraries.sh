#!/usr/bin/env bash
# Installs the solver libraries that the tests of the run-time loaded backends use, from PyPI, outside of the repository.
#
#   source scripts/vendor-libraries.sh            # sets the environment of this shell
#
# HiGHS is free. Xpress comes with a community license, which solves small problems. Gurobi's and MOSEK's libraries load
# and refuse to solve without a license: the tests check how that is reported. CPLEX is used only where its user set
# BPQP_CPLEX_LIBRARY. Whoever has licenses of their own sets BPQP_<NAME>_LIBRARY, and that is left alone.
#
# It writes into $BPQP_VENDOR_DIR, by default ~/.cache/bpqp/vendor-libraries, and does nothing there when run again.

_vendor_say() { echo "vendor-libraries: $*" >&2; }

# Installs package $1; false where that is not possible.
_vendor_install() {
    "$_vendor_dir/bin/pip" install --quiet --disable-pip-version-check "$1" >&2 && return 0
    _vendor_say "NOT INSTALLED: $1; the tests of this library will be skipped"
    return 1
}

# Names the library of backend $1 in folder $2, unless the user did.
_vendor_name() {
    local variable=BPQP_${1}_LIBRARY
    [ -n "${!variable:-}" ] || export "$variable=$2"
}

_vendor_main() {
    _vendor_dir=${BPQP_VENDOR_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/bpqp/vendor-libraries}
    [ -x "$_vendor_dir/bin/pip" ] || python3 -m venv "$_vendor_dir" >&2 || return 1
    local packages
    packages=$("$_vendor_dir/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))') || return 1
    export BPQP_EXPECTED_LIBRARIES=highs
    [ -d "$packages/highsbox" ] || _vendor_install highsbox
    _vendor_name HIGHS "$packages/highsbox/highs_dist/lib"
    if [ -d "$packages/xpresslibs" ] || _vendor_install xpresslibs; then
        _vendor_name XPRESS "$packages/xpresslibs/lib"
        [ -n "${XPAUTH_PATH:-}" ] || export XPAUTH_PATH="$packages/xpresslibs/bin/community-xpauth.xpr"
        BPQP_EXPECTED_LIBRARIES+=,xpress
    fi
    if [ -d "$packages/gurobipy" ] || _vendor_install gurobipy; then _vendor_name GUROBI "$packages/gurobipy/.libs"; fi
    if [ -d "$packages/mosek" ] || _vendor_install mosek; then _vendor_name MOSEK "$packages/mosek"; fi
}

if ! _vendor_main; then
    _vendor_say "no virtual environment could be made (is python3-venv installed?); nothing is set"
fi
