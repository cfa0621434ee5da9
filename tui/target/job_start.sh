# The helper's part that starts jobs, detached from the connection.
# A job has a folder (a slot) and a file named by its id: line 1 is the slot, the runner's process number, its start time and the boot it
# belongs to; line 2, once there, the exit code and what went wrong with the output. Making files and starting programs is what a short
# job would mostly wait for, so slots are made many at a time, and one runner always stands ready in the next. It leaves with the helper.

zh_prepare() { # more slots if there are none, and a runner for the next
    local n dirs=() zh_dir line
    [[ $zh_ready ]] && return
    if ((!${#zh_slots[@]})); then
        for ((n = zh_batch; n > 0; n--)); do dirs+=("$zh_jobs/slot_$$_$RANDOM$RANDOM$n"); done
        zh_batch=24
        if ! { mkdir "${dirs[@]}" && mkfifo "${dirs[@]/%//pipe1}"; }; then
            rm -rf "${dirs[@]}"
            return 1
        fi
        zh_slots=("${dirs[@]}")
    fi
    zh_dir=${zh_slots[0]}
    : >"$zh_dir/out1" || return
    set -m # a process group of its own
    zh_job </dev/null >/dev/null 5>&- &
    set +m
    exec 5>"$zh_go" # waits until the runner has opened its end
    IFS= read -r -d '' line <"/proc/$!/stat"
    line=(${line##*) })
    zh_ready="$! ${line[19]:--} $zh_boot"
}

zh_look() { # id, tries: what is known of it, in zh_dir, zh_pid, zh_born, zh_epoch, zh_code and zh_trouble
    local slot n
    zh_dir= zh_code= zh_trouble=
    for ((n = ${2:-50}; n > 0; n--)); do
        [[ -e $zh_jobs/$1 ]] || return 1
        if { read -r slot zh_pid zh_born zh_epoch && { read -r zh_code zh_trouble || zh_code=; }; } <"$zh_jobs/$1"; then
            zh_dir=$zh_jobs/$slot
            return 0
        fi
        ((n == 1)) || zh_doze 0.02 # its newline is still to come, or it has just been removed
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
    [[ $zh_merge == 1 ]] || { : >"$zh_dir/out2" && mkfifo "$zh_dir/pipe2"; } || { zh_fail mkfifo "$zh_dir/probe"; return 1; }
    set -C # only one can make the file: a job runs once
    printf '%s %s\n' "${zh_dir##*/}" "$zh_ready" >"$zh_jobs/$zh_id"
    real=$?
    set +C
    if ((real != 0)); then
        zh_look "$zh_id" && return 0
        rm -f "$zh_jobs/$zh_id"
        zh_fail dd if=/dev/zero "of=$zh_dir/probe" bs=4096 count=8
        return 1
    fi
    zh_slots=("${zh_slots[@]:1}")
    if [[ $zh_pw ]]; then
        real=$(type -P sudo)
        if [[ $real ]] && zh_ask "$zh_dir" "$real"; then
            zh_feed "$zh_dir" </dev/null >/dev/null 5>&- 6>&- 9>&- &
            feeder=$!
            printf '%s\n' "$feeder" >"$zh_dir/feeder"
        fi
    fi
    printf '%s\0' "$zh_id" "$zh_merge" "$feeder" ${#zh_env[@]} "${zh_env[@]}" >&5
    exec 5>&-
    zh_ready=
}

# The job writes into pipes, never into the files themselves: a script's `>/dev/stderr` would empty those. cat carries the bytes; should
# it stop (a full disk), another reads on for nobody, so that the job does not hang, and its end is not taken for a good one. Each cat has
# a parent of its own: to wait for several at once there is only `wait -n`, which misses a job that ends just while it begins.
zh_job() {
    local job pumps=() code trouble= line n zh_id zh_merge zh_env=() feeder
    exec 3<"$zh_go" 7<>"$zh_dir/pipe1"
    zh_pump 1
    zh_ordered <&3 || exit 0
    exec 3<&-
    if [[ $zh_merge != 1 ]]; then
        exec 8<>"$zh_dir/pipe2"
        zh_pump 2
    fi
    zh_become </dev/null >"$zh_dir/pipe1" 7>&- 8>&- 6>&- 9>&- &
    job=$!
    wait "$job"
    code=$?
    zh_drained 7 "${pumps[1]}" || trouble="cat >out1"
    [[ $zh_merge == 1 ]] || zh_drained 8 "${pumps[2]}" || trouble="cat >out2"
    # One short write, ended by its newline: without it nobody takes the line for an end
    line=
    { [[ -e $zh_jobs/$zh_id ]] && printf '%s %s\n' "$code" "$trouble" >>"$zh_jobs/$zh_id"; } || line="$zh_id $code $trouble"
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
    read -r "pumps[$1]" < <(zh_carry "$1")
}

zh_carry() { # channel: says the number of the process that carries
    exec <"$zh_dir/pipe$1" 3<&- 6>&- 7>&- 8>&- 9>&-
    cat <&0 >>"$zh_dir/out$1" &
    printf '%s\n' "$!"
    exec >/dev/null
    wait "$!" || exec cat
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

zh_drained() { # descriptor, pump: returns when all that was written before now is in the file; 1 if the pump has ended
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
            [[ $state == S* ]] && return
        fi
        zh_wait 0.001
    done
    return 1
}
