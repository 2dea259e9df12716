#!/usr/bin/env bash
# Installs what the comparison needs: Debian packages, and pyOpenSSL in .build/venv for the calls at Janus.
set -euo pipefail
cd "$(dirname "$0")"

# Daemons that Debian would start on installation stay as they are; the comparison starts its own.
../../scripts/install-packages.sh gcc make libssl-dev iproute2 python3 python3-venv rtpengine-daemon janus \
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad

if ! .build/venv/bin/python -c 'import OpenSSL' 2>/dev/null; then
    echo "installing: pyOpenSSL in Benchmarks/peers/.build/venv"
    mkdir -p .build
    python3 -m venv .build/venv
    .build/venv/bin/pip install --quiet pyOpenSSL
fi
