"""The real package of Tailscale, packed from what was built: the files, the unit and the scripts that its authors ship."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.tools import run

VERSION = "1.102.3"
OLDER = "1.96.5"  # the last before the node attribute that mends the trap
File = tuple[bytes, int]


@dataclass(frozen=True)
class Package:
    """What goes into a .deb: `files` by path with content and mode, maintainer `scripts` by name, further lines of `control`."""

    name: str
    version: str
    files: Mapping[str, File]
    scripts: Mapping[str, str]
    architecture: str = "all"
    control: str = ""


def real(programs: Path, version: str = VERSION) -> Package:
    """The package; `programs` is the folder that `golang.programs` gives, or `golang.older` with that version."""

    def part(name: str, mode: int = 0o644) -> File:
        return (programs / name).read_bytes(), mode

    units = ("tailscaled.service", "tailscale-online.target", "tailscale-wait-online.service")
    files = {
        "usr/bin/tailscale": part("tailscale", 0o755),
        "usr/sbin/tailscaled": part("tailscaled", 0o755),
        "etc/default/tailscaled": part("tailscaled.defaults"),
        **{f"lib/systemd/system/{unit}": part(unit) for unit in units},
    }
    scripts = {name: (programs / f"debian.{name}.sh").read_text() for name in ("postinst", "prerm", "postrm")}
    needs = "Depends: iptables, iproute2\nRecommends: tailscale-archive-keyring (>= 1.0)\n"
    return Package("tailscale", version, files, scripts, architecture(), needs)


def architecture() -> str:
    """This machine's, in Debian's words."""
    return run("dpkg", "--print-architecture").strip()


def archive(folder: Path, programs: Path) -> None:
    """The archive for systems without a package, and the list in which it is found, as they stand beside the repository."""
    top = f"tailscale_{VERSION}_{architecture()}"
    with tarfile.open(folder / f"{top}.tgz", "w:gz", compresslevel=1) as tar:
        for path, (content, mode) in real(programs).files.items():
            name = Path(path).name
            inner = name if path.startswith("usr/") else "systemd/tailscaled.defaults" if path.startswith("etc/") else f"systemd/{name}"
            entry = tarfile.TarInfo(f"{top}/{inner}")
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    listed = {"Version": VERSION, "TarballsVersion": VERSION, "Tarballs": {architecture(): f"{top}.tgz"}}
    (folder / "index.html").write_text(json.dumps(listed))
