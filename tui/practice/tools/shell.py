"""`sudo`, `id`, the file tools: whatever touches the system's folders is led to the world's own copies of them.

Readers are led there always, writers only after `sudo`: without it they meet the real folder, where an ordinary user may not write.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from tui.practice.tools.call import Call
from tui.practice.tools.ground import make_device
from tui.practice.tools.paths import unplace

READERS = (
    "cat",
    "grep",
    "egrep",
    "fgrep",
    "head",
    "tail",
    "wc",
    "stat",
    "less",
    "more",
    "find",
    "readlink",
    "sha256sum",
    "diff",
    "sort",
    "od",
)
WRITERS = ("tee", "rm", "cp", "mv", "mkdir", "rmdir", "chmod", "chown", "ln", "touch", "sed", "truncate", "install", "dd", "mktemp")
_INERT_NAMES = """
reboot shutdown poweroff halt init telinit kexec mount umount swapoff swapon mkfs fdisk parted crontab useradd userdel usermod
passwd chpasswd snap killall pkill sshd docker podman open xdg-open scp sftp rsync
"""
INERT = tuple(_INERT_NAMES.split())

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_SUDO_WITH_VALUE = {"-u", "-g", "-p", "-h", "-C", "-T", "-U", "-D", "-R", "--user", "--group", "--prompt", "--chdir"}


def sudo(call: Call) -> int:
    """Run the rest as the administrator of the world; no password is asked, as on a fresh cloud server."""
    host = call.ground.host()
    words, shell = _sudo_options(call.args)
    if {"-l", "--list"} & set(call.args[:1]):
        call.out(f"User {host['user']} may run the following commands on {host['hostname']}:\n    (ALL) NOPASSWD: ALL")
        return 0
    os.environ.update(SUDO_USER=host["user"], SUDO_UID="1000", SUDO_GID="1000", USER="root", LOGNAME="root")
    while words and _ASSIGNMENT.match(words[0]):
        name, _, value = words.pop(0).partition("=")
        os.environ[name] = value
    if shell:
        words = ["bash", "-c", " ".join(words)] if words else ["bash"]
    if not words:
        return 0 if call.args else call.fail("usage: sudo -h | -K | -k | -V", 1)
    if words[0] in ("sh", "bash", "dash") and "-c" in words:
        words = [call.path(word) for word in words]
    program = words[0].rsplit("/", 1)[-1] if words[0].startswith("/") else words[0]
    if not _on_path(program):
        return call.fail(f"sudo: {program}: command not found", 1)
    return call.become(program, words[1:])


def _sudo_options(args: list[str]) -> tuple[list[str], bool]:
    """The command's words, and whether a shell was asked for."""
    words, shell = list(args), False
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word == "--":
            break
        if word in _SUDO_WITH_VALUE:
            del words[:1]
        elif not word.startswith("--") and set(word[1:]) & {"i", "s"}:
            shell = True
    return words, shell


def _on_path(name: str) -> bool:
    return any(os.access(os.path.join(folder, name), os.X_OK) for folder in os.get_exec_path())  # noqa: PTH118  start-up time


def reader(call: Call) -> int:
    """A tool that reads files: system folders are the world's."""
    return call.become(call.real(call.name), [call.path(arg) for arg in call.args])


def writer(call: Call) -> int:
    """A tool that writes files: system folders are the world's for its administrator, and the real, closed ones for a user."""
    args = [call.path(arg) if call.root else unplace(arg, call.ground) for arg in call.args]
    if call.name == "mkdir":
        args = [word for arg in args for word in (("-m", arg[7:]) if arg.startswith("--mode=") else (arg,))]
    if call.name == "chown":
        return 0 if call.root else call.fail(f"chown: changing ownership of '{args[-1] if args else ''}': Operation not permitted")
    if call.name == "cp" and not call.root and args:
        args[:-1] = [call.path(arg) for arg in args[:-1]]
    return call.become(call.real(call.name), args)


def ls(call: Call) -> int:
    """`ls`, with the world's folders shown under the names they stand for."""
    import subprocess  # start-up time

    done = subprocess.run([call.real("ls"), *map(call.path, call.args)], capture_output=True, check=False)
    inside = f"{call.ground.fs}/".encode()
    for stream, data in ((sys.stdout, done.stdout), (sys.stderr, done.stderr)):
        stream.buffer.write(data.replace(inside, b"/"))
        stream.flush()
    return done.returncode


def mknod(call: Call) -> int:
    """Make a device file."""
    names = [arg for arg in call.args if not arg.startswith("-")]
    if not call.root:
        return call.fail(f"mknod: {names[0] if names else ''}: Operation not permitted")
    if len(names) < 2:
        return call.fail("mknod: missing operand\nTry 'mknod --help' for more information.")
    try:
        make_device(Path(call.path(names[0])))
    except FileExistsError:
        return call.fail(f"mknod: {names[0]}: File exists")
    except OSError as error:
        return call.fail(f"mknod: {names[0]}: {error.strerror}")
    return 0


def identity(call: Call) -> int:
    """`id`."""
    user = "root" if call.root else call.ground.host()["user"]
    number = 0 if call.root else 1000
    letters = {letter for arg in call.args if arg.startswith("-") for letter in arg[1:]}
    if "n" in letters:
        call.out(user)
    elif letters & {"u", "g", "G"}:
        call.out(str(number))
    else:
        call.out(f"uid={number}({user}) gid={number}({user}) groups={number}({user})" + ("" if call.root else ",27(sudo)"))
    return 0


def whoami(call: Call) -> int:
    """The user's name."""
    call.out("root" if call.root else call.ground.host()["user"])
    return 0


def hostname(call: Call) -> int:
    """The host's name, or with `-I` its addresses."""
    host = call.ground.host()
    call.out(f"172.16.0.10 {host['ip4'] if host['backend'] == 'Running' else ''}".rstrip() if "-I" in call.args else host["hostname"])
    return 0


def uname(call: Call) -> int:
    """The system: Linux on the usual processor, whatever this computer is."""
    facts = {"s": "Linux", "n": call.ground.host()["hostname"], "r": "6.8.0-85-generic", "m": "x86_64", "o": "GNU/Linux"}
    letters = {letter for arg in call.args if arg.startswith("-") and arg[1:2] != "-" for letter in arg[1:]} or {"s"}
    version = "#85-Ubuntu SMP PREEMPT_DYNAMIC"
    if "a" in letters:
        call.out(f"Linux {facts['n']} {facts['r']} {version} x86_64 x86_64 x86_64 GNU/Linux")
    else:
        call.out(" ".join(facts[letter] for letter in "snrmo" if letter in letters))
    return 0


def df(call: Call) -> int:
    """Free space: a disk of 40 gigabytes that is full while the fault lasts."""
    full = call.ground.full()
    if "-i" in call.args:
        call.out("Filesystem      Inodes  IUsed   IFree IUse% Mounted on")
        call.out("/dev/vda3      2621440 182204 2439236    7% /")
    elif any("h" in arg for arg in call.args if arg.startswith("-")):
        call.out("Filesystem      Size  Used Avail Use% Mounted on")
        call.out("/dev/vda3        40G   40G     0 100% /" if full else "/dev/vda3        40G   12G   27G  31% /")
    else:
        call.out("Filesystem     1K-blocks     Used Available Use% Mounted on")
        call.out(f"/dev/vda3       41152736 {'41152736         0 100% /' if full else '12345820  26903380  32% /'}")
    return 0


def du(call: Call) -> int:
    """Sizes as written in the folder: the world's big files take no real room."""
    import subprocess

    wide = "--apparent-size" if sys.platform.startswith("linux") else "-A"
    done = subprocess.run([call.real("du"), wide, *map(call.path, call.args)], capture_output=True, check=False)
    sys.stdout.buffer.write(done.stdout.replace(f"{call.ground.fs}/".encode(), b"/"))
    sys.stderr.buffer.write(done.stderr.replace(f"{call.ground.fs}/".encode(), b"/"))
    return done.returncode


def fuser(call: Call) -> int:
    """Who holds a file: only dpkg's lock ever has a holder."""
    if not any("lock" in arg for arg in call.args):
        return 1
    holder = call.ground.lock_holder()
    if holder is None:
        return 1
    call.err("/var/lib/dpkg/lock-frontend:")
    call.out(f" {holder}")
    return 0


def cloud_init(call: Call) -> int:
    """`cloud-init status`."""
    call.out("status: done")
    return 0


def modprobe(call: Call) -> int:
    """Load a kernel module. The fault's kernel has no `tun`."""
    if not call.root:
        return call.fail(f"modprobe: ERROR: could not insert '{call.args[-1] if call.args else ''}': Operation not permitted")
    if "tun" in call.args and "tun-missing" in call.ground.host()["faults"]:
        return call.fail("modprobe: FATAL: Module tun not found in directory /lib/modules/6.8.0-85-generic")
    return 0


def inert(call: Call) -> int:
    """A command that could do harm, or does not belong to the rehearsal: say so and do nothing."""
    if call.ground.world()["language"] == "zh":
        return call.fail(f"{call.name}: 练习环境里不执行这条命令，什么都没有发生。")
    return call.fail(f"{call.name}: the practice world does not run this command; nothing happened.")
