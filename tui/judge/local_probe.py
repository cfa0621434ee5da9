"""The scripts that look at the reader's computer: for bash on Linux and macOS, and for PowerShell. They change nothing.

Two print `name=value` lines, the words of `local_install.Look`; whatever can't be found out prints nothing. Two print Tailscale's status.
Where the search path leaves out the system's own programs, as in a rehearsal, theirs are not looked for elsewhere either.
"""

from __future__ import annotations

from typing import Final

from tui.judge.local_install import CONTROL, LINUX_CLIS, MAC_APP, MAC_CLIS, WINDOWS_CLIS

POSIX: Final = f"""set +e +o pipefail
system=$(uname -s)
printf 'system=%s\\narch=%s\\n' "$system" "$(uname -m)"
if [ "$system" = Darwin ]; then
  set -- {" ".join(MAC_CLIS)}
else
  case ":$PATH:" in *:/usr/bin:*) set -- {" ".join(LINUX_CLIS)} ;; *) set -- ;; esac
  [ -r /etc/os-release ] && printf 'distribution=%s\\n' "$(sed -n 's/^ID=//p' /etc/os-release)"
fi
printf 'cli=%s\\n' "$(command -v tailscale)"
for file in "$@"; do [ -x "$file" ] && printf 'cli=%s\\n' "$file"; done
for tool in brew mas apt dnf pacman ssh curl; do command -v "$tool" >/dev/null && printf 'tool=%s\\n' "$tool"; done
printf 'proxy=%s\\n' "${{https_proxy:-${{HTTPS_PROXY:-}}}}" "${{http_proxy:-${{HTTP_PROXY:-}}}}" "${{all_proxy:-${{ALL_PROXY:-}}}}"
if [ "$system" = Darwin ]; then
  if [ -d {MAC_APP} ]; then
    printf 'app=%s\\n' {MAC_APP}
    printf 'bundle=%s\\n' "$(defaults read {MAC_APP}/Contents/Info CFBundleIdentifier 2>/dev/null)"
    [ -d {MAC_APP}/Contents/_MASReceipt ] && echo receipt=yes
  fi
  if pgrep -qx 'IPNExtension|tailscaled' || pgrep -qf io.tailscale.ipn.macsys.network-extension; then echo service=running
  else echo service=stopped; fi
  dscacheutil -q host -a name {CONTROL} 2>/dev/null | sed -n 's/^ip_address: /resolved=/p'
  netstat -rn -f inet 2>/dev/null | awk '$1 ~ /^[0-9]/ {{ print "route=" $1 " " $4 }}'
  ifconfig 2>/dev/null | awk '/^[a-z]/ {{ sub(":", "", $1); name = $1 }} $1 == "inet" {{ print "address=" $2 " " name }}'
  scutil --proxy 2>/dev/null | awk '$1 == "HTTPSEnable" && $3 == 1 {{ on = 1 }} $1 == "HTTPSPort" {{ port = $3 }} \\
    $1 == "HTTPSProxy" {{ host = $3 }} END {{ if (on) print "proxy=" host ":" port }}'
else
  if command -v systemctl >/dev/null; then printf 'service=%s\\n' "$(systemctl is-active tailscaled 2>/dev/null)"
  elif pgrep -x tailscaled >/dev/null 2>&1; then echo service=running; fi
  timeout 10 getent ahostsv4 {CONTROL} 2>/dev/null | awk '{{ print "resolved=" $1 }}' | sort -u
  ip -4 route show table all 2>/dev/null | awk '{{ if ($1 ~ /^(local|broadcast|unreachable|throw)$/) next; \\
    for (i = 1; i < NF; i++) if ($i == "dev") print "route=" $1 " " $(i + 1) }}'
  ip -4 -o address show 2>/dev/null | awk '{{ sub("/.*", "", $4); print "address=" $4 " " $2 }}'
fi
exit 0
"""

STATUS_POSIX: Final = f"""set -- tailscale
case ":$PATH:" in *:/usr/bin:*) set -- {" ".join((MAC_CLIS[0], "tailscale", *MAC_CLIS[1:], *LINUX_CLIS))} ;; esac
for cli in "$@"; do command -v "$cli" >/dev/null && exec "$cli" status --json; done
echo 'tailscale: command not found' >&2
exit 127
"""
"""What Tailscale says of itself, wherever its command is: on a Mac the app has it, whether or not the search path does."""

_CLIS: Final = ", ".join(f"'{cli}'" for cli in WINDOWS_CLIS)
WINDOWS: Final = f"""$ErrorActionPreference = 'SilentlyContinue'
"system=windows"
"arch=$env:PROCESSOR_ARCHITECTURE"
$command = Get-Command tailscale -CommandType Application | Select-Object -First 1
if ($command) {{ "cli=$($command.Source)" }}
foreach ($file in @({_CLIS}, "$env:ProgramFiles\\Tailscale\\tailscale.exe")) {{ if (Test-Path -LiteralPath $file) {{ "cli=$file" }} }}
$service = Get-Service -Name Tailscale
if ($service) {{ "service=$($service.Status)" }}
foreach ($tool in 'winget', 'ssh', 'curl') {{ if (Get-Command $tool -CommandType Application) {{ "tool=$tool" }} }}
foreach ($name in 'HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY') {{
  $value = [Environment]::GetEnvironmentVariable($name)
  if ($value) {{ "proxy=$value" }}
}}
$internet = Get-ItemProperty 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings'
if ($internet.ProxyEnable -eq 1) {{ "proxy=$($internet.ProxyServer)" }}
Resolve-DnsName {CONTROL} -Type A -QuickTimeout | Where-Object IPAddress | ForEach-Object {{ "resolved=$($_.IPAddress)" }}
Get-NetRoute -AddressFamily IPv4 | ForEach-Object {{ "route=$($_.DestinationPrefix) $($_.InterfaceAlias)" }}
Get-NetIPAddress -AddressFamily IPv4 | ForEach-Object {{ "address=$($_.IPAddress) $($_.InterfaceAlias)" }}
exit 0
"""

STATUS_WINDOWS: Final = f"""$files = @(Get-Command tailscale -CommandType Application -ErrorAction SilentlyContinue | ForEach-Object Source)
$files += {_CLIS}, "$env:ProgramFiles\\Tailscale\\tailscale.exe"
$cli = $files | Where-Object {{ $_ -and (Test-Path -LiteralPath $_) }} | Select-Object -First 1
if (-not $cli) {{ [Console]::Error.WriteLine('tailscale: command not found'); exit 127 }}
& $cli status --json
exit $LASTEXITCODE
"""
