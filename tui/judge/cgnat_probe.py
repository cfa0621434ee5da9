r"""The bash text that looks at a server's network, and the reading of what it prints.

Alibaba Cloud's own services and Tailscale share 100.64.0.0/10, and Tailscale's firewall drops what comes from there by another card.
Whether that bites can be seen on the server only, and the servers it bites are those where nothing can be installed any more. So the look
needs bash alone: questions are hand-made packets over /dev/udp and /dev/tcp, all asked at the same time, so that it is over in eight
seconds whatever is dead. Tools it finds (iptables, nft, ufw, firewall-cmd, tailscale) tell the rest; root is used for reading rules only.

What it prints: `@fact NAME VALUE`, `@start ID ADDRESS`, `@row ID ADDRESS STATUS MS PROOF`, raw outputs between `@begin NAME` and
`@end NAME CODE`, and `@done` at last. A row that was started and has no end got no answer in time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

REGION: Final = "ZHINAN_REGION"
"""In the environment: the region found by an earlier look, since a dead metadata service can't be asked."""

_BEGIN: Final = r"""
set +eu +o pipefail
export LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
as=(); (( EUID )) && as=(sudo)
limit=(); command -v timeout >/dev/null && limit=(timeout -k 1 3)
say() { printf '@%s\n' "$*"; }
now() { local t=${EPOCHREALTIME/[.,]/}; if [[ $t ]]; then echo $((t / 1000)); else date +%s%3N; fi; }
row() { say "row $1 $2 $3 $(($(now) - $4)) ${*:5}"; }  # id, address, status, when it began, what proves it
part() {  # name, command: its output, both channels, and its exit code
    printf '@begin %s\n' "$1"
    "${limit[@]}" "${@:2}" 2>&1 </dev/null | grep -E "${only-}" | head -c 49152
    printf '\n@end %s %s\n' "$1" "${PIPESTATUS[0]}"
}
iptables=$(command -v iptables) nft=$(command -v nft) legacy=
[[ -e /proc/net/ip_tables_names ]] && legacy=$(command -v iptables-legacy)
"""
_QUESTIONS: Final = r"""
rules() {  # suffix: the rules for what comes in, with their counters, as each firewall tool found here tells them
    local incoming='^-[PNA] (INPUT|ts-input)( |$)|iptables|sudo'
    [[ $iptables ]] && only=$incoming part "iptables$1" "${as[@]}" iptables -w 2 -v -S
    [[ $legacy ]] && only=$incoming part "legacy$1" "${as[@]}" iptables-legacy -w 2 -v -S
    [[ $nft ]] && part "nft$1" "${as[@]}" nft list chain ip filter ts-input
}
question='ZZ\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07mirrors\x05cloud\x08aliyuncs\x03com\x00\x00\x01\x00\x01'
dns() {  # id, server: three questions by UDP
    local began got=0 n byte why
    began=$(now)
    say "start $1 $2"
    why=$( { exec 3<>"/dev/udp/$2/53"; } 2>&1 ) || case $why in
        *unreachable*|*'ermission denied'*) row "$1" "$2" fail "$began" "${why##*: }"; return ;;
        *) dns_tool "$1" "$2" "$began"; return ;;
    esac
    for n in 1 2 3; do
        { exec 3<>"/dev/udp/$2/53"; } 2>/dev/null
        printf "$question" >&3
        byte=; IFS= read -r -N 1 -t 1 byte <&3
        [[ $byte == Z ]] && got=$((got + 1))
        exec 3>&-
    done 2>/dev/null
    if (( got )); then row "$1" "$2" pass "$began" "$got/3"; else row "$1" "$2" fail "$began" "0/3"; fi
}
dns_tool() {  # the same by a program, where bash was built without network
    local out
    if command -v dig >/dev/null; then out=$(dig +time=1 +tries=3 "@$2" mirrors.cloud.aliyuncs.com 2>&1)
    elif command -v host >/dev/null; then out=$(host -W 1 -R 3 mirrors.cloud.aliyuncs.com "$2" 2>&1)
    else row "$1" "$2" unknown "$3" "no tool to ask a DNS server"; return; fi
    case $out in
        *'timed out'*|*'no servers could be reached'*) row "$1" "$2" fail "$3" "timed out" ;;
        *status:*|*'has address'*|*'not found'*|*'alias'*) row "$1" "$2" pass "$3" "answered" ;;
        *) row "$1" "$2" unknown "$3" "${out//$'\n'/ }" ;;
    esac
}
http() {  # address, host, method, path, header: the first line into $line, the body into $body
    line= body=
    trap '' PIPE  # whoever hangs up early must not end the job
    { exec 3<>"/dev/tcp/$1/80"; } 2>/dev/null || return
    printf '%s %s HTTP/1.0\r\nHost: %s\r\n%s\r\n' "$3" "$4" "$2" "${5:+$5$'\r\n'}" >&3
    IFS= read -r -t 3 line <&3
    local each
    while IFS= read -r -t 1 each <&3 && [[ ${each%$'\r'} ]]; do :; done
    IFS= read -r -t 1 body <&3
    exec 3>&-
    line=${line%$'\r'} body=${body%$'\r'}
    [[ $line == HTTP/* ]]
}
metadata() {
    local began path=/latest/meta-data/region-id host=100.100.100.200
    began=$(now)
    say "start metadata $host"
    if ! http $host $host GET $path; then row metadata $host fail "$began" "no HTTP answer"; return; fi
    if [[ $line == *' 40'[13]* ]] && http $host $host PUT /latest/api/token 'X-aliyun-ecs-metadata-token-ttl-seconds: 60'; then
        http $host $host GET $path "X-aliyun-ecs-metadata-token: $body"
    fi
    case $line in
        *' 2'??*|*' 401'*|*' 403'*) row metadata $host pass "$began" "$line" ;;
        *) row metadata $host unknown "$began" "$line" ;;  # somebody else answers in its place
    esac
    if [[ $line == *' 200'* && $body =~ ^[a-z]{2,}-[a-z0-9-]+$ ]]; then region=$body; say "fact region $body"; fi
}
address() { "${limit[@]}" getent ahostsv4 "$1" 2>/dev/null | while read -r a _; do echo "$a"; break; done; }
resolver() {
    local began found
    began=$(now)
    say "start resolver mirrors.cloud.aliyuncs.com"
    if ! command -v getent >/dev/null; then row resolver - unknown "$began" "getent: not found"
    else
        found=$(address mirrors.cloud.aliyuncs.com)
        if [[ $found ]]; then row resolver - pass "$began" "mirrors.cloud.aliyuncs.com $found"
        else row resolver - fail "$began" "mirrors.cloud.aliyuncs.com: no address"; fi
    fi
    mirror "$found"
}
mirror() {
    local began host=100.100.2.148
    case ${1-} in 100.*) host=$1 ;; esac
    began=$(now)
    say "start mirror $host"
    if ! http "$host" mirrors.cloud.aliyuncs.com HEAD /; then row mirror "$host" fail "$began" "no HTTP answer"; return; fi
    case $line in
        *' '[23]??*|*' 40'[345]*) row mirror "$host" pass "$began" "$line" ;;
        *) row mirror "$host" unknown "$began" "$line" ;;
    esac
}
assistant() {
    local began name=$region.axt.aliyun.com host
    began=$(now)
    if [[ ! $region ]]; then row assistant - unknown "$began" "region not known"; return; fi
    say "start assistant $name"
    host=$(address "$name")
    if [[ ! $host ]]; then row assistant "$name" fail "$began" "$name: no address"
    elif { exec 3<>"/dev/tcp/$host/443"; } 2>/dev/null; then row assistant "$name" pass "$began" "$host:443 open"
    else row assistant "$name" fail "$began" "$host:443 no connection"; fi
}
facts() {
    local each name value
    for each in sys_vendor product_name; do
        { IFS= read -r value </sys/class/dmi/id/$each; } 2>/dev/null && say "fact $each $value"
    done
    { IFS= read -r value </run/cloud-init/cloud-id; } 2>/dev/null && say "fact cloud $value"
    [[ -e /etc/sysctl.d/99-apsara-sysctl.conf ]] && say "fact apsara /etc/sysctl.d/99-apsara-sysctl.conf"
    for each in /proc/sys/net/ipv4/conf/*/rp_filter; do
        name=${each%/rp_filter}
        { IFS= read -r value <"$each"; } 2>/dev/null && say "fact rp_filter ${name##*/} $value"
    done
    say "fact uid $EUID"
    [[ -d /run/systemd/system ]] && say "fact systemd yes"
    [[ ${SSH_CONNECTION-} ]] && say "fact ssh $SSH_CONNECTION"
    [[ $iptables ]] && say "fact iptables $(iptables -V 2>&1)"
    [[ $nft ]] && say "fact nft yes"
}
servers() { while read -r key value _; do [[ $key == nameserver ]] && echo "$value"; done; }

region=${ZHINAN_REGION-}
facts
rules .before
used=  # the backup holds what Tailscale's MagicDNS stands in front of
for file in /etc/resolv.conf /run/systemd/resolve/resolv.conf /etc/resolv.pre-tailscale-backup.conf; do
    [[ -r $file ]] && used+=" $(servers <"$file")"
done
jobs=()
for server in 100.100.2.136 100.100.2.138 223.5.5.5 $used; do
    case " ${asked-} " in *" $server "*) continue ;; esac
    asked="${asked-} $server"
    (( ${#jobs[@]} < 9 )) || break
    dns "dns:$server" "$server" 2>/dev/null & jobs+=($!)
done
say "fact nameservers" $used
resolver 2>/dev/null & jobs+=($!)
if [[ $region ]]; then
    metadata 2>/dev/null & jobs+=($!)
    assistant 2>/dev/null & jobs+=($!)
else
    { metadata; assistant; } 2>/dev/null & jobs+=($!)
fi
{ sleep 6 & trap 'kill $!' TERM; wait $! && kill "${jobs[@]}"; } >/dev/null 2>&1 & watch=$!
wait "${jobs[@]}" 2>/dev/null
{ kill "$watch"; wait "$watch"; } 2>/dev/null
rules .after
"""
_HOST: Final = r"""
[[ $nft ]] && part ruleset "${as[@]}" nft list ruleset
command -v ufw >/dev/null && part ufw "${as[@]}" ufw status
if command -v firewall-cmd >/dev/null; then
    part firewalld "${as[@]}" firewall-cmd --state
    part firewalld.zone "${as[@]}" firewall-cmd --get-zone-of-interface=tailscale0
    part firewalld.port "${as[@]}" firewall-cmd --query-port=41641/udp
fi
"""
_REST: Final = r"""
part routes cat /proc/net/route
if command -v tailscale >/dev/null; then
    part version tailscale version
    part prefs "${as[@]}" tailscale debug prefs
fi
say done
"""
PROBE: Final = _BEGIN + _QUESTIONS + _HOST + _REST
FIREWALL: Final = (
    _BEGIN
    + r"""
[[ $iptables ]] && say "fact iptables $(iptables -V 2>&1)"
[[ $iptables ]] && only='^-[PA] INPUT( |$)|iptables|sudo' part iptables.after "${as[@]}" iptables -w 2 -S
[[ $nft ]] && say "fact nft yes"
"""
    + _HOST
    + "say done\n"
)
"""The host's own firewall alone, as `cgnat_rules.read_host_firewall` reads it; over in no time."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one tool printed, and its exit code; None where its output was cut or never ended."""

    text: str
    code: int | None


@dataclass(frozen=True, slots=True)
class RawRow:
    """One question as it was told. `status` is `pass`, `fail` or `unknown`; `ms` None where no end came."""

    id: str
    address: str
    status: str
    ms: int | None
    proof: str


@dataclass(frozen=True, slots=True)
class Raw:
    """All that the script printed, sorted. `complete` is False where its end did not arrive: then nothing else means anything."""

    facts: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, RawRow] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    complete: bool = False

    def fact(self, name: str) -> str:
        """The first value told under this name, else nothing."""
        return next(iter(self.facts.get(name, ())), "")


SILENT: Final = "no answer in time"
_ROW: Final = re.compile(r"@row (\S+) (\S+) (pass|fail|unknown) (-?\d+) ?(.*)")
_PART: Final = re.compile(r"^@begin (\S+)\n(.*?)\n?^@end \1 (\d+)$\n?", re.MULTILINE | re.DOTALL)


def read_raw(printed: str) -> Raw:
    """Sort what the script printed. Lines that are not its own are passed over."""
    printed = printed.replace("\r\n", "\n")
    raw = Raw(complete=re.search(r"^@done$", printed, re.MULTILINE) is not None)
    for match in _PART.finditer(printed):
        code = int(match[3])
        raw.parts[match[1]] = Part(match[2].strip("\n"), None if code in (124, 137, 141) else code)
    for line in _PART.sub("", printed).splitlines():
        if found := _ROW.fullmatch(line):
            raw.rows[found[1]] = RawRow(found[1], found[2], found[3], int(found[4]), found[5].strip())
        elif line.startswith("@start ") and len(words := line.split()) == 3:
            raw.rows.setdefault(words[1], RawRow(words[1], words[2], "fail", None, SILENT))
        elif line.startswith("@fact ") and len(told := line.split(" ", 2)) == 3:
            raw.facts.setdefault(told[1], []).append(told[2].strip())
    return raw
