#!/usr/bin/env sh
# Build the wheel, install it into an empty environment, and take it through its whole path.
set -eu
python="$1"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

"$python" -m build --wheel --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
"$python" -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet "$work"/dist/*.whl
mkdir "$work/docs"
printf '# Retention\n\nTraces are kept for ninety days.\n' >"$work/docs/retention.md"

cd "$work"
env/bin/headrace init smoke --source docs
env/bin/headrace --workspace smoke sync
env/bin/headrace --workspace smoke ask "How long are traces kept?" | tee answer.txt
grep -q "ninety days" answer.txt
echo "The installed wheel works."
