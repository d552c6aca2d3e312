#!/bin/sh
# Installs what comes from Debian: the packages of packages.txt, one a line. ROOT is the folder whose package lists are removed
# afterwards, "" for the machine's own; APT_UPDATE and APT_INSTALL may be commands that change nothing.
set -eu
: "${ROOT=}" "${APT_UPDATE:=apt-get update}" "${APT_INSTALL:=apt-get install --yes --no-install-recommends}"
export DEBIAN_FRONTEND=noninteractive

$APT_UPDATE
xargs $APT_INSTALL <"$(dirname "$0")/packages.txt"
rm -rf "$ROOT/var/lib/apt/lists"/*
