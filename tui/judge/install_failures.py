"""Why installing failed, as far as the output tells, and whether trying again can help."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from tui.texts import Text


@dataclass(frozen=True, slots=True)
class Failure:
    """The cause's id, a sentence, and whether it may pass by itself (`again`). `download`: other ways to get the package would help."""

    id: str
    say: Text
    again: bool = False
    download: bool = False


def _failure(cause: str, zh: str, en: str, *, again: bool = False, download: bool = False) -> Failure:
    return Failure(cause, Text(zh, en), again, download)


_RULES: Final = (
    (r"No space left on device|more space needed on|enough free space in|上没有足够的可用空间|设备上没有空间", _failure(
        "disk-full", "磁盘满了：先腾出空间（df -h 看哪里满）", "the disk is full: make room first (df -h shows where)")),
    (r"Read-only file system", _failure("readonly-filesystem", "文件系统是只读的，写不进去", "the file system is read-only")),
    (r"Could not get lock|lock-frontend|is locked by another|无法获得锁|yum\.pid", _failure(
        "apt-lock-held", "另一个程序正占着包管理器（多半是系统自动更新）：等它结束，不要删锁",
        "another program holds the package manager (automatic updates, often): wait for it, don't delete the lock", again=True)),
    (r"dpkg was interrupted|dpkg 被中断", _failure(
        "dpkg-interrupted", "上一次 dpkg 没有做完：运行 sudo dpkg --configure -a", "dpkg was cut short: sudo dpkg --configure -a")),
    (r"is not in the sudoers|不在 sudoers", _failure("sudo-not-permitted", "这个用户不能用 sudo", "this user may not use sudo")),
    (r"sudo: a password is required|a terminal is required to read the password|必须拥有一个终端", _failure(
        "sudo-needs-password", "sudo 要密码", "sudo wants a password")),
    (r"are you root\?|needs to run commands as root|sudo: (command )?not found", _failure(
        "not-root", "要 root 权限，而这里没有能用的 sudo", "it takes root, and there is no sudo that works here")),
    (r"Couldn't determine what kind of Linux", _failure(
        "installer-unknown-linux", "官方安装脚本不认识这个系统", "the official installer does not know this system")),
    (r"curl: \(60\)|certificate (has expired|is not yet valid|verification failed)|is not valid yet", _failure(
        "tls-cert-not-trusted", "证书没有通过：时钟不对，或者有设备在拦截加密连接",
        "the certificate was refused: a wrong clock, or something intercepts the connection")),
    (r"Could not resolve host|Temporary failure (in name resolution|resolving)|curl: \(6\)|暂时不能解析域名|unable to resolve host address",
     _failure("dns-resolve-failure", "域名解析不了", "names can't be resolved", again=True, download=True)),
    (r"curl: \((28|7)\)|timed out|连接超时|cannot reach https://pkgs|Failed to connect|Could not connect", _failure(
        "network-timeout", "下载服务器没有回应（国内常见）", "the download server does not answer (common from mainland China)",
        again=True, download=True)),
    (r"curl: \((35|56|52)\)|unexpected eof|reset by peer|gnutls_handshake", _failure(
        "tls-connection-cut", "下载的加密连接被中途切断（国内常见）", "the download was cut on the way (common from mainland China)",
        again=True, download=True)),
    (r"curl: \((18|16|92)\)|transfer closed|Error reading", _failure(
        "download-interrupted", "下载中断了", "the download was interrupted", again=True, download=True)),
    (r"isn't supported by this script yet", _failure(
        "installer-support-check-failed", "安装脚本说不支持这个版本；下载失败时它也会这样说",
        "the installer says this release is not supported; it says so, too, when a download fails", again=True, download=True)),
    (r"returned error: (403|404|429|451|5\d\d)|curl: \(22\)", _failure(
        "install-url-http-error", "下载服务器拒绝了请求", "the download server refused the request", again=True, download=True)),
    (r"Conflicting values set for option (?:Signed-By|Trusted)|选项 (?:Signed-By|Trusted) 的值有冲突", _failure(
        "apt-signed-by-conflict",
        "同一个软件源写了两次，钥匙不一样：删掉 /etc/apt/sources.list.d/ 里旧的那个 tailscale 文件",
        "one package source stands there twice with different keys: delete the older tailscale file in /etc/apt/sources.list.d/")),
    (r"(?:Unable to locate package|无法定位软件包) (\S+)|(?:Package|软件包) '?(\S+?)'? (?:has no installation|没有可安装)", _failure(
        "apt-package-not-found", "系统的软件源里没有 {word}：检查 /etc/apt/sources.list 写得对不对，再运行 sudo apt-get update",
        "the system's package sources have no {word}: see whether /etc/apt/sources.list is right, then run sudo apt-get update")),
    (r"<html|<!DOCTYPE", _failure("script-is-html", "下载到的是网页，不是脚本：有登录页或代理在中间",
                                  "a web page came instead of the script: a login page or a proxy is in between", download=True)),
    (r"(curl|wget|dnf|sudo): (command )?not found", _failure(
        "curl-missing", "缺少程序 {word}", "the program {word} is missing")),
)  # fmt: skip
_COMPILED: Final = tuple((re.compile(pattern, re.IGNORECASE), failure) for pattern, failure in _RULES)
_CURL: Final = {6: "curl: (6)", 7: "curl: (7)", 18: "curl: (18)", 28: "curl: (28)", 35: "curl: (35)", 52: "curl: (52)", 56: "curl: (56)"}


def failure(said: str, code: int | None) -> Failure | None:
    """What went wrong, from the output and, where that says nothing, curl's exit code; None where neither is known."""
    for words in (said, _CURL.get(code or 0, "")):
        for pattern, found in _COMPILED:
            match = pattern.search(words) if words else None
            if match:
                word = next((each for each in match.groups() if each), "")
                return replace(found, say=found.say.fill(word=word)) if "{word}" in found.say.zh else found
    return None
