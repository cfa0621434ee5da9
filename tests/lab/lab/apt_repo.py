"""What stands behind tailscale.com/install.sh and pkgs.tailscale.com in the lab: an installer, and a signed repository.

The package in it is the real one where there is one, and else a stand-in, which costs no building: it is called tailscale,
brings the service and the command, is enabled and started by its installation as the real one is, and joins no network. What
is rehearsed with it is the way there, with Debian's own tools all along it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from lab.package import VERSION, Package, archive, real
from lab.tools import run

ADDRESS = "100.64.0.1"
SUITE = "bookworm"
_INSTALLER = Path(__file__).with_name("installer.sh")

_COMMAND = f"""\
#!/bin/sh
# Harmless stand-in of the lab. It joins no network: it keeps two words of state, and says what the real command says in it.
state=/run/tailscale/state kept=/var/lib/tailscale/state visited=/var/lib/tailscale/visited url=/run/tailscale/url
link=https://login.tailscale.com/a/0123456789abcdef
systemctl is-active --quiet tailscaled || [ "$1" = version ] || {{
    echo "failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)" >&2
    exit 1
}}
case "$1" in
version)
    printf '%s\\n' {VERSION} '  tailscale commit: 0000000000000000000000000000000000000000' '  go version: go1.26.6' ;;
up)
    [ -e $state ] && exit 0
    echo $link >$url
    printf '\\nTo authenticate, visit:\\n\\n\\t%s\\n\\n' $link >&2
    until [ -e $visited ]; do sleep 0.1; done  # a test makes this file where a reader would open the link
    touch $state $kept
    rm $url
    echo 'Success.' >&2 ;;
ip)
    [ -e $state ] || {{ echo 'no current Tailscale IPs; state: NeedsLogin' >&2; exit 1; }}
    echo {ADDRESS} ;;
status)
    word=NeedsLogin addresses=null
    [ -e $state ] && word=Running addresses='["{ADDRESS}"]'
    if [ "$2" = --json ]; then
        cat <<END
{{"Version": "{VERSION}", "TUN": true, "BackendState": "$word", "AuthURL": "$(cat $url 2>/dev/null)", "TailscaleIPs": $addresses,
 "Self": {{"ID": "n1", "HostName": "server", "DNSName": "server.lab.ts.net.", "UserID": 1, "TailscaleIPs": $addresses, "Online": true}},
 "CurrentTailnet": {{"Name": "lab"}}, "User": {{"1": {{"ID": 1, "LoginName": "lab@"}}}}}}
END
    elif [ $word = Running ]; then
        echo '{ADDRESS}  server  lab@  linux  -'
    else
        echo 'Logged out.'
        exit 1
    fi ;;
*)
    echo "the lab's stand-in knows version, up, ip and status" >&2
    exit 2 ;;
esac
"""
_UNIT = """\
[Unit]
Description=Tailscale node agent (stand-in)

[Service]
ExecStartPre=-/usr/bin/cp /var/lib/tailscale/state /run/tailscale/state
ExecStart=/usr/bin/sleep infinity
StateDirectory=tailscale
StateDirectoryMode=0700
RuntimeDirectory=tailscale

[Install]
WantedBy=multi-user.target
"""
_POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    deb-systemd-helper enable tailscaled.service >/dev/null
    if [ -d /run/systemd/system ]; then
        systemctl --system daemon-reload >/dev/null
        deb-systemd-invoke restart tailscaled.service >/dev/null
    fi
fi
"""
_PRERM = """\
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then deb-systemd-invoke stop tailscaled.service >/dev/null; fi
"""
_POSTRM = """\
#!/bin/sh
set -e
[ "$1" != remove ] || deb-systemd-helper mask tailscaled.service >/dev/null
if [ "$1" = purge ]; then
    deb-systemd-helper purge tailscaled.service >/dev/null
    deb-systemd-helper unmask tailscaled.service >/dev/null
    rm -rf /var/lib/tailscale
fi
"""


def build(folder: Path, workshop: Path, programs: Path | None = None, more: Iterable[Package] = ()) -> None:
    """Fill `folder` with all that the web server shows; `workshop` takes what is needed on the way, the signing key too.

    With `programs`, the folder that `golang.programs` gives, the package is the real one, and so is the installer. `more` are further
    packages of the same repository.
    """
    debian = folder / "stable/debian"
    pool = debian / "pool"
    pool.mkdir(parents=True)
    sign = _Signer(workshop / "gnupg")
    (folder / "install.sh").write_bytes((programs / "installer.sh" if programs else _INSTALLER).read_bytes())
    (folder / "index.html").write_text("packages of the lab\n")
    (debian / SUITE).mkdir()
    (debian / SUITE / "installer-supported").write_text("OK\n")
    (debian / f"{SUITE}.noarmor.gpg").write_bytes(sign.public.read_bytes())
    (debian / f"{SUITE}.tailscale-keyring.list").write_text(
        "# Tailscale packages for debian bookworm\n"
        "deb [signed-by=/usr/share/keyrings/tailscale-archive-keyring.gpg] https://pkgs.tailscale.com/stable/debian bookworm main\n"
    )
    if programs:
        archive(folder / "stable", programs)
    for package in (real(programs) if programs else _stand_in(), *more):
        pack(pool, workshop, package)
    keyring = {"usr/share/keyrings/tailscale-archive-keyring.gpg": (sign.public.read_bytes(), 0o644)}
    pack(pool, workshop, Package("tailscale-archive-keyring", "1.0", keyring, {}))
    _index(debian, sign)


def _stand_in() -> Package:
    files = {
        "usr/bin/tailscale": (_COMMAND.encode(), 0o755),
        "lib/systemd/system/tailscaled.service": (_UNIT.encode(), 0o644),
        "etc/default/tailscaled": (b'PORT="41641"\nFLAGS=""\n', 0o644),
    }
    return Package("tailscale", VERSION, files, {"postinst": _POSTINST, "prerm": _PRERM, "postrm": _POSTRM})


def pack(pool: Path, workshop: Path, package: Package, press: str = "-Znone") -> Path:
    """One .deb in `pool`; not pressed, where it only goes from one folder of this machine to another."""
    tree = workshop / package.name
    control = (
        f"Package: {package.name}\nVersion: {package.version}\nArchitecture: {package.architecture}\n{package.control}"
        "Maintainer: the Zhinan authors <lab@example.invalid>\nSection: net\nPriority: optional\n"
        f"Description: {package.name}, as the lab packs it\n"
    )
    conffiles = "".join(f"/{path}\n" for path in package.files if path.startswith("etc/"))
    parts = {f"DEBIAN/{script}": (text.encode(), 0o755) for script, text in package.scripts.items()}
    parts |= {"DEBIAN/control": (control.encode(), 0o644), "DEBIAN/conffiles": (conffiles.encode(), 0o644)}
    for path, (content, mode) in {**package.files, **parts}.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        target.write_bytes(content)
        target.chmod(mode)
    deb = pool / f"{package.name}_{package.version}_{package.architecture}.deb"
    run("dpkg-deb", "--build", "--root-owner-group", press, str(tree), str(deb))
    shutil.rmtree(tree)
    return deb


def _index(debian: Path, sign: _Signer) -> None:
    """`Packages` for each architecture apt may ask for, and the signed `InRelease` over them."""
    entries = []
    for deb in sorted((debian / "pool").glob("*.deb")):
        fields = run("dpkg-deb", "--field", str(deb)).strip()
        content = deb.read_bytes()
        entries.append(f"{fields}\nFilename: pool/{deb.name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n")
    packages = "\n".join(entries).encode()
    dist = debian / "dists" / SUITE
    sums = []
    for architecture in ("all", "amd64", "arm64"):
        path = dist / f"main/binary-{architecture}/Packages"
        path.parent.mkdir(parents=True)
        path.write_bytes(packages)
        sums.append(f" {hashlib.sha256(packages).hexdigest()} {len(packages)} {path.relative_to(dist)}")
    head = f"Origin: Tailscale\nLabel: Tailscale\nSuite: {SUITE}\nCodename: {SUITE}\nArchitectures: all amd64 arm64\nComponents: main\n"
    release = f"{head}Date: {format_datetime(datetime.now(UTC), usegmt=True)}\nSHA256:\n" + "\n".join(sums) + "\n"
    (dist / "InRelease").write_text(sign.clear(release))


class _Signer:
    """A signing key of this session alone. gpg's agent is ended with it, or it would outlive the lab."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self._gpg = ("gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
        self._home = home
        run(*self._gpg, "--quick-generate-key", "Lab packages <lab@example.invalid>", "ed25519", "sign", "never")
        self.public = home / "public.gpg"
        run(*self._gpg, "--output", str(self.public), "--export")

    def clear(self, words: str) -> str:
        """The words with the signature around them; the last thing this key does."""
        signed = run(*self._gpg, "--clearsign", text=words)
        run("gpgconf", "--homedir", str(self._home), "--kill", "all", quiet=True)
        return signed
