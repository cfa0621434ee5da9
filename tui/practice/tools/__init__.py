"""The stand-ins of the practice world: what `curl`, `apt-get`, `systemctl`, `tailscale`, … do in there.

One program for all of them, chosen by name, because they share one state: what one changes, the next one must see. It runs once
for every command typed, so it imports the standard library only, and little of that.
"""
