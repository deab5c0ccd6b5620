#!/bin/sh
# Take an extension out of a PBX whose configuration is in git, and commit what that changed.
# usage: offboard.sh FOLDER NUMBER COLLEAGUE [OPTIONS OF TRUNKLINE, SUCH AS --profile acme]
set -eu
folder=$1 number=$2 colleague=$3
shift 3

# What is there now is committed first, so that the last commit shows the offboarding alone.
trunkline config export --out "$folder" "$@"
git -C "$folder" add --all .
git -C "$folder" diff --cached --quiet || git -C "$folder" commit --quiet --message "As the PBX is before $number leaves"

trunkline where-used "$number" "$@"
trunkline offboard "$number" --replace-with "$colleague" --then disable --apply --yes "$@"

trunkline config export --out "$folder" "$@"
git -C "$folder" add --all .
git -C "$folder" commit --quiet --message "Extension $number leaves; $colleague takes over"
git -C "$folder" show --stat --format=%s
