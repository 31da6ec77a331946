# Sourced by scripts/dam and scripts/test: makes .venv and installs what the lock file names. Needs only python3 >= 3.11.
# usage: . scripts/setup.sh LOCKFILE STAMP

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lock="$root/$1"
stamp="$root/.venv/$2"
unset PYTHONDONTWRITEBYTECODE # without bytecode every start costs two to three times as much

find_python() {
    local candidate
    for candidate in "${DAM_PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Headwater needs Python 3.11 or newer with venv (Debian: apt install python3-venv)." >&2
    exit 1
}

key=$(cat "$lock" "$root/pyproject.toml" | cksum)-$root
if [ ! -x "$root/.venv/bin/dam" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$key" ]; then
    python=$(find_python)
    echo "Setting up $root/.venv (once; later starts are quick) ..." >&2
    # A set-up that was interrupted may have left half an environment.
    "$root/.venv/bin/python" -c 'import sys, pip; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null ||
        "$python" -m venv --clear "$root/.venv"
    "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock" >&2
    "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable "$root" >&2
    "$root/.venv/bin/python" -m compileall -q "$root/dam" "$root/cli" "$root/api" "$root/schemas" "$root/migrations"
    printf '%s' "$key" >"$stamp"
fi
