#!/usr/bin/env bash
# Runs the end-to-end tests with real clients, in a Python environment of their own. Arguments go to pytest: a file of
# Tests/EndToEnd for that one alone.
set -euo pipefail

cd "$(dirname "$0")/.."
environment=${LENS_PYTHON_ENVIRONMENT:-$PWD/.build/end-to-end}
requirements=Tests/EndToEnd/requirements.txt
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    echo "end-to-end: installing $(tr '\n' ' ' < "$requirements")" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$environment/requirements.txt"
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "end-to-end: network namespaces need root; run this as root" >&2
        exit 1
    }
    run=(sudo --preserve-env "PATH=$PATH")
fi
[[ ${1:-} == Tests/EndToEnd/* ]] || set -- Tests/EndToEnd "$@"
exec "${run[@]}" "$environment/bin/pytest" -q -p no:cacheprovider --rootdir Tests/EndToEnd "$@"
