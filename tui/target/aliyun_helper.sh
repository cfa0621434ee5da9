# The helper of a job that is reached through Cloud Assistant (job_common.sh, job_start.sh and job_end.sh come before it): one request, one
# answer of less than 24 KB, and it leaves; the job does not need it to live. Output goes out compressed, as much as fits; whoever asks
# unpacks what came and asks again from there. The first line has the answer's checksum and length, so that a cut one is not taken for whole.
[[ $HOME ]] || export HOME=~
[[ $PATH ]] || PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
cd

zh_await() { # rounds: until there is something new to tell, at most so long
    local round nap=0.05
    for ((round = 0; round < $1; round++)); do
        zh_look "$zh_id"
        [[ $zh_code ]] && return
        if zh_more 1 || zh_more 2; then
            zh_wait 0.1 # a little more may come
            return
        fi
        ((round % 10 == 9)) && zh_lost && return
        ((round == 9)) && nap=0.2
        zh_doze "$nap"
    done
}

zh_more() { # channel: whether there is output that was not sent
    [[ -s $zh_dir/out$1 ]] && ((zh_at[$1] == 0 || $(wc -c <"$zh_dir/out$1") > zh_at[$1]))
}

zh_part() { # channel: what is new, compressed, as much as there is room for
    local file=$zh_dir/out$1 part=$zh_jobs/part_$$_$RANDOM size left n
    [[ -e $file ]] || return
    size=$(wc -c <"$file")
    left=$((size - zh_at[$1]))
    ((left > 4194304)) && left=4194304
    : >"$part"
    ((left > 0 && zh_room > 1000)) && tail -c +$((zh_at[$1] + 1)) "$file" | head -c "$left" | gzip -c | head -c "$zh_room" >"$part"
    n=$(wc -c <"$part")
    printf 'O %d %d %d %d\n' "$1" "${zh_at[$1]}" "$size" "$n"
    cat "$part"
    rm -f "$part"
    ((zh_room -= n))
}

zh_once() {
    local n pair again rounds zh_room=20000 zh_id zh_merge zh_env=() zh_pw= zh_script zh_at=(0 0 0) zh_why
    zh_get again
    zh_get zh_id
    zh_get zh_merge
    zh_get zh_at[1]
    zh_get zh_at[2]
    zh_get rounds
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
        zh_clean </dev/null >/dev/null 9>&- &
    fi
    zh_await "$rounds"
    zh_look "$zh_id" # whether it ended is looked at before how much there is, so that an end means all of it
    n=$zh_code
    zh_part 1
    zh_part 2
    if [[ $n ]]; then
        printf 'E %s %s\n' "$n" "$zh_trouble"
    elif zh_lost && zh_look "$zh_id" && [[ ! $zh_code ]]; then
        printf 'G %s\n' "$zh_why"
    else
        printf 'R\n'
    fi
}

zh_answer() {
    local op zh_slots=() zh_ready= zh_batch=1
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 403)); then
        printf 'V %s\n' "$BASH_VERSION"
        return
    fi
    zh_get op
    case $op in
    run) zh_once ;;
    kill) zh_kill ;;
    esac
    [[ $zh_ready ]] && rm -rf "${zh_slots[@]}"
    printf 'Z\n'
}

zh_sealed() { # the answer behind its checksum
    local file=$zh_jobs/answer_$$_$RANDOM sum
    cat >"$file"
    sum=$(sha256sum <"$file")
    printf 'zhinan %s %d\n' "${sum%% *}" "$(wc -c <"$file")"
    cat "$file"
    rm -f "$file"
}

zh_serve() {
    local zh_go=$zh_jobs/lane_$$_$RANDOM
    [[ -d $zh_jobs ]] || mkdir -p "$zh_jobs" || { zh_fail mkdir -p "$zh_jobs"; exit 1; }
    zh_pipes "$zh_go" || { zh_fail mkfifo "$zh_jobs/probe"; exit 1; }
    zh_answer | zh_sealed
    rm -f "$zh_go"
}
{ zh_serve; exit 0; } # in one line: what comes next on standard input is for zh_get
