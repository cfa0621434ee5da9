"""Settings: defaults < the settings file < environment < flags, and where the program keeps its own files.

The file is `config.toml` in the program's home folder (`ZHINAN_HOME`). Nothing is written here that was not asked for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui import texts
from tui.errors import ConfigError
from tui.texts import Text

_KEYS = {"language": str, "library": list, "theme": str}


@dataclass(frozen=True, slots=True)
class Settings:
    """`language` is `zh` or `en`; `library` are folders with guides of the user's own; `theme` is `dark` or `light`."""

    home: Path
    language: texts.Language = "zh"
    library: tuple[Path, ...] = ()
    theme: str = "dark"


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the program's own files: `ZHINAN_HOME`, else the system's place for application data. Not created here."""
    given = environ.get("ZHINAN_HOME")
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("zhinan", appauthor=False)


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter (0700), if it is not there. Raises ConfigError where that can't be done."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        text = Text(
            "不能使用文件夹 {path}：{why}。请用 ZHINAN_HOME 另指一个可写的文件夹",
            "can't use the folder {path}: {why}; set ZHINAN_HOME to a writable one",
        )
        raise ConfigError(text.fill(path=path, why=error.strerror)) from error
    return path


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. Raises ConfigError naming the file, the wrong key and the nearest right one."""
    place = home(environ)
    raw = _read(place / "config.toml")
    language = environ.get("ZHINAN_LANG") or raw.get("language", "zh")
    return Settings(
        home=place,
        language="en" if str(language).lower().startswith("en") else "zh",
        library=tuple(Path(str(folder)).expanduser() for folder in raw.get("library", [])),
        theme=str(raw.get("theme", "dark")),
    )


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    import difflib  # both only where there is a file to read
    import tomllib

    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        text = Text("设置文件 {file} 读不了：{why}", "can't read the settings file {file}: {why}")
        raise ConfigError(text.fill(file=file, why=error)) from error
    for key, value in raw.items():
        if key not in _KEYS:
            near = (difflib.get_close_matches(key, _KEYS, n=1, cutoff=0) or list(_KEYS))[0]
            text = Text("设置文件 {file} 里没有“{key}”这一项；是不是想写“{near}”？", "{file}: unknown key “{key}”; did you mean “{near}”?")
            raise ConfigError(text.fill(file=file, key=key, near=near))
        if not isinstance(value, _KEYS[key]):
            text = Text("设置文件 {file} 的 {key} 要写成{kind}", "{file}: {key} must be a {kind}")
            kind = Text("列表", "list") if _KEYS[key] is list else Text("字符串", "string")
            raise ConfigError(text.fill(file=file, key=key, kind=kind))
    return raw
