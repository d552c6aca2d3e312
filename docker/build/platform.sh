#!/bin/sh
# Finishes the folder APP once the platform's code is in it: bytecode, which a read-only container could not keep, and
# the jars of every profile, so that sessions need no network.
set -eu
: "${APP:=/app}"
cd "$APP"

.venv/bin/python -m compileall -q fq_platform
FQ_HOME="$APP/none" FQ_CACHE="$APP/cache" .venv/bin/python -c "
from fq_platform.resources.jars import jar_paths, pinned_jars
from fq_platform.settings import load_settings
jar_paths(load_settings(), pinned_jars())"
chmod -R a+rX cache
.venv/bin/fq --help >/dev/null
