# The helper at the server's end of a lane: takes requests (fields ended by NUL) from standard input, answers with lines, some followed
# by bytes. It starts jobs, follows their output files and ends them; the jobs do not need it to live. Builtins do nearly all of it:
# a process for each look would cost the server more than the job.
exec 2>/dev/null
zh_lc_set=${LC_ALL+yes} zh_lc=${LC_ALL-} zh_umask=$(umask)
LC_ALL=C
umask 077
zh_boot=-
[[ -r /proc/sys/kernel/random/boot_id ]] && read -r zh_boot </proc/sys/kernel/random/boot_id
zh_jobs=${XDG_CACHE_HOME:-${HOME:-~}/.cache}/zhinan/jobs

zh_get() { IFS= read -r -d '' "$1" || exit 0; }

zh_seek() { # descriptor, bytes from its start
    (($2 == 0)) || dd bs=1 skip="$2" count=0 <&"$1"
}

zh_send() { # channel, descriptor: all that is in the file beyond zh_at[channel]
    local text status size
    while :; do
        IFS= read -r -d '' -n 16384 -u "$2" text
        status=$?
        if ((status != 0 && ${#text} == 0)); then return; fi
        zh_sent=yes
        if ((status == 0 && ${#text} < 16384)); then # stopped at a NUL, which read has swallowed
            printf 'O %d %d %d\n%s\0' "$1" "${zh_at[$1]}" $((${#text} + 1)) "$text"
            ((zh_at[$1] += ${#text} + 1))
        else
            printf 'O %d %d %d\n%s' "$1" "${zh_at[$1]}" ${#text} "$text"
            ((zh_at[$1] += ${#text}))
            ((status == 0)) || return
        fi
        size=$(wc -c <"$zh_dir/out$1")
        if ((size > zh_at[$1])); then
            printf 'O %d %d %d\n' "$1" "${zh_at[$1]}" $((size - zh_at[$1]))
            head -c $((size - zh_at[$1])) <&"$2"
            zh_at[$1]=$size
        fi
    done
}

zh_same() { # pid, start time: whether this very process lives
    local line
    [[ -r /proc/self/stat ]] || { kill -0 "$1"; return; }
    IFS= read -r -d '' line <"/proc/$1/stat"
    [[ $line ]] || return 1
    line=(${line##*) })
    [[ ${line[0]} != [ZX] && ${line[19]} == "$2" ]]
}

zh_lost() { # sets zh_why when the job can't have an end any more
    local pid start boot
    zh_why=
    if ! read -r pid start boot <"$zh_dir/pid"; then
        ((zh_silent < 30)) || zh_why=never
    elif [[ $boot != "$zh_boot" ]]; then
        zh_why=rebooted
    elif ! zh_same "$pid" "$start"; then
        zh_why=vanished
    fi
    [[ $zh_why ]]
}

zh_follow() {
    local code trouble word pause=5 zh_sent zh_why zh_silent=0 nap
    exec 3<"$zh_dir/out1" 4<"$zh_dir/out2"
    zh_seek 3 "${zh_at[1]}"
    zh_seek 4 "${zh_at[2]}"
    word=
    while :; do
        code= zh_sent=
        if [[ -s $zh_dir/exit ]]; then read -r code trouble <"$zh_dir/exit" || code=; fi
        if [[ ! $code && $word == "${zh_dir##*/}" ]]; then code=$zh_woken trouble=$zh_wept; fi
        # The output after the end is looked for after the end was seen, so that none is missed
        zh_send 1 3
        zh_send 2 4
        if [[ $code ]]; then
            printf 'E %s %s\n' "$code" "$trouble"
            break
        fi
        if [[ $zh_sent ]]; then pause=5 zh_silent=0; else ((pause = pause < 60 ? pause * 2 : 100, zh_silent += 1)); fi
        if ((zh_silent % 10 == 9)) && zh_lost && [[ ! -s $zh_dir/exit ]]; then
            zh_send 1 3
            zh_send 2 4
            printf 'G %s\n' "$zh_why"
            break
        fi
        printf -v nap '0.%03d' "$pause"
        read -r -t "$nap" -u 9 word zh_woken zh_wept
        if read -r -t 0; then zh_get word; fi
    done
    exec 3<&- 4<&-
}

zh_fail() { # a command that failed: run it again for its words
    local why
    why=$("$@" 2>&1)
    printf 'X %s\n' "${why//$'\n'/ }"
}

zh_start() {
    local feeder= real
    if ! { printf '%s' "$zh_script" >"$zh_dir/script" && : >>"$zh_dir/out1" && : >>"$zh_dir/out2" &&
        mkfifo "$zh_dir/pipe1" "$zh_dir/pipe2" "$zh_dir/trouble"; }; then
        zh_fail dd if=/dev/zero "of=$zh_dir/full" bs=4096 count=8
        rm -rf "$zh_dir"
        return 1
    fi
    if [[ $zh_pw ]]; then
        real=$(type -P sudo)
        if [[ $real ]] && zh_ask "$zh_dir" "$real"; then
            zh_feed "$zh_dir" </dev/null >/dev/null 9>&- &
            feeder=$!
            printf '%s\n' "$feeder" >"$zh_dir/feeder"
        fi
    fi
    (
        zh_pw=
        set -- "$BASH" --noprofile --norc -c "$zh_wrapper" zhinan "$zh_dir" "$zh_merge" "$zh_umask" "$feeder" "$zh_boot"
        [[ $(type -P setsid) ]] && set -- setsid "$@"
        unset LC_ALL
        [[ $zh_lc_set ]] && export LC_ALL="$zh_lc"
        for zh_pair in "${zh_env[@]}"; do export "$zh_pair"; done
        export ZHINAN_JOB="${zh_dir##*/}"
        [[ $feeder ]] && export SUDO_ASKPASS="$zh_dir/askpass" PATH="$zh_dir/bin:$PATH"
        exec "$@"
    ) </dev/null >/dev/null &
}

zh_run() {
    local id n pair zh_merge zh_env=() zh_pw zh_script zh_dir zh_at=(0 0 0)
    zh_get id
    zh_get zh_merge
    zh_get zh_at[1]
    zh_get zh_at[2]
    zh_get zh_pw
    zh_get n
    while ((n-- > 0)); do
        zh_get pair
        zh_env+=("$pair")
    done
    zh_get zh_script
    zh_dir=$zh_jobs/$id
    if mkdir "$zh_dir"; then # else it is there: never run it again
        zh_start || return
    elif [[ ! -d $zh_dir ]]; then
        zh_fail mkdir "$zh_dir"
        return
    fi
    zh_pw=
    zh_follow
}

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
    local zh_id zh_dir zh_leader grace round feeder
    local -A zh_known=()
    zh_get zh_id
    zh_get grace
    zh_dir=$zh_jobs/$zh_id
    if [[ -d $zh_dir ]]; then
        for ((round = 0; round < 100; round++)); do # one that is just starting has no number yet
            read -r zh_leader _ <"$zh_dir/pid" && break
            read -r -t 0.02 -u 9
        done
        zh_members
        zh_signal TERM
        for ((round = grace / 20; round > 0 && ${#zh_known[@]}; round--)); do
            read -r -t 0.02 -u 9
            for pid in "${!zh_known[@]}"; do zh_same "$pid" "${zh_known[$pid]}" || unset "zh_known[$pid]"; done
        done
        for ((round = 0; round < 20; round++)); do
            zh_members
            ((${#zh_known[@]})) || break
            zh_signal KILL
            read -r -t 0.02 -u 9
        done
        read -r feeder <"$zh_dir/feeder" && kill "$feeder"
    fi
    printf 'K %d\n' "${#zh_known[@]}"
}

zh_living() { # whether the job of this folder still runs
    local pid start boot
    [[ ! -s $1/exit ]] && read -r pid start boot <"$1/pid" && [[ $boot == "$zh_boot" ]] && zh_same "$pid" "$start"
}

zh_forget() {
    local id
    zh_get id
    if [[ $id ]] && ! zh_living "$zh_jobs/$id"; then rm -rf "${zh_jobs:?}/$id"; fi
    printf 'D\n'
}

zh_clean() { # folders of a week ago whose job is over
    local dir
    find "$zh_jobs" -mindepth 1 -maxdepth 1 -type d -mtime +7 </dev/null | while IFS= read -r dir; do
        zh_living "$dir" || rm -rf "$dir"
    done
}

zh_serve() {
    local op zh_woken zh_wept wake=$zh_jobs/.wake-$$
    zh_get zh_marker
    zh_get zh_wrapper
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 402)); then
        printf '%s V %s\n' "$zh_marker" "$BASH_VERSION"
        exit 1
    fi
    [[ -d $zh_jobs ]] || mkdir -p "$zh_jobs" || { printf '%s ' "$zh_marker"; zh_fail mkdir -p "$zh_jobs"; exit 1; }
    mkfifo "$wake" || { printf '%s ' "$zh_marker"; zh_fail mkfifo "$wake"; exit 1; }
    exec 9<>"$wake"
    rm -f "$wake"
    printf '%s R %s\n' "$zh_marker" "$zh_boot"
    while zh_get op; do
        case $op in
        run) zh_run ;;
        kill) zh_kill ;;
        forget) zh_forget ;;
        clean) zh_clean >/dev/null & ;;
        esac
    done
}
zh_serve
exit 0
