# The helper's part that starts jobs. A job lives in a folder of its own (a slot), detached from the connection; a file named by the
# job's id tells which. Making folders and starting programs is what a short job would mostly wait for, so folders are made many at a
# time, and one runner always stands ready in the next of them. It ends by itself when the helper does.

zh_prepare() { # more slots if there are none, and a runner for the next
    local n dirs=() pipes=() zh_dir
    [[ $zh_ready ]] && return
    if ((!${#zh_slots[@]})); then
        for n in 1 2 3 4 5 6 7 8; do
            dirs+=("$zh_jobs/slot-$$-$RANDOM$RANDOM-$n")
            pipes+=("${dirs[-1]}/go" "${dirs[-1]}/pipe1" "${dirs[-1]}/pipe2" "${dirs[-1]}/trouble")
        done
        if ! { mkdir "${dirs[@]}" && mkfifo "${pipes[@]}"; }; then
            rm -rf "${dirs[@]}"
            return 1
        fi
        zh_slots=("${dirs[@]}")
    fi
    zh_dir=${zh_slots[0]}
    { : >"$zh_dir/out1" && : >"$zh_dir/out2"; } || return
    set -m # a process group of its own
    zh_job </dev/null >/dev/null 5>&- &
    set +m
    exec 5>"$zh_dir/go" # waits until the runner has opened its end
    zh_ready=yes
}

zh_find() { # id: sets zh_dir to its folder
    local slot n
    zh_dir=
    for ((n = 0; n < 50; n++)); do
        [[ -e $zh_jobs/$1 ]] || return 1
        if read -r slot <"$zh_jobs/$1"; then # its newline is there: the name is whole
            zh_dir=$zh_jobs/$slot
            return 0
        fi
        zh_wait 0.02
    done
    return 1
}

zh_start() { # takes zh_id for the next slot and tells its runner to go
    local feeder= real
    zh_prepare || { zh_fail mkdir "$zh_jobs/probe"; return 1; }
    zh_dir=${zh_slots[0]}
    if ! printf '%s' "$zh_script" >"$zh_dir/script"; then
        zh_fail dd if=/dev/zero "of=$zh_dir/probe" bs=4096 count=8
        return 1
    fi
    set -C # only one can make the file: a job runs once
    printf '%s\n' "${zh_dir##*/}" >"$zh_jobs/$zh_id"
    real=$?
    set +C
    if ((real != 0)); then
        zh_find "$zh_id" && return 0
        rm -f "$zh_jobs/$zh_id"
        zh_fail dd if=/dev/zero "of=$zh_dir/probe" bs=4096 count=8
        return 1
    fi
    zh_slots=("${zh_slots[@]:1}")
    if [[ $zh_pw ]]; then
        real=$(type -P sudo)
        if [[ $real ]] && zh_ask "$zh_dir" "$real"; then
            zh_feed "$zh_dir" </dev/null >/dev/null 5>&- 9>&- &
            feeder=$!
            printf '%s\n' "$feeder" >"$zh_dir/feeder"
        fi
    fi
    printf '%s\0' "$zh_id" "$zh_merge" "$feeder" ${#zh_env[@]} "${zh_env[@]}" >&5
    exec 5>&-
    zh_ready=
}

# The job writes into pipes, never into the files themselves: a script's `>/dev/stderr` would empty those. cat carries the bytes; should
# it stop (a full disk), another reads on for nobody, so that the job does not hang, and its words are kept in the pipe `trouble`.
zh_job() {
    local job pumps=() code trouble line n zh_id zh_merge zh_env=() feeder
    exec 3<"$zh_dir/go"
    IFS= read -r -d '' line <"/proc/$BASHPID/stat"
    line=(${line##*) })
    printf '%s %s %s\n' "$BASHPID" "${line[19]:--}" "$zh_boot" >"$zh_dir/pid"
    exec 6<>"$zh_dir/trouble" 7<>"$zh_dir/pipe1" 8<>"$zh_dir/pipe2"
    zh_pump 1
    zh_ordered <&3 || exit 0
    exec 3<&-
    [[ $zh_merge == 1 ]] || zh_pump 2
    zh_become </dev/null >"$zh_dir/pipe1" 6>&- 7>&- 8>&- 9>&- &
    job=$!
    while kill -0 "$job"; do
        wait -n "$job" "${pumps[@]}"
        for n in "${!pumps[@]}"; do
            kill -0 "${pumps[n]}" && continue
            cat <"$zh_dir/pipe$n" >/dev/null 6>&- 7>&- 8>&- 9>&- &
            pumps[n]=$!
        done
    done
    wait "$job"
    code=$?
    zh_drained 7 "${pumps[1]}"
    [[ $zh_merge == 1 ]] || zh_drained 8 "${pumps[2]}"
    trouble=
    read -r -t 0 -u 6 && read -r -t 1 -u 6 trouble
    # One short write, ended by its newline: without it nobody takes the file for an end
    line=
    printf '%s %s\n' "$code" "$trouble" >"$zh_dir/exit" || line="$zh_id $code $trouble"
    printf '%s\n' "$line" >&9
    [[ $feeder ]] && kill "$feeder"
    exit 0
}

zh_ordered() { # the order to run: what the job is; none comes if the helper ended
    local pair
    IFS= read -r -d '' zh_id && IFS= read -r -d '' zh_merge && IFS= read -r -d '' feeder && IFS= read -r -d '' n || return 1
    while ((n-- > 0)); do
        IFS= read -r -d '' pair || return 1
        zh_env+=("$pair")
    done
}

zh_pump() { # channel
    LC_ALL=C cat <"$zh_dir/pipe$1" >>"$zh_dir/out$1" 2>&6 3<&- 6>&- 7>&- 8>&- 9>&- &
    pumps[$1]=$!
}

zh_become() { # becomes the script: nothing of the helper's own settings is left
    local pair
    if [[ $zh_merge == 1 ]]; then exec 2>&1; else exec 2>"$zh_dir/pipe2"; fi
    umask "$zh_umask"
    set -- "$BASH" --noprofile --norc -euo pipefail "$zh_dir/script"
    [[ $feeder ]] && zh_env+=("SUDO_ASKPASS=$zh_dir/askpass" "PATH=$zh_dir/bin:$PATH")
    zh_env+=("ZHINAN_JOB=$zh_id")
    unset LC_ALL
    [[ $zh_lc_set ]] && export LC_ALL="$zh_lc"
    for pair in "${zh_env[@]}"; do export "${pair?}"; done
    exec "$@"
}

zh_drained() { # descriptor, pump: returns when all that was written before now is in the file
    local state
    while kill -0 "$2"; do
        if ! read -r -t 0 -u "$1"; then
            # The pipe is empty; a pump that sleeps waits for more, one that runs still has bytes in its hands
            if [[ ! -r /proc/$2/stat ]]; then
                [[ -d /proc/self ]] || zh_wait 0.1
                return
            fi
            IFS= read -r -d '' state <"/proc/$2/stat"
            state=${state##*) }
            [[ $state == [SZ]* ]] && return
        fi
        zh_wait 0.001
    done
}
