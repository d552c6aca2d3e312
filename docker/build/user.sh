#!/bin/sh
# Makes the user that containers run as, with a name (Java asks for one) and no login, and the folder of its data.
# ROOT is the folder whose users they are, "" for the machine's own; USER_ID the number, which Kubernetes is told too.
set -eu
: "${ROOT=}" "${USER_ID:=10001}"

echo "fq:x:$USER_ID:" >>"$ROOT/etc/group"
echo "fq:x:$USER_ID:$USER_ID:FQ Platform:/data:/usr/sbin/nologin" >>"$ROOT/etc/passwd"
mkdir -p "$ROOT/data"
[ "$(id -u)" != 0 ] || chown "$USER_ID:$USER_ID" "$ROOT/data"
chmod 750 "$ROOT/data"
