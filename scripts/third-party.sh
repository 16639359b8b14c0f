#!/usr/bin/env bash
# A backend in a crate outside this repository: packages the crates as they would be published, builds the example in
# examples/third-party-backend from a folder elsewhere against these packages alone, runs the conformance suite on it,
# and looks for it in the output of `compare`. Dependencies come from the registry, as for anyone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
repo=$PWD
target=${CARGO_TARGET_DIR:-$repo/target}

# One folder per checkout, made afresh: what is built there replaces what was built last time.
work=${TMPDIR:-/tmp}/bpqp-third-party-$(id -u)-$(cksum <<<"$repo" | cut -d' ' -f1)
rm -rf "$work"
mkdir -p "$work/packages"
trap 'rm -rf "$work"' EXIT

# Warnings of `cargo package` are about what crates.io or a reader would miss, so none is accepted. The packages are
# those of the files as they are (--allow-dirty); that they build is what the rest of this script shows (--no-verify).
cargo package --workspace --no-verify --allow-dirty --target-dir "$target" 2>&1 | tee "$work/package.log"
if grep '^warning' "$work/package.log"; then
    echo "cargo package warns" >&2
    exit 1
fi

patches=()
while read -r crate version; do
    # --touch: packages carry one fixed date, which would hide a change from cargo.
    tar -xf "$target/package/$crate-$version.crate" -C "$work/packages" --touch
    for file in README.md LICENSE-MIT LICENSE-APACHE; do
        test -s "$work/packages/$crate-$version/$file" || { echo "$crate: no $file in its package" >&2; exit 1; }
    done
    patches+=(--config "patch.crates-io.$crate.path=\"$work/packages/$crate-$version\"")
done < <(sed -n 's/^ *Packaging \([^ ]*\) v\([^ ]*\) .*/\1 \2/p' "$work/package.log")

cp -R examples/third-party-backend "$work/third-party-backend"
cd "$work/third-party-backend"
rm -rf .cargo target # nothing here may point back into the checkout
if grep -rn 'path *=' Cargo.toml; then
    echo "the example must depend on versions alone" >&2
    exit 1
fi
# The versions and the profile of the workspace, so that compiled dependencies are shared with it.
cp "$repo/Cargo.lock" .
options=("${patches[@]}" --target-dir "$target" --config 'profile.dev.opt-level=1'
    --config 'profile.dev.package."*".opt-level=2' --config 'profile.dev.package."*".debug=false')

cargo clippy --all-targets "${options[@]}" -- -D warnings
cargo test "${options[@]}"
data=("$work"/packages/bpqp-[0-9]*/data)
cargo run "${options[@]}" -- compare "${data[0]}/HS35.QPS.gz" "${data[0]}/LOTSCHD.QPS.gz" | tee "$work/compare.txt"
test "$(grep -c 'dual-active-set *solved' "$work/compare.txt")" = 2
echo "A third party's backend builds against the packages alone, passes the suite and takes part in compare."
