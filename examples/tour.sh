#!/usr/bin/env sh
# The tour behind `make run`: a workspace over the example handbook, three questions, and one explanation.
set -eu
workspace="${1:-demo}"
here="$(cd "$(dirname "$0")" && pwd)"

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }

if [ ! -f "$workspace/headrace.toml" ]; then
  say "headrace init $workspace --source docs"
  mkdir -p "$workspace"
  cp -R "$here/handbook" "$workspace/docs"
  headrace init "$workspace" --source "$workspace/docs"
fi
cd "$workspace"

say "headrace sync"
# One file of the handbook is broken on purpose: it is reported, the rest goes on, and the exit code is 1.
headrace sync || [ "$?" -eq 1 ]

for question in \
  "How long are redacted traces kept under the 2026 retention policy?" \
  "Which query prefix does reed-embed-3 need for questions?" \
  "How many documents were removed by the partial listing in INC-0138?"; do
  say "headrace ask \"$question\""
  headrace ask "$question"
done

trace="$(headrace ask "How long are redacted traces kept under the 2026 retention policy?" --json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["trace_id"])')"
say "headrace why $trace"
headrace why "$trace"

say "headrace status"
headrace status
