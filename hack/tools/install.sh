#!/usr/bin/env bash
# Builds a pinned tool (a folder beside this file) into the cache outside the tree, once for each pinned version, and
# prints its path.
set -euo pipefail
name=$1
cd "$(dirname "${BASH_SOURCE[0]}")/$name"
key=$(cat go.mod go.sum | sha256sum | cut -c1-12)
bin=${EDICT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edict}/tools/$name-$key
if [ ! -x "$bin" ]; then
  echo "building $name (minutes when nothing is cached, once)" >&2
  mkdir -p "${bin%/*}"
  # A tool that needs an older Go than ours says so in its go.mod; the go command fetches that toolchain.
  toolchain=go$(awk '$1 == "go" {print $2}' go.mod)
  package=$(awk '$1 == "tool" {print $2}' go.mod)
  [ "$toolchain" = "go1.26.0" ] && toolchain=local
  GOTOOLCHAIN=$toolchain GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$bin.$$" "$package" >&2
  mv "$bin.$$" "$bin"
fi
echo "$bin"
