# What every helper has: its own settings, the folder of jobs, and whether a process still is the one it was.
exec 2>/dev/null
zh_lc_set=${LC_ALL+yes} zh_lc=${LC_ALL-} zh_umask=$(umask)
LC_ALL=C
umask 077
zh_boot=-
[[ -r /proc/sys/kernel/random/boot_id ]] && read -r zh_boot </proc/sys/kernel/random/boot_id
zh_jobs=${XDG_CACHE_HOME:-${HOME:-~}/.cache}/zhinan/jobs

# Two pipes to sleep on: nobody ever writes to 6, and the jobs of this helper say at their end on 9 how they ended. Only the helper itself
# reads from 9: bash's `read -t` asks whether there is something and reads then, so a second reader that takes the same bytes leaves the
# first one waiting for ever.
zh_pipes() { # path of the one for orders too
    local wake=$zh_jobs/wake_$$_$RANDOM quiet=$zh_jobs/quiet_$$_$RANDOM
    mkfifo "$wake" "$quiet" "$1" || return
    exec 6<>"$quiet" 9<>"$wake"
    rm -f "$wake" "$quiet"
}

zh_wait() { read -r -t "$1" -u 6 _; } # seconds

zh_doze() { # the same, ended early by the end of a job; what is said there is kept: there may be no other place to say it
    local who what more
    if read -r -t "$1" -u 9 who what more && [[ $who ]]; then woken=$who code=$what trouble=$more; fi
}

zh_get() { IFS= read -r -d '' "$1" || exit 0; }

zh_same() { # pid, start time: whether this very process lives
    local line
    [[ -r /proc/self/stat ]] || { kill -0 "$1"; return; }
    IFS= read -r -d '' line <"/proc/$1/stat"
    [[ $line ]] || return 1
    line=(${line##*) })
    [[ ${line[0]} != [ZX] && ${line[19]} == "$2" ]]
}

zh_lost() { # sets zh_why when the job can't have an end any more
    zh_why=
    if [[ $zh_epoch != "$zh_boot" ]]; then
        zh_why=rebooted
    elif ! zh_same "$zh_pid" "$zh_born"; then
        zh_why=vanished
    fi
    [[ $zh_why ]]
}

zh_fail() { # a command that failed: run it again for its words
    local why
    why=$("$@" 2>&1)
    printf 'X %s\n' "${why//$'\n'/ }"
}
