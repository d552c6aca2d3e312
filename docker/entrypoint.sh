#!/bin/sh
# What a container does, by its first word. Anything else is run as it stands: `fq tables`, `dagster api grpc …`.
#
#   dev          Dagster's UI and daemon in one container
#   webserver, daemon, code-server
#                the parts of Dagster, each in a container of its own; docker/workspace.yaml says where the code server is
#   etl …        `fq sync …`: MongoDB is read once
#   dashboard, notebook
#                the two pages
#   all-in-one   both pages, under supervisor
#   prepare      once: the catalog's database, the bucket and the catalog, unless they exist
#   sample       once: the sample business, into the MongoDB of MONGO_URI
#   s3           a server with S3's API, whose only key is AWS_ACCESS_KEY_ID
#   healthy WHAT whether that part answers: for health checks
#
# LISTEN_HOST and LISTEN_PORT: where a server listens. A container is reached from outside at all its addresses or not at
# all; which ports are published, and to whom, is said where it is started.
set -eu
app=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$app/.venv/bin:$PATH"
: "${LISTEN_HOST:=0.0.0.0}" "${DAGSTER_HOME:=${FQ_HOME:=/data}/dagster}"
export FQ_HOME DAGSTER_HOME TMPDIR="${TMPDIR:-/tmp}"

default_port() {
    case $1 in
        dev | webserver) echo 3000 ;;
        code-server) echo 4000 ;;
        dashboard) echo 8501 ;;
        notebook) echo 8888 ;;
        s3) echo 8333 ;;
        *) echo 0 ;;
    esac
}

# Containers share the folder: each puts the file there in one step. With PostgreSQL if there is one, else with SQLite.
prepare_instance() {
    configuration=$app/dagster.yaml
    [ -z "${DAGSTER_POSTGRES_HOST:-}" ] || configuration=$app/docker/dagster.yaml
    mkdir -p "$DAGSTER_HOME"
    draft=$(mktemp "$DAGSTER_HOME/dagster.yaml.XXXXXX")
    cat "$configuration" >"$draft"
    mv "$draft" "$DAGSTER_HOME/dagster.yaml"
}

answers() { # PORT PATH
    python -ISc '
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
connection.request("GET", sys.argv[2])
sys.exit(connection.getresponse().status != 200)' "$@" 2>/dev/null
}

healthy() {
    port=${LISTEN_PORT:-$(default_port "$1")}
    case $1 in
        dev | webserver) answers "$port" /server_info ;;
        code-server) dagster api grpc-health-check --port "$port" >/dev/null 2>&1 ;;
        daemon) dagster-daemon liveness-check >/dev/null 2>&1 ;;
        dashboard) answers "$port" /_stcore/health ;;
        notebook) answers "$port" /login ;;
        s3) answers "$port" /healthz ;;
        all-in-one)
            answers "${DASHBOARD_PORT:=8501}" /_stcore/health && answers "${NOTEBOOK_PORT:=8888}" /login
            ;;
        *) echo "healthy: nothing is known of '$1'" >&2 && return 2 ;;
    esac
}

# Of its parts only S3 is reached from outside; it knows its key from the environment, and lets in nobody without one.
serve_s3() {
    data=${S3_DATA:-/data}
    rm -rf "$data"/m[0-9]* # what it knew of itself: with it an election takes 15 seconds
    export GOMEMLIMIT="${GOMEMLIMIT:-400MiB}" WEED_MASTER_VOLUME_GROWTH_COPY_1=1
    exec weed -logtostderr=true server -dir="$data" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
        -master.port="${S3_MASTER_PORT:-9333}" -master.telemetry=false -master.electionTimeout=1s \
        -master.volumeSizeLimitMB=1024 \
        -volume.port="${S3_VOLUME_PORT:-9340}" -volume.max=100000 -volume.preStopSeconds=0 \
        -filer -filer.port="${S3_FILER_PORT:-9350}" -filer.disableHttp \
        -s3 -s3.ip.bind="$LISTEN_HOST" -s3.port="$1" -s3.port.iceberg=0 -s3.port.lance=0 -s3.autoCreateBucket=false
}

what=${1:-dev}
[ $# = 0 ] || shift
port=${LISTEN_PORT:-$(default_port "$what")}
case $what in
    dev)
        prepare_instance
        exec dagster dev --host "$LISTEN_HOST" --port "$port" --workspace "$app/workspace.yaml" "$@"
        ;;
    webserver)
        prepare_instance
        exec dagster-webserver --host "$LISTEN_HOST" --port "$port" --workspace "$app/docker/workspace.yaml" "$@"
        ;;
    daemon)
        prepare_instance
        exec dagster-daemon run --workspace "$app/docker/workspace.yaml" "$@"
        ;;
    code-server)
        prepare_instance
        exec dagster api grpc --host "$LISTEN_HOST" --port "$port" --module-name fq_platform.definitions "$@"
        ;;
    etl) exec fq sync "$@" ;;
    dashboard) exec fq dashboard --host "$LISTEN_HOST" --port "$port" "$@" ;;
    notebook) exec fq notebook --host "$LISTEN_HOST" --port "$port" --no-browser --early "$@" ;;
    all-in-one)
        export APP="$app" DASHBOARD_PORT="${DASHBOARD_PORT:-8501}" NOTEBOOK_PORT="${NOTEBOOK_PORT:-8888}"
        exec "${SUPERVISORD:-/opt/supervisor/bin/supervisord}" --configuration "$app/docker/supervisord.conf" "$@"
        ;;
    prepare) exec python -P "$app/docker/prepare.py" "$@" ;;
    sample) exec python -P "$app/docker/sample.py" "$@" ;;
    s3) serve_s3 "$port" ;;
    healthy) healthy "${1:-dev}" ;;
    *) exec "$what" "$@" ;;
esac
