"""What a line of shell looks like: does it read as a command, is it complete, or is it rather a file, prose or a number?

Documents label fences carelessly. A reader tells at a glance that `[Interface]` is no command; this module holds that glance. It errs
towards "no": what is wrongly held back can still be read, what is wrongly run cannot be taken back.
"""

from __future__ import annotations

import json
import re
from typing import Literal

_KNOWN_WORDS = """
adduser alias ansible ansible-playbook apk apt apt-cache apt-get apt-key apt-mark aliyun awk aws az base64 bash brew bun bunzip2 bzip2
cargo cat cd certbot chgrp chmod chown choco chpasswd clear cmake cmp conda containerd cp crictl cron crontab csh ctr curl cut date dd
df diff dig dir dmesg dnf docker docker-compose dpkg du echo env etcdctl exec export faillock fdisk file find firewall-cmd fish flatpak
free fsck ftp g++ gcc gcloud gem getenforce getent gh git go gpasswd gpg grep groupadd groups gunzip gzip head helm history host
hostname hostnamectl htop id ifconfig init ionice iostat ip ip6tables ipconfig iptables iptables-save java javac journalctl jq kill
killall kubeadm kubectl kubelet launchctl ldd less ln locale localectl locate logger login loginctl ls lsblk lscpu lsmod lsof make man
md5sum minikube mkdir mkfs modprobe more mount mongo mtr mv mvn mysql mysqldump nano nc ncat net netcat netsh netstat nerdctl nft nginx
nmap nmcli node nohup npm npx nslookup ntpdate openssl pacman parted passwd perl pg_dump pgrep php ping ping6 pip pip3 pipx pkill pm2
pnpm podman poweroff powershell printenv printf ps psql pwd pwsh python python3 reboot redis-cli redis-server reset resolvectl rm rmdir
rpm rsync ruby runme rustup scp screen sed semanage service set setenforce setx sftp sh sha256sum shutdown sleep snap sort source ss ssh
ssh-add ssh-copy-id ssh-keygen ssh-keyscan sshd stat strace su sudo swapoff swapon sync sysctl systemctl systemd-analyze systemd-resolve
tail tailscale tailscaled tar tcpdump tee telnet terraform test time timedatectl timeout tmux top touch tr traceroute tracert tree ufw
ulimit umount uname uniq unlink unset unzip update-grub update-rc.d uptime useradd userdel usermod uv vi vim virsh visudo w watch wc
wget wg wg-quick whereis which who whoami winget xargs xz yarn yes yum zip zhinan zsh zypper
"""
KNOWN = frozenset(_KNOWN_WORDS.split())
_PREFIX = re.compile(r"^(?:(?:sudo|nohup|time|exec|command|env)\s+(?:-\S+\s+)*|[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|\S*)\s+)+")
_PROGRAM = re.compile(r"^[a-z][a-z0-9]*(?:[-+.][a-z0-9+]+)*$|^[a-z]\w*$")
_PATH = re.compile(r"^(?:\./|~/|\.\./|\$\w+/|\$\{\w+\}/|/(?:\S+/)?s?bin/|[A-Za-z]:\\)\S+$|^/\S+\.sh$|^\.\\\S+$")
_CMDLET = re.compile(r"^[A-Z][a-z]+-[A-Z]\w+$")
_FILE_NAME = re.compile(
    r"\.(?:ya?ml|json|toml|ini|conf|cfg|cnf|md|txt|log|sh|bash|py|js|ts|go|rs|java|c|h|html?|css|xml|service|timer|env|list|repo"
    r"|pem|key|crt|pub|zip|tar|gz"
    r"|tgz|deb|rpm|exe|msi|pkg|dmg|png|jpe?g|sql|csv|lock|properties)$",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3400-\u9fff\uff01-\uff60\u3000-\u303f]")
_SYNTAX = re.compile(
    r"^(?:for|while|until|if|case|function)\s|^\(|^\{\s|^\[\[?\s|^\$\(|^[A-Za-z_]\w*=|^\$[A-Za-z_][\w:]*\s*=|^&\s|^@echo\b|^[.:]\s"
)
Reading = Literal["command", "file", "prose", "number"]


def program(line: str) -> str:
    """The program that a command line starts, without `sudo`, assignments and the like; empty where there is none."""
    rest = _PREFIX.sub("", line.strip())
    return rest.split(None, 1)[0] if rest else ""


def reads_as_command(line: str) -> bool:
    """Does one line read as a command line, to someone who was told that a command follows?"""
    line = line.strip()
    if not line or line[0] in "-#<|" or _data_line(line):
        return False
    if _SYNTAX.match(line):
        return True
    word = program(line)
    if not word:
        return False
    if word in KNOWN or _PATH.match(word) or _CMDLET.match(word):
        return not _is_sentence(line)
    return bool(_PROGRAM.match(word)) and not _FILE_NAME.search(word) and not _is_sentence(line) and not _CJK.match(line)


def has_arguments(line: str) -> bool:
    """Does the line hold more than the name of a program?"""
    return len(line.split()) > 1


def lone_program(line: str) -> bool:
    """One word that can only be meant as a program: a known name, or a path to a script."""
    word = line.strip()
    return (
        word in KNOWN - {"yes", "w", "init", "login", "test", "reset", "id", "file"} or bool(_PATH.match(word)) or bool(_CMDLET.match(word))
    )


def reading(text: str) -> Reading:
    """What the text of a fence that is labelled as shell really is."""
    lines = [line for line in text.split("\n") if line.strip()]
    meant = [line for line in lines if not line.lstrip().startswith(("#", "//", ";"))]
    if not meant:
        return "command"
    first = meant[0].strip()
    if all(re.fullmatch(r"[\d.,]+%?", line.strip()) for line in meant):
        return "number"
    if _is_file(meant, first, text):
        return "file"
    if all(_is_prose(line.strip()) for line in meant):
        return "prose"
    return "command"


def _is_file(meant: list[str], first: str, text: str) -> bool:
    if re.fullmatch(r"\[[^\[\]\s\"'$-][^\[\]\"'$=]*\]", first) or first.startswith(("<?xml", "<!DOCTYPE", "<html", "apiVersion:", "%YAML")):
        return True
    if first[0] in "{[" and _is_json(text, meant):
        return True
    if all(re.match(r"\s*[\w.-]+\s+=(?:\s|$)", line) for line in meant):
        return True
    keyed = [line for line in meant if re.match(r"\s*(?:-\s+)?[\"']?[A-Za-z_][\w./ -]*[\"']?:(?:\s|$)", line)]
    rest = [line for line in meant if re.match(r"\s*-\s", line)]
    return bool(keyed) and meant[0] in keyed and len(set(map(id, keyed)) | set(map(id, rest))) == len(meant)


def _is_json(text: str, meant: list[str]) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return len(meant) > 1 and bool(re.match(r"\s*[\"'][^\"']*[\"']\s*:", meant[1]))
    return True


def _data_line(line: str) -> bool:
    return bool(re.match(r"^[\w.-]+\s*:(?:\s|$)|^[\w.-]+\s+=\s|^[\d.]+$|^[\"'{]", line)) and not line.startswith(("{ ", ": "))


def _is_prose(line: str) -> bool:
    if _CJK.match(line):
        return True
    return _is_sentence(line)


def _is_sentence(line: str) -> bool:
    """English prose: a capital first, plain words, a full stop at the end."""
    words = line.split()
    if len(words) < 4 or not re.fullmatch(r"[A-Z][a-z]*'?[a-z]*", words[0]):
        return False
    return line[-1] in ".!?:" and sum(bool(re.fullmatch(r"[A-Za-z'’-]+[,.;:!?]?", word)) for word in words) >= 0.75 * len(words)
