# The helper at the server's end of a lane (job_common.sh, job_start.sh and job_end.sh come before it): takes requests (fields ended by NUL) from standard
# input, answers with lines, some followed by bytes. It starts jobs, follows their output files and ends them; the jobs do not need it to live. Builtins do nearly all of it:
# a process for each look would cost the server more than the job.
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

zh_flush() { # all output there is
    zh_flow=()
    zh_send 1 3
    while [[ ${zh_flow[1]} ]]; do zh_send 1 3; done
    zh_send 2 4
    while [[ ${zh_flow[2]} ]]; do zh_send 2 4; done
}

zh_follow() {
    local woken code trouble pause=5 zh_sent zh_why zh_flow=() silent=0 nap
    exec 3<"$zh_dir/out1" 4</dev/null
    [[ -e $zh_dir/out2 ]] && exec 4<"$zh_dir/out2"
    zh_seek 3 "${zh_at[1]}"
    zh_seek 4 "${zh_at[2]}"
    while :; do
        zh_sent=
        zh_look "$zh_id"
        [[ $zh_code || $woken != "$zh_id" ]] || zh_code=$code zh_trouble=$trouble # it could not be written down
        # The output after the end is looked for after the end was seen, so that none is missed
        if [[ $zh_code ]]; then
            zh_flush
            printf 'E %s %s\n' "$zh_code" "$zh_trouble"
            break
        fi
        zh_send 1 3
        zh_send 2 4
        if [[ $zh_sent ]]; then pause=5 silent=0; else ((pause = pause < 60 ? pause * 2 : 100, silent += 1)); fi
        if ((silent % 10 == 9)) && zh_lost && zh_look "$zh_id" && [[ ! $zh_code ]]; then
            zh_flush
            printf 'G %s\n' "$zh_why"
            break
        fi
        printf -v nap '0.%03d' "$pause"
        read -r -t "$nap" -u 9 woken code trouble
        if read -r -t 0; then zh_get woken; fi # the far end is gone
    done
    exec 3<&- 4<&-
}

zh_run() {
    local n pair again zh_id zh_merge zh_env=() zh_pw zh_script zh_at=(0 0 0)
    zh_get again
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
    if ! zh_look "$zh_id"; then
        if [[ $again == 1 ]]; then # it was there: what is gone is its folder, and it must not run twice
            printf 'G forgotten\n'
            return
        fi
        zh_start || return
    fi
    zh_pw=
    zh_follow
}

zh_serve() {
    local op zh_slots=() zh_ready= zh_batch=2 zh_go=$zh_jobs/lane_$$_$RANDOM
    zh_get zh_marker
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 403)); then
        printf '%s V %s\n' "$zh_marker" "$BASH_VERSION"
        exit 1
    fi
    [[ -d $zh_jobs ]] || mkdir -p "$zh_jobs" || { printf '%s ' "$zh_marker"; zh_fail mkdir -p "$zh_jobs"; exit 1; }
    zh_pipes "$zh_go" || { printf '%s ' "$zh_marker"; zh_fail mkfifo "$zh_jobs/probe"; exit 1; }
    zh_prepare || { printf '%s ' "$zh_marker"; zh_fail mkdir "$zh_jobs/probe"; exit 1; }
    trap 'rm -rf "$zh_go" "${zh_slots[@]}"' EXIT
    printf '%s R\n' "$zh_marker"
    while zh_get op; do
        case $op in
        run) zh_run ;;
        kill) zh_kill ;;
        forget) zh_forget ;;
        clean) zh_clean >/dev/null 9>&- & ;;
        esac
        [[ $op == run ]] && zh_prepare
    done
}
{ zh_serve; exit 0; } # in one line: what comes next on standard input is for zh_get
