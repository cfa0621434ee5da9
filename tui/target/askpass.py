"""The bash text that answers sudo's question inside a job, the same on this computer and on a server.

The password lives in one shell variable of a process that nobody else can look into, and reaches sudo through a named pipe in the job's
own folder, written by a builtin. It is never an argument, an environment variable or the content of a file, and the script that runs
is untouched: a `sudo` found first in PATH only adds `-A` to what was typed.
"""

from __future__ import annotations

from typing import Final

ONCE: Final = "ZHINAN_SUDO_ONCE"
"""Set in the environment, the question is answered a single time: a wrong password is then tried once, not three times."""

FUNCTIONS: Final = r"""
zh_ask() { # folder, the real sudo: the pipe, the program that asks, and the shim
    mkdir -p "$1/bin" && { [[ -p $1/ask ]] || mkfifo "$1/ask"; } || return
    printf '%s\n' '#!/bin/sh' 'd=${0%/*}' \
        'if [ -n "$ZHINAN_SUDO_ONCE" ]; then [ -e "$d/asked" ] && exit 1; : >"$d/asked"; fi' \
        'IFS= read -r p <"$d/ask" && printf "%s\n" "$p"' >"$1/askpass" || return
    printf '%s\n' '#!/bin/sh' 'for a in "$@"; do case $a in' \
        '-S|-n|--stdin|--non-interactive) exec '"$2"' "$@";; -*) ;; *) break;; esac; done' \
        'exec '"$2"' -A "$@"' >"$1/bin/sudo" || return
    chmod 700 "$1/askpass" "$1/bin/sudo"
}
zh_feed() { # folder: writes $zh_pw to whoever opens the pipe, until it is ended
    trap '' PIPE HUP
    while [[ -p $1/ask ]]; do printf '%s\n' "$zh_pw" 2>/dev/null >"$1/ask"; done
}
"""

LAUNCH: Final = (
    FUNCTIONS
    + r"""
IFS= read -r -d '' zh_pw
zh_dir=$1
shift
zh_real=$(type -P sudo)
if [[ $zh_real ]]; then
    zh_ask "$zh_dir" "$zh_real" || exit 1
    zh_feed "$zh_dir" </dev/null >/dev/null 2>&1 &
    zh_feeder=$!
    export SUDO_ASKPASS=$zh_dir/askpass PATH=$zh_dir/bin:$PATH
fi
unset zh_pw
exec 3>&2 2>/dev/null
"$@" </dev/null 2>&3 3>&-
zh_code=$?
[[ $zh_feeder ]] && kill "$zh_feeder"
exit "$zh_code"
"""
)
"""For a job on this computer: `bash -c LAUNCH zhinan FOLDER COMMAND…`, with the password and a NUL on standard input."""
