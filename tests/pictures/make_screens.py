"""Takes the pictures of the program that the READMEs show: the real program on a real terminal, keys pressed, words waited for.

`python tests/pictures/make_screens.py [FOLDER] [NAME…]` writes all pictures, or those named, to FOLDER (default: `images/`). A guide that
runs in a picture runs against recordings (`replayed.py`), so that no server, port, folder or date of whoever takes them shows; the last
step is rehearsed in a practice world (`rehearsed.py`), whose folder and ports are its own.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(HERE)]

from paint import Cell, cells, paint  # noqa: E402
from terminal import Display  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

ZH, EN = "guides/tailscale-ecs.md", "guides/tailscale-ecs.en.md"
PROGRAM = ("-m", "tui")
REPLAYED = ("tests/pictures/replayed.py",)

REHEARSED = ("tests/pictures/rehearsed.py",)

Keys = Callable[[Display], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: what to start, and what a reader does until there is something to see. `size` is columns × rows."""

    name: str
    command: Sequence[str]
    keys: Keys
    size: tuple[int, int] = (140, 40)
    language: str = "zh"
    settings: Mapping[str, str] = field(default_factory=dict)


def library(display: Display) -> None:
    """What is found for a word, with the preview of the guide under the cursor."""
    display.wait("Q1 用 Tailscale 从任何地方连上阿里云 ECS", "注册 Tailscale 账号", "nginx")
    display.press("/")
    display.wait("清除搜索")
    display.press(*"denglu")
    display.wait("含有“denglu”", "找到于")
    display.settle()


def approval(display: Display) -> None:
    """The first run of a document not seen before."""
    display.wait("通识篇")
    display.press("]", "r")
    display.wait("允许它的命令吗", "curl -fsSL https://tailscale.com/install.sh | sh")


def installing(display: Display) -> None:
    """Step 1 is done, step 2 has been installing for two seconds."""
    display.wait("通识篇")
    display.press("a")
    display.wait("做完按")
    display.press("space")
    display.wait("3082 B")
    display.wait("00:02")


def failed(display: Display) -> None:
    """Step 2 has failed."""
    display.wait("通识篇")
    display.press("a")
    display.wait("做完按")
    display.press("space")
    display.wait("没有装上")
    display.settle()


def in_english(display: Display) -> None:
    """As `installing`, in the other language."""
    display.wait("About 20 minutes")
    display.press("a")
    display.wait("when done")
    display.press("space")
    display.wait("3082 B")
    display.wait("00:02")


def firewall(display: Display) -> None:
    """The last step, rehearsed: who gets in now, by which rules, and what closing would change."""
    display.wait("用 Tailscale 从任何地方连上")
    display.settle()
    display.press("]", "]", "]", "]", "]")
    display.settle()
    display.press("r")
    display.wait("改完之后", "万一进不去", "退出码 0")
    display.settle()


def _to_the_lockdown(display: Display, *sight: str) -> None:
    """Every gate is looked at, and the first question stands on the screen."""
    display.wait(sight[0])
    display.settle()
    display.press("]", "]", "]", "]", "]")
    for _ in range(45):
        if any(row.startswith("▌") and "aliyun.lockdown" in row for row in display.text().splitlines()):
            break
        display.press("j")
        display.settle(quiet=0.2)
    display.press("r")
    display.wait(sight[1])
    display.press("1", "enter")
    display.wait(sight[2])
    display.settle()


def lockdown(display: Display) -> None:
    """All gates are open; the change is shown, and the server's name is wanted."""
    _to_the_lockdown(display, "用 Tailscale 从任何地方连上", "输入 1 以继续", "输入 ecs-practice")


def ways_back(display: Display) -> None:
    """Closed and proven; the ways back in, with the rules to put back."""
    lockdown(display)
    display.press(*"ecs-practice", "enter")
    display.wait("公网已关", "退出码 0", limit=120.0)
    display.press("b")
    display.settle()


def lockdown_in_english(display: Display) -> None:
    """As `lockdown`, in the other language."""
    _to_the_lockdown(display, "Reach your Alibaba Cloud", "Type 1 to go on", "Type ecs-practice")


PICTURES = (
    Picture("screen-library.png", PROGRAM, library, settings={"library": '["~/notes"]'}),
    Picture("screen-guide.png", (*REPLAYED, ZH, "installing"), installing),
    Picture("screen-failed.png", (*REPLAYED, ZH, "failing"), failed),
    Picture("screen-approval.png", (*PROGRAM, ZH), approval),
    Picture("screen-80x24.png", (*REPLAYED, ZH, "installing"), installing, size=(80, 24)),
    Picture("screen-english.png", (*REPLAYED, EN, "installing"), in_english, language="en"),
    Picture("screen-firewall.png", REHEARSED, firewall),
    Picture("screen-lockdown.png", REHEARSED, lockdown),
    Picture("screen-ways-back.png", REHEARSED, ways_back),
    Picture("screen-lockdown-english.png", REHEARSED, lockdown_in_english, language="en"),
    Picture("screen-lockdown-80x24.png", REHEARSED, lockdown, size=(80, 24)),
    Picture("screen-lockdown-80x24-english.png", REHEARSED, lockdown_in_english, size=(80, 24), language="en"),
)


def take(picture: Picture, folder: Path) -> Path:
    """Run the program until the picture can be taken, and write it. TimeoutError says what was shown instead."""
    columns, rows = picture.size
    with _home(picture) as home:
        environ = {
            "HOME": str(home),
            "ZHINAN_HOME": str(home / ".zhinan"),
            "ZHINAN_LANG": picture.language,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        with Display([sys.executable, *picture.command], rows=rows, columns=columns, environ=environ) as display:
            picture.keys(display)
            display.settle(quiet=0.3, limit=0.6)
            shown = cells(display)
    for path, stand_in in ((home, "~"), (ROOT, "~/zhinan")):
        shown = [masked(row, str(path), stand_in) for row in shown]
    paint(shown, folder / picture.name)
    return folder / picture.name


@contextmanager
def _home(picture: Picture) -> Iterator[Path]:
    """A home folder for the program: settings, and a folder of notes with guides of the reader's own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve()
        (home / ".zhinan").mkdir(mode=0o700)
        (home / ".zhinan" / "config.toml").write_text("".join(f"{key} = {value}\n" for key, value in picture.settings.items()), "utf-8")
        (home / "notes").mkdir()
        for note in sorted((HERE / "notes").glob("*.md")):
            (home / "notes" / note.name).write_text(note.read_text("utf-8"), "utf-8")
        yield home


def masked(row: Sequence[Cell], path: str, stand_in: str) -> list[Cell]:
    """The row with a folder of this computer replaced; what follows it moves up, and blanks fill the end of the line."""
    text = "".join(cell.text[:1] for cell in row)
    at = text.find(path)
    if at < 0:
        return list(row)
    short = [replace(row[at], text=letter) for letter in stand_in]
    end = text.find("  ", at)
    end = len(row) if end < 0 else end
    blanks = [replace(row[end - 1], text=" ")] * (len(path) - len(stand_in))
    return [*row[:at], *short, *row[at + len(path) : end], *blanks, *row[end:]]


def main(arguments: Sequence[str]) -> None:
    """Take them."""
    folder = Path(arguments[0]) if arguments and not arguments[0].endswith(".png") else ROOT / "images"
    wanted = [name for name in arguments if name.endswith(".png")]
    for picture in PICTURES:
        if not wanted or picture.name in wanted:
            print(take(picture, folder))


if __name__ == "__main__":
    main(sys.argv[1:])
