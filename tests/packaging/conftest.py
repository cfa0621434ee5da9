"""What is built once for all tests of this folder: the source archive, and the wheel made from it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaged import Built


@pytest.fixture(scope="session")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built as a release is, the wheel from the source archive; with the tools that are here, so no network is needed."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(checkout)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = {name: archive.read(name) for name in archive.namelist()}
    in_sdist = {}
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            if (file := archive.extractfile(member)) is not None:
                in_sdist[member.name.partition("/")[2]] = file.read()
    return Built(sdist, wheel, in_sdist, in_wheel)


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed in it, away from the sources; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(folder), str(built.wheel)]
    subprocess.run(command, timeout=300, check=True)
    return folder
