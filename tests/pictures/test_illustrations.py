"""The illustrations in `images/` are what their script draws, so that the next change starts from the script."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

HERE = Path(__file__).resolve().parent
IMAGES = HERE.parents[1] / "images"
FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


@pytest.mark.skipif(not FONT.exists(), reason="needs the fonts of Debian's fonts-noto-cjk")
@pytest.mark.parametrize("name", ["F1-01.png", "F1-02.png"])
def test_the_script_draws_what_is_there(name: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(HERE / "make_illustrations.py"), str(tmp_path)], check=True)
    with Image.open(tmp_path / name) as drawn, Image.open(IMAGES / name) as kept:
        assert drawn.size == kept.size
        apart = ImageStat.Stat(ImageChops.difference(drawn.convert("L"), kept.convert("L"))).mean[0]
    assert apart < 0.5, "run tests/pictures/make_illustrations.py: the script has changed, the picture has not"
