#!/bin/sh
# Installs Python's packages, in the versions of uv.lock, into .venv of the folder APP; EXTRAS says which, and PACKAGES
# what else of uv.lock, such as dagster-k8s. The platform's own code may come later: its folder is put on the path.
# (Of a folder without a module the build would make nothing.)
set -eu
: "${APP:=/app}" "${EXTRAS:=postgres dashboard notebook trino athena connect}" "${PACKAGES:=}"
cd "$APP"

mkdir -p fq_platform
[ -e fq_platform/__init__.py ] || touch fq_platform/__init__.py
# Words: each is an extra, or a package.
# shellcheck disable=SC2086
.ci/bootstrap image $EXTRAS
# shellcheck disable=SC2086
[ -z "$PACKAGES" ] || .ci/bootstrap locked "$APP/.venv" $PACKAGES
