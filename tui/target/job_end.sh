# The helper's part that ends a job and clears away what is over.
# A group is not all: sudo with a terminal of its own, setsid and daemons leave it. So a job's family is found by group, parents and the mark
# in the environment, and each member is known by its start time too, because numbers are used again.

zh_members() { # fills zh_known[pid]=start with the job's living processes: session, group, parents, mark
    local file line pid more=yes
    local -A parent=() starts=() mine=()
    for file in /proc/[0-9]*/stat; do
        line=
        IFS= read -r -d '' line <"$file"
        pid=${file#/proc/} pid=${pid%/stat}
        line=(${line##*) })
        [[ ${line[0]} && ${line[0]} != [ZX] ]] || continue
        parent[$pid]=${line[1]} starts[$pid]=${line[19]}
        if [[ $zh_leader && ($pid == "$zh_leader" || ${line[2]} == "$zh_leader" || ${line[3]} == "$zh_leader") ]]; then mine[$pid]=1; fi
    done
    for file in $(grep -lszxF -- "ZHINAN_JOB=$zh_id" /proc/[0-9]*/environ); do
        pid=${file#/proc/} pid=${pid%/environ}
        [[ ${starts[$pid]} ]] && mine[$pid]=1
    done
    while [[ $more ]]; do
        more=
        for pid in "${!parent[@]}"; do
            if [[ ! ${mine[$pid]} && ${mine[${parent[$pid]}]} ]]; then mine[$pid]=1 more=yes; fi
        done
    done
    for pid in "${!mine[@]}"; do [[ $pid == "$$" ]] || zh_known[$pid]=${starts[$pid]}; done
    for pid in "${!zh_known[@]}"; do zh_same "$pid" "${zh_known[$pid]}" || unset "zh_known[$pid]"; done
}

zh_signal() { # TERM or KILL, to all known
    local pid denied=() sudo=(sudo -n)
    for pid in "${!zh_known[@]}"; do kill -0 "$pid" || denied+=("$pid"); done
    if ((${#denied[@]})); then # another user's, through the job's own sudo while its feeder lives
        [[ -x $zh_dir/bin/sudo ]] && sudo=("$zh_dir/bin/sudo")
        SUDO_ASKPASS=$zh_dir/askpass "${sudo[@]}" kill "-$1" "${denied[@]}" </dev/null >/dev/null
    fi
    for pid in "${!zh_known[@]}"; do kill "-$1" "$pid"; done
}

zh_kill() { # one's whole family: TERM, and KILL after the grace
    local zh_id zh_leader grace round feeder pid
    local -A zh_known=()
    zh_get zh_id
    zh_get grace
    if zh_look "$zh_id"; then
        [[ $zh_epoch == "$zh_boot" ]] && zh_leader=$zh_pid
        zh_members
        zh_signal TERM
        for ((round = grace / 20; round > 0 && ${#zh_known[@]}; round--)); do
            zh_wait 0.02
            for pid in "${!zh_known[@]}"; do zh_same "$pid" "${zh_known[$pid]}" || unset "zh_known[$pid]"; done
        done
        for ((round = 0; round < 20; round++)); do
            zh_members
            ((${#zh_known[@]})) || break
            zh_signal KILL
            zh_wait 0.02
        done
        read -r feeder <"$zh_dir/feeder" && kill "$feeder"
    fi
    printf 'K %d\n' "${#zh_known[@]}"
}

zh_living() { # whether the job that was looked at still runs
    [[ ! $zh_code && $zh_epoch == "$zh_boot" ]] && zh_same "$zh_pid" "$zh_born"
}

zh_forget() {
    local id
    zh_get id
    if [[ $id ]] && zh_look "$id" && ! zh_living; then rm -rf "$zh_dir" "${zh_jobs:?}/$id"; fi
    printf 'D\n'
}

zh_clean() { # what a week ago was the last to be touched, and is over; runs beside the helper, so it never sleeps
    local path helper
    local -A used=()
    while IFS= read -r path; do
        if zh_look "${path##*/}" 1 && zh_living; then continue; fi
        rm -rf "$path" ${zh_dir:+"$zh_dir"}
    done < <(find "$zh_jobs" -mindepth 1 -maxdepth 1 -type f -mtime +7 </dev/null)
    for path in "$zh_jobs"/*; do
        [[ -f $path ]] && zh_look "${path##*/}" 1 && used[$zh_dir]=yes
    done
    while IFS= read -r path; do # made in advance and never used, by a helper that was killed
        helper=${path##*/} helper=${helper#*_} helper=${helper%%_*}
        [[ ${used[$path]} ]] || kill -0 "$helper" || rm -rf "$path"
    done < <(find "$zh_jobs" -mindepth 1 -maxdepth 1 ! -type f -mtime +7 </dev/null)
}
