"""`apt-get`, `apt`, `dpkg` of the world: they know one package that matters, and the ways an installation fails."""

from __future__ import annotations

import time

from tui.practice.tools.call import Call, flags
from tui.practice.tools.ground import VERSION, HostState, new_host, place_tailscale
from tui.practice.tools.systemd import start_tailscaled, stop_tailscaled

MIRROR = "mirrors.cloud.aliyuncs.com"
_DEB = f"tailscale_{VERSION}_amd64.deb"
_PRESENT = ("curl", "wget", "ca-certificates", "iptables", "sudo", "bash", "openssh-server", "gnupg", "tailscale-archive-keyring")
_WITH_VALUE = ("-o", "-c", "-t", "--option", "--target-release")


def apt_get(call: Call) -> int:
    """The verbs a guide uses; others are said to be unknown."""
    options, words = flags(call.args, _WITH_VALUE)
    verb, packages = (words[0], words[1:]) if words else ("", [])
    if "--version" in options or "-v" in options:
        call.out("apt 2.7.14 (amd64)")
        return 0
    if call.name == "apt":
        call.err("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n")
    if verb in ("update", "install", "remove", "purge", "clean", "autoclean", "autoremove", "upgrade", "dist-upgrade"):
        if not call.root:
            return _not_root(call, verb)
        if verb in ("clean", "autoclean"):
            return _clean(call)
        if verb == "update":
            return _update(call)
        if _locked(call, options):
            return 100
        if verb == "install":
            return _install(call, packages)
        if verb in ("remove", "purge"):
            return _remove(call, packages, purge=verb == "purge")
        call.out("Reading package lists...\nBuilding dependency tree...\nReading state information...")
        call.out("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.")
        return 0
    return call.fail(f"E: Invalid operation {verb}", 100)


def _not_root(call: Call, verb: str) -> int:
    if verb == "update":
        call.out("Reading package lists...")
        call.err("E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)")
        return call.fail("E: Unable to lock directory /var/lib/apt/lists/", 100)
    call.err("E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)")
    return call.fail("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?", 100)


def _locked(call: Call, options: dict[str, str]) -> bool:
    """Whether the lock is still held when this call gives up; with a lock timeout it waits for the holder's end."""
    timeout = (options.get("-o") or options.get("--option") or "").partition("DPkg::Lock::Timeout=")[2]
    waits = timeout.lstrip("-").isdigit() and int(timeout) != 0
    holder = call.ground.lock_holder()
    while holder is not None and waits:
        words = (
            f"Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process {holder} (unattended-upgr)..."
        )
        call.err(words)
        time.sleep(0.2)
        holder = call.ground.lock_holder()
    if holder is None:
        return False
    call.err(f"E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process {holder} (unattended-upgr)")
    call.err("N: Be aware that removing the lock file is not a solution and may break your system.")
    call.err("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?")
    return True


def _has_list(call: Call) -> bool:
    return (call.ground.fs / "etc/apt/sources.list.d/tailscale.list").exists()


def _update(call: Call) -> int:
    sources = [(f"http://{MIRROR}/ubuntu", suite) for suite in ("noble", "noble-updates", "noble-security")]
    if _has_list(call):
        sources.append(("https://pkgs.tailscale.com/stable/ubuntu", "noble"))
    if not call.ground.resolves():
        return _update_without_names(call, sources)
    for number, (address, suite) in enumerate(sources, start=1):
        call.out(f"{'Get' if 'tailscale' in address else 'Hit'}:{number} {address} {suite} InRelease")
    call.out("Reading package lists...")
    with call.ground.change() as host:
        host["listed"] = _has_list(call)
    return 0


def _update_without_names(call: Call, sources: list[tuple[str, str]]) -> int:
    for number, (address, suite) in enumerate(sources, start=1):
        call.out(f"Err:{number} {address} {suite} InRelease\n  Temporary failure resolving '{address.split('/')[2]}'")
    call.out("Reading package lists...")
    for address, suite in sources:
        call.err(f"W: Failed to fetch {address}/dists/{suite}/InRelease  Temporary failure resolving '{address.split('/')[2]}'")
    call.err("W: Some index files failed to download. They have been ignored, or old ones used instead.")
    return 0


def _install(call: Call, packages: list[str]) -> int:
    names = [package.partition("=")[0] for package in packages]
    call.out("Reading package lists...\nBuilding dependency tree...\nReading state information...")
    host = call.ground.host()
    known = (*_PRESENT, "tailscale") if host["listed"] or host["installed"] else _PRESENT[:-1]
    for name in names:
        if name not in known:
            return call.fail(f"E: Unable to locate package {name}", 100)
    version = next((package.partition("=")[2] for package in packages if package.startswith("tailscale=")), VERSION)
    if version != VERSION:
        return call.fail(f"E: Version '{version}' for 'tailscale' was not found", 100)
    if "tailscale" not in names or (host["installed"] and host["version"] == VERSION):
        for name in names:
            call.out(f"{name} is already the newest version{f' ({VERSION})' if name == 'tailscale' else ''}.")
        call.out("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.")
        return 0
    return _install_tailscale(call, host["version"] if host["installed"] else "")


def _install_tailscale(call: Call, old: str) -> int:
    if old:
        call.out("The following packages will be upgraded:\n  tailscale tailscale-archive-keyring")
        call.out("2 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\nNeed to get 36.1 MB of archives.")
    else:
        call.out("The following NEW packages will be installed:\n  tailscale tailscale-archive-keyring")
        call.out("0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.\nNeed to get 36.1 MB of archives.")
    if not call.ground.resolves():
        address = f"https://pkgs.tailscale.com/stable/ubuntu/pool/{_DEB}"
        call.out(f"Err:1 https://pkgs.tailscale.com/stable/ubuntu noble/main amd64 tailscale amd64 {VERSION}")
        call.out("  Temporary failure resolving 'pkgs.tailscale.com'")
        call.err(f"E: Failed to fetch {address}  Temporary failure resolving 'pkgs.tailscale.com'")
        return call.fail("E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?", 100)
    call.out("After this operation, 73.4 MB of additional disk space will be used.")
    call.out(f"Get:1 https://pkgs.tailscale.com/stable/ubuntu noble/main amd64 tailscale amd64 {VERSION} [36.1 MB]")
    call.out("Get:2 https://pkgs.tailscale.com/stable/ubuntu noble/main all tailscale-archive-keyring all 1.35.181 [3082 B]")
    call.out("Fetched 36.1 MB in 4s (9,021 kB/s)")
    if not old:
        call.out("Selecting previously unselected package tailscale.")
    call.out("(Reading database ... 84621 files and directories currently installed.)")
    call.out(f"Preparing to unpack .../{_DEB} ...\nUnpacking tailscale ({VERSION}) {f'over ({old}) ' if old else ''}...")
    if call.ground.full():
        return _no_space(call)
    call.out("Unpacking tailscale-archive-keyring (1.35.181) ...")
    call.out(f"Setting up tailscale-archive-keyring (1.35.181) ...\nSetting up tailscale ({VERSION}) ...")
    _unpack(call)
    link = "/etc/systemd/system/multi-user.target.wants/tailscaled.service"
    if not old:
        call.err(f"Created symlink {link} → /usr/lib/systemd/system/tailscaled.service.")
    if not start_tailscaled(call.ground):
        call.err("Job for tailscaled.service failed because the control process exited with error code.")
        call.err('See "systemctl status tailscaled.service" and "journalctl -xeu tailscaled.service" for details.')
    return 0


def _no_space(call: Call) -> int:
    archive = f"/var/cache/apt/archives/{_DEB}"
    call.err(f"dpkg: error processing archive {archive} (--unpack):")
    call.err(
        " cannot copy extracted data for './usr/sbin/tailscaled' to '/usr/sbin/tailscaled.dpkg-new': "
        "failed to write (No space left on device)"
    )
    call.err("No apport report written because the error message indicates a disk full error")
    call.err("dpkg-deb: error: paste subprocess was killed by signal (Broken pipe)")
    call.err(f"Errors were encountered while processing:\n {archive}")
    return call.fail("E: Sub-process /usr/bin/dpkg returned an error code (1)", 100)


def _unpack(call: Call) -> None:
    place_tailscale(call.ground)
    with call.ground.change() as host:
        host.update(installed=True, enabled=True, version=VERSION)


def _remove(call: Call, packages: list[str], *, purge: bool) -> int:
    call.out("Reading package lists...\nBuilding dependency tree...\nReading state information...")
    if "tailscale" not in packages or not call.ground.host()["installed"]:
        for name in packages:
            call.out(f"Package '{name}' is not installed, so not removed")
        call.out("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.")
        return 0
    call.out(f"The following packages will be REMOVED:\n  tailscale{'*' if purge else ''}")
    call.out(f"0 upgraded, 0 newly installed, 1 to remove and 0 not upgraded.\nRemoving tailscale ({call.ground.host()['version']}) ...")
    stop_tailscaled(call.ground)
    for name in ("tailscale", "tailscaled"):
        (call.ground.bin / name).unlink(missing_ok=True)
    if purge:
        call.out(f"Purging configuration files for tailscale ({call.ground.host()['version']}) ...")
        (call.ground.fs / "etc/default/tailscaled").unlink(missing_ok=True)
    with call.ground.change() as host:
        host.update(installed=False, enabled=False)
        if purge:
            _forget(host)
    return 0


def _forget(host: HostState) -> None:
    fresh = new_host(host["name"])
    host.update({key: fresh[key] for key in ("backend", "have_key", "expired", "auth_url", "prefs", "joined", "userspace", "been_up")})


def _clean(call: Call) -> int:
    for path in (call.ground.fs / "var/cache/apt/archives").glob("*.deb"):
        path.unlink()
    return 0


def dpkg(call: Call) -> int:
    """Questions about packages, and `--configure -a`."""
    options, words = flags(call.args, ("-S", "--search"))
    installed, version = (call.ground.host()[key] for key in ("installed", "version"))
    if "--print-architecture" in options:
        call.out("amd64")
    elif "--configure" in options:
        return 0 if call.root else call.fail("dpkg: error: requested operation requires superuser privilege", 2)
    elif "-s" in options or "--status" in options:
        name = words[0] if words else ""
        if name != "tailscale" or not installed:
            return call.fail(f"dpkg-query: package '{name}' is not installed and no information is available")
        call.out(f"Package: tailscale\nStatus: install ok installed\nMaintainer: Tailscale Inc <info@tailscale.com>\nVersion: {version}")
    elif "-l" in options or "--list" in options:
        if words and (words[0] != "tailscale" or not installed):
            return call.fail(f"dpkg-query: no packages found matching {words[0]}")
        if installed:
            call.out(f"ii  tailscale  {version}  amd64  The easiest, most secure, cross platform way to use WireGuard")
    else:
        return call.fail("dpkg: error: need an action option", 2)
    return 0


def dpkg_query(call: Call) -> int:
    """`dpkg-query -W`."""
    name = call.args[-1] if call.args else ""
    if name != "tailscale" or not call.ground.host()["installed"]:
        return call.fail(f"dpkg-query: no packages found matching {name}")
    version = call.ground.host()["version"]
    pattern = next((arg.split("=", 1)[1] for arg in call.args if arg.startswith(("-f=", "--showformat="))), "")
    text = pattern.replace("${Version}", version).replace("${Package}", "tailscale").replace("${Status}", "install ok installed")
    call.out(text.replace("\\n", "") if pattern else f"tailscale\t{version}")
    return 0
