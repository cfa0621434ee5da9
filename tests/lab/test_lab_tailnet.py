"""Real Tailscale in the lab, without the program: what the lab promises to the tests that stand on it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lab import Control, Host, Lab, Laptop, Tailnet
from lab.tailnet import ASSISTANT_NAME, INSTANCE, METADATA, MIRROR_NAME, RESOLVERS

INSTALL = "set -o pipefail; curl -fsSL https://tailscale.com/install.sh | sh"
PURGE = "apt-get purge -y tailscale tailscale-archive-keyring; rm -f /etc/apt/sources.list.d/tailscale.list"
LINK = re.compile(r"^\t(https://\S+)$", re.MULTILINE)


def until(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What `true` gives as soon as it is something; what it gave last when the time is over."""
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def status(place: Host | Laptop) -> dict[str, Any]:
    """`tailscale status --json` there."""
    told: dict[str, Any] = json.loads(place.exec("tailscale status --json").stdout)
    return told


def is_running(place: Host | Laptop) -> bool:
    return str(status(place)["BackendState"]) == "Running"


def login_link(place: Host | Laptop, options: str = "") -> str:
    """The link that `tailscale up` prints; the command itself is ended then, the daemon goes on waiting."""
    wait = "until grep -q https:// $told || ! kill -0 $!; do sleep 0.1; done; kill $!; cat $told; rm $told"
    done = place.exec(f"told=$(mktemp); tailscale up --timeout=50s {options} 2>$told & {wait}")
    found = LINK.search(done.stdout)
    assert found, done
    return found[1]


def join(place: Host | Laptop, control: Control, options: str = "") -> str:
    """Log in by the link; gives the address in the tailnet."""
    control.register(login_link(place, options))
    assert until(lambda: is_running(place)), status(place)
    return str(status(place)["Self"]["TailscaleIPs"][0])


@pytest.fixture
def control(tailnet: Tailnet) -> Iterator[Control]:
    """The control server, knowing no machine before and after."""
    tailnet.control.clear()
    yield tailnet.control
    tailnet.control.clear()


@pytest.fixture
def ecs(tailnet: Tailnet, control: Control) -> Iterator[Host]:
    """The server in the cloud with Tailscale installed and logged out."""
    tailnet.server.exec(INSTALL, check=True, timeout=120)
    yield tailnet.server
    tailnet.server.exec(PURGE, check=True)


@pytest.fixture
def laptop(tailnet: Tailnet, control: Control) -> Iterator[Laptop]:
    """The reader's computer, logged out."""
    yield tailnet.laptop
    tailnet.laptop.exec("tailscale logout")


def reaches(host: Host) -> dict[str, int]:
    """Three questions to each resolver of the cloud: how many were answered."""
    return {resolver: host.resolves(resolver, MIRROR_NAME) for resolver in RESOLVERS}


ALL, NONE = dict.fromkeys(RESOLVERS, 3), dict.fromkeys(RESOLVERS, 0)


def dropped(host: Host) -> int:
    """How many packets the rule in question has dropped so far."""
    rules = host.exec("iptables -L ts-input -v -n -x").stdout
    found = re.search(r"^\s*(\d+)\s+\d+\s+DROP\s.*100\.64\.0\.0/10", rules, re.MULTILINE)
    assert found, rules
    return int(found[1])


def test_the_package_is_the_real_one(ecs: Host, tailnet: Tailnet) -> None:
    assert ecs.exec("tailscale version | head -1").stdout == f"{tailnet.version}\n"
    assert ecs.exec("systemctl is-active tailscaled; systemctl is-enabled tailscaled").stdout == "active\nenabled\n"
    assert ecs.exec("systemctl show tailscaled -p Type --value").stdout == "notify\n"
    assert ecs.exec("dpkg-query -W -f '${Conffiles}' tailscale").stdout.split()[0] == "/etc/default/tailscaled"
    assert (status(ecs)["BackendState"], status(ecs)["TUN"]) == ("NeedsLogin", True)
    ecs.exec(PURGE, check=True)
    assert ecs.exec("systemctl list-unit-files tailscaled.service --no-legend; ls /var/lib/tailscale /usr/bin/tailscale").stdout == ""


def test_the_archive_for_systems_without_a_package(tailnet: Tailnet) -> None:
    listed = json.loads(tailnet.server.exec("curl -fsS 'https://pkgs.tailscale.com/stable/?mode=json'").stdout)
    (name,) = listed["Tarballs"].values()
    top = name.removesuffix(".tgz")
    unpack = f"curl -fsSL https://pkgs.tailscale.com/stable/{name} | tar -xz -C /tmp && cd /tmp/{top}"
    done = tailnet.server.exec(f"{unpack} && ls systemd && ./tailscale version | head -1; rm -rf /tmp/{top}")
    units = ["tailscale-online.target", "tailscale-wait-online.service", "tailscaled.defaults", "tailscaled.service"]
    assert done.stdout.split() == [*units, listed["Version"]], done


def test_the_cloud_around_the_server(tailnet: Tailnet) -> None:
    server = tailnet.server
    assert reaches(server) == ALL
    assert server.exec(f"getent hosts {MIRROR_NAME} | cut -d' ' -f1").stdout == "100.100.2.148\n"
    assert server.exec("getent hosts no-such-name.example").returncode == 2
    assert server.exec(f"curl -fsS http://{METADATA}/latest/meta-data/instance-id").stdout == INSTANCE
    assert server.exec(f"curl -fsS http://{MIRROR_NAME}/debian/dists/bookworm/Release").stdout.startswith("Origin: Debian\n")
    assert server.exec(f"curl -fsS https://{ASSISTANT_NAME}/luban/api/connection_detect").stdout == "ok"


def test_resolvers_speak_tcp_too(tailnet: Tailnet) -> None:
    done = tailnet.server.exec(f"RES_OPTIONS=use-vc getent hosts {MIRROR_NAME}")
    assert done.stdout.split() == ["100.100.2.148", MIRROR_NAME]


def test_the_plain_command_logs_in_by_its_link_as_the_guide_says_it(ecs: Host, control: Control) -> None:
    link = login_link(ecs)
    assert link.startswith("https://login.tailscale.com/register/")
    assert status(ecs)["AuthURL"] == link
    control.register(link, "somebody")
    assert until(lambda: is_running(ecs))
    told = status(ecs)
    assert [user["LoginName"] for user in told["User"].values()] == ["somebody"]
    assert told["Self"]["KeyExpiry"] > "20"  # half a year, as readers get it
    assert [node["given_name"] for node in control.nodes()] == ["ecs"]


def test_an_own_control_server_and_a_key(ecs: Host, control: Control) -> None:
    key = control.preauth_key(tags=["tag:server"])
    done = ecs.exec(f"tailscale up --timeout=30s --login-server={control.url} --auth-key={key}")
    assert (done.returncode, is_running(ecs)) == (0, True), done.stderr
    told = status(ecs)["Self"]
    assert (told["Tags"], told.get("KeyExpiry")) == (["tag:server"], None)


def test_two_machines_meet_directly_and_ssh_goes_through(ecs: Host, laptop: Laptop, control: Control, lab: Lab) -> None:
    address, own = join(ecs, control), join(laptop, control)
    pong = laptop.exec(f"tailscale ping -c 5 {address}")
    assert re.search(rf"^pong from ecs \({re.escape(address)}\) via {re.escape(ecs.ip)}:41641 in ", pong.stdout, re.MULTILINE), pong
    words = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o HostKeyAlias={} root@{} 'hostname; echo $SSH_CONNECTION'"
    done = laptop.exec(words.format(ecs.ip, address))
    name, came_from, _, reached, port = done.stdout.split()
    assert (name, came_from, reached, port) == ("ecs", own, address, "22")
    assert laptop.exec("ssh -o BatchMode=yes ecs hostname").stdout == "ecs\n"


def test_the_laptop_is_a_computer_of_its_own(laptop: Laptop, ecs: Host) -> None:
    assert laptop.exec("hostname; echo $HOME").stdout.split() == ["laptop", str(laptop.home)]
    links = laptop.exec("ip -brief -4 addr | sed 's/@[^ ]*//' | awk '{print $1}'").stdout.split()
    assert links[:2] == ["lo", "eth0"]
    assert laptop.exec(f"curl -sS --max-time 2 http://{METADATA}/").returncode != 0
    assert laptop.exec("curl -fsS -o /dev/null https://pkgs.tailscale.com/").returncode == 0
    process = laptop.zhinan("--version")
    out, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, ""), out


def test_a_key_that_is_over_shows_and_a_new_login_mends_it(ecs: Host, laptop: Laptop, control: Control) -> None:
    join(laptop, control)
    address = join(ecs, control)
    control.expire("ecs")
    assert until(lambda: status(ecs)["BackendState"] == "NeedsLogin", 60), status(ecs)
    told = status(ecs)
    assert (told["HaveNodeKey"], told["Self"]["Expired"], told["Self"]["TailscaleIPs"][0]) == (True, True, address)
    refused = until(lambda: "expired" in (said := laptop.exec(f"tailscale ping -c 1 --timeout=2s {address}")).stderr + said.stdout)
    assert refused
    assert join(ecs, control) == address


def test_expiry_can_be_switched_off(ecs: Host, control: Control) -> None:
    join(ecs, control)
    assert "KeyExpiry" in status(ecs)["Self"]
    control.disable_expiry("ecs")
    assert until(lambda: "KeyExpiry" not in status(ecs)["Self"])


def test_a_control_server_that_is_away_gives_no_link_and_says_why(ecs: Host, control: Control) -> None:
    control.stop()
    try:
        done = ecs.exec("tailscale up --timeout=4s")
        words = 'The last login error was: fetch control key: Get "https://controlplane.tailscale.com/key?v='
        said = until(lambda: [text for text in status(ecs)["Health"] if words in text])
    finally:
        control.start()
    assert done.returncode == 1
    assert not LINK.search(done.stderr)
    assert said
    join(ecs, control)


def test_an_administrator_approves(ecs: Host, tailnet: Tailnet) -> None:
    approval = tailnet.approval
    approval.register(login_link(ecs, f"--login-server={approval.url}"))
    assert until(lambda: status(ecs)["BackendState"] == "NeedsMachineAuth"), status(ecs)
    assert not all(node["MachineAuthorized"] for node in approval.nodes())
    approval.approve()
    assert until(lambda: is_running(ecs)), status(ecs)


def test_a_machine_that_was_deleted_has_to_log_in_again(ecs: Host, control: Control) -> None:
    join(ecs, control)
    control.delete("ecs")
    assert control.nodes() == []
    ecs.exec("systemctl restart tailscaled", check=True)
    link = until(lambda: status(ecs)["AuthURL"])
    control.register(link)
    assert until(lambda: is_running(ecs) and not status(ecs)["AuthURL"]), status(ecs)
    assert [node["given_name"] for node in control.nodes()] == ["ecs"]


def mended_by_the_clients_setting(mode: str) -> Callable[[Host, Control], None]:
    def mend(ecs: Host, control: Control) -> None:
        ecs.exec(f"tailscale set --netfilter-mode={mode}", check=True)
        ecs.exec("iptables -C INPUT -i tailscale0 -j ACCEPT || iptables -I INPUT -i tailscale0 -j ACCEPT", check=True)
        ecs.exec("iptables -I INPUT -p udp --dport 41641 -j ACCEPT", check=True)

    return mend


def mended_by_the_policy(ecs: Host, control: Control) -> None:
    everything = [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]
    control.policy({"acls": everything, "nodeAttrs": [{"target": ["*"], "attr": ["disable-linux-cgnat-drop-rule"]}]})
    assert until(lambda: "disable-linux-cgnat-drop-rule" in (status(ecs)["Self"].get("CapMap") or {}))


@pytest.mark.parametrize(
    "mend",
    [mended_by_the_clients_setting("nodivert"), mended_by_the_clients_setting("off"), mended_by_the_policy],
    ids=["nodivert", "off", "policy"],
)
def test_the_trap_bites_and_each_mend_holds(ecs: Host, control: Control, mend: Callable[[Host, Control], None]) -> None:
    assert reaches(ecs) == ALL
    join(ecs, control)
    before = dropped(ecs)
    assert reaches(ecs) == NONE
    assert dropped(ecs) - before >= 6
    assert ecs.exec(f"curl -sS --max-time 2 http://{METADATA}/latest/meta-data/instance-id").returncode == 28
    assert ecs.exec(f"RES_OPTIONS='timeout:1 attempts:1' getent hosts {MIRROR_NAME}").returncode == 2
    mend(ecs, control)
    assert until(lambda: reaches(ecs) == ALL)
    ecs.exec("systemctl restart tailscaled", check=True)
    assert until(lambda: is_running(ecs))
    assert reaches(ecs) == ALL
    assert ecs.exec(f"curl -fsS --max-time 5 http://{METADATA}/latest/meta-data/instance-id").stdout == INSTANCE
    ecs.exec("iptables -D INPUT -i tailscale0 -j ACCEPT; iptables -D INPUT -p udp --dport 41641 -j ACCEPT")


def ssh(lab: Lab, host: Host, words: str) -> subprocess.CompletedProcess[str]:
    command = ["ssh", "-F", str(lab.ssh_config), "-o", "BatchMode=yes", host.name, words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_host_without_systemd(plain: Host, lab: Lab) -> None:
    done = ssh(lab, plain, "hostname; cat /proc/1/comm; command -v systemctl")
    assert (done.stdout, done.returncode) == ("plain\nbash\n", 1), done.stderr
    assert ssh(lab, plain, INSTALL).returncode == 0
    assert ssh(lab, plain, "tailscale status").stderr.startswith("failed to connect to local tailscaled")
    plain.exec(PURGE, check=True)


def test_a_host_without_sudo_curl_and_tunnels(poor: Host, lab: Lab) -> None:
    assert ssh(lab, poor, "command -v sudo curl").stdout == ""
    assert ssh(lab, poor, "dpkg-query -W sudo curl").stdout == ""
    assert ssh(lab, poor, "test -e /dev/net/tun").returncode == 1
    assert ssh(lab, poor, "sh -c 'systemctl is-system-running --wait'").stdout == "running\n"


def test_a_host_whose_disk_is_full(full: Host, lab: Lab) -> None:
    full.fill()
    try:
        assert ssh(lab, full, "df --output=pcent / | tail -1").stdout.strip() == "100%"
        done = ssh(lab, full, INSTALL)
    finally:
        full.drain()
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "No space left on device" in said, said


def test_a_host_with_an_active_firewall(walled: Host, lab: Lab) -> None:
    walled.exec("ufw allow 22/tcp && ufw --force enable", check=True)
    try:
        assert ssh(lab, walled, "ufw status").stdout.startswith("Status: active\n")
        assert ssh(lab, walled, "iptables -S INPUT | head -1").stdout == "-P INPUT DROP\n"
        assert ssh(lab, walled, INSTALL).returncode == 0
    finally:
        walled.exec(f"ufw --force reset; {PURGE}")


def test_a_host_is_gone_after_its_block(tailnet: Tailnet, lab: Lab) -> None:
    with tailnet.bare("brief", without=("systemd",)) as host:
        assert ssh(lab, host, "hostname").stdout == "brief\n"
    assert ssh(lab, host, "true").returncode == 255
