#!/usr/bin/env bash
# Every file that the book includes must exist: mdBook itself only warns.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../docs/src"
grep -oH '{{#[a-z_]*include [^}]*}}' ./*.md | sed -E 's/^(.*):\{\{#[a-z_]*include ([^:}]*).*$/\1 \2/' | while read -r page file; do
    test -f "$file" || { echo "docs/src/$page includes $file, which does not exist" >&2; exit 1; }
done
