"""The lab: real Debian hosts with systemd and sshd on a small internet of their own, on one Linux machine.

Stand-ins can only show that the program agrees with what its authors believe about servers. Here the program meets real
ones: hosts booted in containers, joined by a bridge in a network namespace, their links cut and mended at will, and a web
server that answers for the names from which Tailscale is installed. Nothing leaves the machine.

`lab.tailnet` is the same with real Tailscale, built here: a control server, a server inside a cloud whose own addresses
Tailscale's rules are in the way of, and the reader's computer.

    with Lab() as lab:
        lab.hosts["server"].exec("systemctl is-system-running")
"""

from lab.control import Approval, Control
from lab.furnish import Wish
from lab.host import Host
from lab.house import Lab
from lab.laptop import Laptop
from lab.tailnet import Tailnet
from lab.tools import LabFailed, what_lacks
from lab.wall import Wall, inside

__all__ = ["Approval", "Control", "Host", "Lab", "LabFailed", "Laptop", "Tailnet", "Wall", "Wish", "inside", "what_lacks"]
