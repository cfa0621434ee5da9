"""The full screen on a guide whose servers answer from recordings: the real engine and screens, and the same picture every time.

`replayed.py GUIDE installing|failing` opens the guide on a server that is installing Tailscale and does not come to an end, or whose disk
is full. The logs in `recordings/` are what the practice world's server says, without sudo, as root sees it.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tui import config, texts  # noqa: E402
from tui.guide.model import Guide  # noqa: E402
from tui.guide.parse import load  # noqa: E402
from tui.run.ask import Asker  # noqa: E402
from tui.run.engine import Session  # noqa: E402
from tui.run.journal import Journal  # noqa: E402
from tui.run.places import Places  # noqa: E402
from tui.run.plan import Given  # noqa: E402
from tui.target.replay import Recorded, ReplayTarget  # noqa: E402
from tui.ui.app import ZhinanApp  # noqa: E402
from tui.ui.starts import GuideStart  # noqa: E402

SERVER = "47.98.21.7"
_MISSING = "bash: line 1: tailscale: command not found\n"


def server(scene: str) -> list[Recorded]:
    """What the server of this scene answers: the looks before the step, the installation, and root to whoever asks who it is."""
    unknown = [
        Recorded(command, errors=(_MISSING,), code=127) for command in ("tailscale version", "tailscale status --json", "tailscale ip -4")
    ]
    service = "LC_ALL=C systemctl show -p LoadState -p ActiveState -p SubState -p UnitFileState -- tailscaled.service"
    return [
        *unknown,
        Recorded(service, ("LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n",)),
        Recorded("LC_ALL=C ls -ld -- /dev/net/tun", ("crw-rw-rw- 1 root root 10, 200 Jan 15 09:30 /dev/net/tun\n",)),
        _installation(scene),
        Recorded("*", ("root\n",)),
    ]


def _installation(scene: str) -> Recorded:
    script = "curl -fsSL https://tailscale.com/install.sh | sh"
    name, code, hold = {"installing": ("install.log", 0, True), "failing": ("disk-full.log", 100, False)}[scene]
    return Recorded(script, tuple((HERE / "recordings" / name).read_text("utf-8").splitlines(keepends=True)), code=code, hold=hold)


def main(guide: Path, scene: str) -> int:
    """Open it; the exit code."""
    settings = config.load()
    texts.use(settings.language)
    journal = Journal(settings.home)

    def sessions(document: Guide, asker: Asker, given: Given) -> Session:
        targets = {
            "ecs": ReplayTarget("ecs", f"root@{SERVER}", server(scene)),
            "local": ReplayTarget("local", "local", [Recorded("*", ("root\n",))]),
        }
        return Session(document, asker, journal=journal, given=given, places=Places(asker, targets))

    given = Given({"ecs": f"root@{SERVER}"}, {"PUBLIC_IP": SERVER}, approved=True)
    try:
        return ZhinanApp(GuideStart(load(guide), given), sessions, theme=settings.theme).run() or 0
    finally:
        journal.close()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
