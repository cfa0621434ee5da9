# Runs one job on a server, detached from the connection: bash -c TEXT zhinan FOLDER MERGE UMASK FEEDER BOOT
# The job writes into named pipes, never into the files themselves: a script's `>/dev/stderr` would empty those. Descriptor 9 wakes the
# helper. Whoever comes second finds `started` and leaves: a job runs once.
zh_dir=$1 zh_merge=$2 zh_umask=$3 zh_feeder=$4 zh_boot=$5
umask 077
set -C
: >"$zh_dir/started" || exit 0
set +C
zh_fields=
[[ -r /proc/$$/stat ]] && IFS= read -r -d '' zh_fields <"/proc/$$/stat"
zh_fields=(${zh_fields##*) })
printf '%s %s %s\n' "$$" "${zh_fields[19]:--}" "$zh_boot" >"$zh_dir/pid"

exec 6<>"$zh_dir/trouble" 7<>"$zh_dir/pipe1" 8<>"$zh_dir/pipe2"
# tee goes on reading when the disk is full, so that the job is not stopped by it; what it says then is kept in the pipe `trouble`
LC_ALL=C tee -a "$zh_dir/out1" <"$zh_dir/pipe1" >/dev/null 2>&6 6>&- 7>&- 8>&- 9>&- &
zh_pump1=$!
zh_pump2=
if [[ $zh_merge == 0 ]]; then
    LC_ALL=C tee -a "$zh_dir/out2" <"$zh_dir/pipe2" >/dev/null 2>&6 6>&- 7>&- 8>&- 9>&- &
    zh_pump2=$!
fi
(
    umask "$zh_umask"
    if [[ $zh_merge == 0 ]]; then exec 2>"$zh_dir/pipe2"; else exec 2>&1; fi
    exec "$BASH" --noprofile --norc -euo pipefail "$zh_dir/script"
) </dev/null >"$zh_dir/pipe1" 6>&- 7>&- 8>&- 9>&- &
wait "$!"
zh_code=$?

zh_drained() { # descriptor, pump: returns when all that was written before now is in the file
    local state
    while kill -0 "$2"; do
        if ! read -r -t 0 -u "$1"; then
            # The pipe is empty; a pump that sleeps waits for more, one that runs still has bytes in its hands
            [[ -r /proc/$2/stat ]] || { [[ -d /proc/self ]] && return; read -r -t 0.1 -u 9; return; }
            IFS= read -r -d '' state <"/proc/$2/stat"
            state=${state##*) }
            [[ $state == [SZ]* ]] && return
        fi
        read -r -t 0.002 -u 9
    done
}
zh_drained 7 "$zh_pump1"
[[ $zh_pump2 ]] && zh_drained 8 "$zh_pump2"
zh_trouble=
read -r -t 0 -u 6 && IFS= read -r -t 1 -u 6 zh_trouble
# One short write, ended by its newline: without it nobody takes the file for an end
printf '%s %s\n' "$zh_code" "$zh_trouble" >"$zh_dir/exit"
printf '%s %s %s\n' "${zh_dir##*/}" "$zh_code" "$zh_trouble" >&9
[[ $zh_feeder ]] && kill "$zh_feeder"
exit 0
