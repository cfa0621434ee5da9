# The helper at the server's end of a lane (ssh_job.sh and ssh_end.sh come before it): takes requests (fields ended by NUL) from standard
# input, answers with lines, some followed by bytes. It starts jobs, follows their output files and ends them; the jobs do not need it to live. Builtins do nearly all of it:
# a process for each look would cost the server more than the job.
exec 2>/dev/null
zh_lc_set=${LC_ALL+yes} zh_lc=${LC_ALL-} zh_umask=$(umask)
LC_ALL=C
umask 077
zh_boot=-
[[ -r /proc/sys/kernel/random/boot_id ]] && read -r zh_boot </proc/sys/kernel/random/boot_id
zh_jobs=${XDG_CACHE_HOME:-${HOME:-~}/.cache}/zhinan/jobs

zh_wait() { read -r -t "$1" -u 9 _; } # seconds; also ended by whatever wakes us

zh_get() { IFS= read -r -d '' "$1" || exit 0; }

zh_seek() { # descriptor, bytes from its start
    (($2 == 0)) || dd bs=1 skip="$2" count=0 <&"$1"
}

zh_send() { # channel, descriptor: all that is in the file beyond zh_at[channel]
    local text status size
    while :; do
        if [[ ! ${zh_flow[$1]} ]]; then # little is sent by builtins alone
            IFS= read -r -d '' -n 4096 -u "$2" text
            status=$?
            if ((status != 0 && ${#text} == 0)); then return; fi
            zh_sent=yes
            if ((status == 0 && ${#text} < 4096)); then # stopped at a NUL, which read has swallowed
                printf 'O %d %d %d\n%s\0' "$1" "${zh_at[$1]}" $((${#text} + 1)) "$text"
                ((zh_at[$1] += ${#text} + 1))
            else
                printf 'O %d %d %d\n%s' "$1" "${zh_at[$1]}" ${#text} "$text"
                ((zh_at[$1] += ${#text}))
                ((status == 0)) || return
            fi
        fi
        size=$(($(wc -c <"$zh_dir/out$1") - zh_at[$1]))
        zh_flow[$1]=
        ((size > 0)) || continue
        zh_sent=yes
        ((size > 65536)) && size=$((size / 65536 * 65536)) # whole blocks, which dd copies with few calls
        printf 'O %d %d %d\n' "$1" "${zh_at[$1]}" "$size"
        if ((size >= 65536)); then dd bs=65536 count=$((size / 65536)) <&"$2"; else head -c "$size" <&"$2"; fi
        ((zh_at[$1] += size))
        if ((size >= 1048576)); then # a flood: let more gather, then copy it without looking at it
            zh_flow[$1]=yes
            return
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
    local code trouble word pause=5 zh_sent zh_why zh_silent=0 nap zh_flow=()
    exec 3<"$zh_dir/out1" 4<"$zh_dir/out2"
    zh_seek 3 "${zh_at[1]}"
    zh_seek 4 "${zh_at[2]}"
    word=
    while :; do
        code= zh_sent=
        if [[ -s $zh_dir/exit ]]; then read -r code trouble <"$zh_dir/exit" || code=; fi
        if [[ ! $code && $word == "$zh_id" ]]; then code=$zh_woken trouble=$zh_wept; fi
        # The output after the end is looked for after the end was seen, so that none is missed
        zh_send 1 3
        zh_send 2 4
        if [[ $code ]]; then
            while [[ ${zh_flow[1]} ]]; do zh_send 1 3; done
            while [[ ${zh_flow[2]} ]]; do zh_send 2 4; done
            printf 'E %s %s\n' "$code" "$trouble"
            break
        fi
        if [[ $zh_sent ]]; then pause=5 zh_silent=0; else ((pause = pause < 60 ? pause * 2 : 100, zh_silent += 1)); fi
        if ((zh_silent % 10 == 9)) && zh_lost && [[ ! -s $zh_dir/exit ]]; then
            zh_flow=()
            zh_send 1 3
            zh_send 2 4
            while [[ ${zh_flow[1]} ]]; do zh_send 1 3; done
            while [[ ${zh_flow[2]} ]]; do zh_send 2 4; done
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

zh_run() {
    local n pair zh_id zh_merge zh_env=() zh_pw zh_script zh_dir zh_at=(0 0 0)
    zh_get zh_id
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
    if ! zh_find "$zh_id"; then zh_start || return; fi
    zh_pw=
    zh_follow
}

zh_serve() {
    local op zh_woken zh_wept zh_slots=() wake=$zh_jobs/wake-$$-$RANDOM
    zh_get zh_marker
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 403)); then
        printf '%s V %s\n' "$zh_marker" "$BASH_VERSION"
        exit 1
    fi
    [[ -d $zh_jobs ]] || mkdir -p "$zh_jobs" || { printf '%s ' "$zh_marker"; zh_fail mkdir -p "$zh_jobs"; exit 1; }
    mkfifo "$wake" || { printf '%s ' "$zh_marker"; zh_fail mkfifo "$wake"; exit 1; }
    exec 9<>"$wake"
    rm -f "$wake"
    zh_prepare || { printf '%s ' "$zh_marker"; zh_fail mkdir "$zh_jobs/probe"; exit 1; }
    trap 'rm -rf "${zh_slots[@]}"' EXIT
    printf '%s R\n' "$zh_marker"
    while zh_get op; do
        case $op in
        run) zh_run ;;
        kill) zh_kill ;;
        forget) zh_forget ;;
        clean) zh_clean >/dev/null & ;;
        esac
        [[ $op == run ]] && zh_prepare
    done
}
{ zh_serve; exit 0; } # in one line: what comes next on standard input is for zh_get
