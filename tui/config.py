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

_KEYS: Mapping[str, type[object]] = {"language": str, "library": list, "theme": str, "ai": dict}
_AI_KEYS: Mapping[str, type[object]] = {"base_url": str, "model": str}
_KINDS: Mapping[type[object], Text] = {
    str: Text("字符串", "string"),
    list: Text("列表", "list"),
    dict: Text("一节，如 [ai]", "table, like [ai]"),
}
DEEPSEEK = "https://api.deepseek.com"
_DEEPSEEK_MODEL = "deepseek-v4-flash"


@dataclass(frozen=True, slots=True)
class Ai:
    """The model that may be asked for help: any service that speaks OpenAI's chat completions, DeepSeek where no other is named.

    `model` is empty where another service was named without its model. The key is a secret and never a setting.
    """

    base_url: str = DEEPSEEK
    model: str = _DEEPSEEK_MODEL


@dataclass(frozen=True, slots=True)
class Settings:
    """`language` is `zh` or `en`; `library` are folders with guides of the user's own; `theme` is `dark` or `light`.

    `ai` is None until somebody chose a model: nothing is ever asked of one then.
    """

    home: Path
    language: texts.Language = "zh"
    library: tuple[Path, ...] = ()
    theme: str = "dark"
    ai: Ai | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where documents of the user's own are: the folders of `library`, then the program's own for what it is taught.

        A new page goes into the first of them.
        """
        return (*self.library, self.home / "guides")


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
        ai=_ai(raw.get("ai"), environ),
    )


def _ai(raw: Mapping[str, str] | None, environ: Mapping[str, str]) -> Ai | None:
    """The model of the environment, else of the file's `[ai]` (which may be empty: DeepSeek); a key in the environment is a choice, too."""
    base, model = environ.get("ZHINAN_AI_BASE_URL", ""), environ.get("ZHINAN_AI_MODEL", "")
    if raw is None and not (base or model or environ.get("ZHINAN_AI_API_KEY")):
        return None
    given = raw or {}
    model = model or ("" if base else given.get("model", ""))
    base = base or given.get("base_url", "") or DEEPSEEK
    return Ai(base, model or (_DEEPSEEK_MODEL if base.rstrip("/") == DEEPSEEK else ""))


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    import tomllib  # only where there is a file to read

    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        text = Text("设置文件 {file} 读不了：{why}", "can't read the settings file {file}: {why}")
        raise ConfigError(text.fill(file=file, why=error)) from error
    _check(file, raw, _KEYS)
    _check(file, raw.get("ai", {}), _AI_KEYS)
    return raw


def _check(file: Path, table: Mapping[str, Any], known: Mapping[str, type[object]]) -> None:
    import difflib  # only where there is a file to read

    for key, value in table.items():
        if key not in known:
            near = (difflib.get_close_matches(key, known, n=1, cutoff=0) or list(known))[0]
            text = Text("设置文件 {file} 里没有“{key}”这一项；是不是想写“{near}”？", "{file}: unknown key “{key}”; did you mean “{near}”?")
            raise ConfigError(text.fill(file=file, key=key, near=near))
        if not isinstance(value, known[key]):
            text = Text("设置文件 {file} 的 {key} 要写成{kind}", "{file}: {key} must be a {kind}")
            raise ConfigError(text.fill(file=file, key=key, kind=_KINDS[known[key]]))
