"""The cloud's inside as a server there sees it: addresses in the range that Tailscale takes for its own, and what they answer."""

from __future__ import annotations

RESOLVERS = ("100.100.2.136", "100.100.2.138")
PUBLIC_RESOLVERS = ("223.5.5.5", "223.6.6.6", "119.29.29.29", "114.114.114.114", "8.8.8.8", "1.1.1.1")
METADATA = "100.100.100.200"
MIRROR = "100.100.2.148"
ASSISTANT = "100.100.45.106"
REGION = "cn-hangzhou"
INSTANCE = "i-practice0000000001"
KNOWN_NAMES = {
    "tailscale.com": "203.0.113.21",
    "pkgs.tailscale.com": "203.0.113.22",
    "controlplane.tailscale.com": "203.0.113.23",
    "login.tailscale.com": "203.0.113.23",
    "mirrors.cloud.aliyuncs.com": MIRROR,
    "mirrors.aliyun.com": "203.0.113.30",
    f"{REGION}.axt.aliyun.com": ASSISTANT,
}
_FACTS = {
    "": "dns-conf/\nhostname\ninstance-id\nnetwork-type\nprivate-ipv4\nregion-id\nzone-id\n",
    "instance-id": INSTANCE,
    "region-id": REGION,
    "zone-id": f"{REGION}-k",
    "hostname": "ecs-practice",
    "network-type": "vpc",
    "private-ipv4": "172.16.0.10",
    "eipv4": "203.0.113.10",
}
_MIRROR_PAGE = "<html><body><h1>Mirrors</h1></body></html>\n"


def metadata(path: str) -> str | None:
    """What the metadata service says at that path (without its first slash); None where there is nothing."""
    return _FACTS.get(path.removeprefix("latest/meta-data").strip("/")) if path.startswith("latest/meta-data") else None


def page(address: str, method: str, path: str) -> bytes:
    """The whole answer of the web server at that address, as HTTP/1.0."""
    text = _MIRROR_PAGE if address == MIRROR else metadata(path.lstrip("/"))
    status = "200 OK" if text is not None else "404 Not Found"
    body = (text if text is not None else "404 - Not Found\n").encode()
    head = f"HTTP/1.0 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return head if method == "HEAD" else head + body
