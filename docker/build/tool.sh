#!/bin/sh
# Installs one package of uv.lock, PACKAGE, into an environment of its own, TOOL; APP is the folder with uv.lock.
set -eu
: "${APP:=/app}" "${TOOL:=/opt/$PACKAGE}"
cd "$APP"

.ci/bootstrap locked "$TOOL" "$PACKAGE"
