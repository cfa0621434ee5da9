"""The full screen on a guide whose servers answer from recordings: the real engine and screens, and the same picture every time.

`replayed.py GUIDE installing|failing` opens the guide on a server that is installing Tailscale and does not come to an end, or whose disk
is full. The logs in `recordings/` are what the practice world's server says, without sudo, as root sees it.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "judge")]

from cgnat_samples import printed  # noqa: E402

from tui import config, texts  # noqa: E402
from tui.act import ACTIONS  # noqa: E402
from tui.act.tailscale import HOST  # noqa: E402
from tui.guide import failure_store  # noqa: E402
from tui.guide.model import Guide  # noqa: E402
from tui.guide.parse import load  # noqa: E402
from tui.judge.cgnat import PROBE  # noqa: E402
from tui.judge.install import SYSTEM  # noqa: E402
from tui.run.ask import Asker  # noqa: E402
from tui.run.engine import Session  # noqa: E402
from tui.run.journal import Journal  # noqa: E402
from tui.run.places import Places  # noqa: E402
from tui.run.plan import Given  # noqa: E402
from tui.target.replay import Recorded, ReplayTarget  # noqa: E402
from tui.ui.app import ZhinanApp  # noqa: E402
from tui.ui.starts import GuideStart  # noqa: E402

SERVER = "47.98.21.7"
_HOST = "uid=0\nuser=root\nssh=198.51.100.7 50000 172.16.0.10 22\nsudo=/usr/bin/sudo\ntailscale=\ntun=yes\nactive=inactive\nenabled=\n"
_SYSTEM = 'kernel=Linux\nmachine=x86_64\ntools=curl apt-get \nsystemd=yes\nID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian 12"\n'
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
        Recorded(PROBE, (_inside(),)),
        Recorded("getent hosts tailscale.com", ("203.0.113.21    tailscale.com\n",)),
        Recorded(HOST, (_HOST,)),
        Recorded(SYSTEM, (_SYSTEM,)),
        _installation(scene),
        Recorded("*", ("root\n",)),
    ]


def _inside() -> str:
    """What a look at Alibaba Cloud's inside prints where all answers."""
    words = {"metadata": "HTTP/1.1 200 OK", "mirror": "HTTP/1.1 200 OK", "assistant": "open", "resolver": "100.100.2.148"}
    said = printed()
    for name, word in words.items():
        said = said.replace(f"proof of {name}", word)
    return said


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
        places = Places(asker, targets)
        return Session(document, asker, journal=journal, given=given, places=places, actions=ACTIONS, book=failure_store.shelf(settings))

    given = Given({"ecs": f"root@{SERVER}"}, {"PUBLIC_IP": SERVER}, approved=True)
    try:
        return ZhinanApp(GuideStart(load(guide), given), sessions, theme=settings.theme).run() or 0
    finally:
        journal.close()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
