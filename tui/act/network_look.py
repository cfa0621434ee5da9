"""What the actions about the network have in common: one look at the server, and telling panels what it came to.

Topic `network`: {phase (before, after, later, mend, mended, undo), conclusion (fine, trap, not-alibaba, cgnat-drop-other-network, unknown),
cause (a failure page's id or ""), say {zh, en}, rows [{id, name {zh, en}, address, status, proof, ms}], rule (the line, or null), counter,
risen, proof [lines], region, mends [{id, title, does, price, blocked (each {zh, en}; blocked may be null), apply, prove, undo, paste}],
accept_dns {zh, en}, at (Unix seconds), again_at (Unix seconds, null where no other look follows)}.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, Final

from tui.act import ACTIONS
from tui.act.tailscale import secret
from tui.errors import Unreachable, UsageError
from tui.guide.lint import unknown_option
from tui.guide.model import ActionSpec
from tui.judge.cgnat import PROBE, REGION, Health, Probe, read_probe, recall
from tui.judge.cgnat_mends import ACCEPT_DNS, Mend, mends
from tui.run.action import Stage
from tui.secret import Secret
from tui.texts import Text

PATIENCE: Final = 40.0
"""Seconds for a look: eight for the questions, the rest for a slow link."""
TOKEN: Final = "TAILSCALE_API_TOKEN"  # noqa: S105  the name of an input
BEFORE: Final = "network_before"
AFTER: Final = "network_after"
NETWORK_REGION: Final = "network_region"
"""Names of the values by which one step's look reaches the next step."""


async def take_look(stage: Stage, on: str | None = None) -> Probe:
    """Look at the network of `on`, the action's own place by default. Changes nothing.

    Raises Unreachable where the look could not be made or did not come to its end.
    """
    region = stage.values.get(NETWORK_REGION, "")
    given = f"{REGION}={region}\n" if re.fullmatch(r"[a-z0-9-]+", region) else ""
    probe = read_probe(await stage.capture(given + PROBE, on=on, sudo=True, patience=PATIENCE))
    if not probe.read:
        text = Text("看不了 {place} 的网络：{why}", "can't look at the network of {place}: {why}")
        raise Unreachable(text.fill(place=stage.target(on).address, why=probe.why or "?"))
    if probe.region:
        stage.learn(**{NETWORK_REGION: probe.region})
    return probe


def earlier(stage: Stage) -> Probe | None:
    """The look that was made before the login, as far as it was kept."""
    return recall(stage.values.get(BEFORE, ""))


def token(stage: Stage) -> Secret | None:
    """The Tailscale token the reader gave: the secret input that the option `token` names."""
    return secret(stage, stage.spec.options.get("token", TOKEN))


async def tell(stage: Stage, phase: str, health: Health, probe: Probe, *, again_at: float | None = None) -> tuple[Mend, ...]:
    """Tell panels what was seen; gives the mends that were offered."""
    offered = mends(health, probe, has_token=token(stage) is not None)
    facts = {
        "phase": phase,
        "conclusion": health.conclusion.value,
        "cause": health.cause,
        "say": _both(health.say),
        "rows": [
            {"id": row.id, "name": _both(row.name), "address": row.address, "status": row.status.value, "proof": row.proof, "ms": row.ms}
            for row in health.rows
        ],
        "rule": health.rule.line if health.rule else None,
        "counter": health.counter,
        "risen": health.risen,
        "proof": list(health.proof),
        "region": probe.region,
        "mends": [_mend(each) for each in offered],
        "accept_dns": _both(ACCEPT_DNS),
        "at": time.time(),
        "again_at": again_at,
    }
    await stage.observe("network", facts)
    return offered


async def log(stage: Stage, health: Health) -> None:
    """Put the rows and the sentence into the step's log."""
    for row in health.rows:
        await stage.note(Text("{mark} {name} {address}  {proof}", "{mark} {name} {address}  {proof}").fill(
            mark={"pass": "✓", "fail": "✗", "unknown": "?"}[row.status.value], name=row.name, address=row.address, proof=row.proof
        ))  # fmt: skip
    if health.rule:
        await stage.note(f"  {health.rule.line}  [{health.rule.packets}]")
    await stage.note(health.say)


def choice(spec: ActionSpec, name: str, among: tuple[str, ...], default: str | None = None) -> str:
    """The option of that name; raises UsageError where it is none of those."""
    written = spec.options.get(name, default)
    if isinstance(written, bool):  # YAML reads true and false (and a bare off or no) as these
        written = str(written).lower() if "true" in among else (written or "off")
    if written not in among:
        text = Text(
            "{use} 的选项 {name} 只能是 {among}，写的是“{written}”", "option {name} of {use} must be one of {among}, not “{written}”"
        )
        raise UsageError(text.fill(use=spec.use, name=name, among=", ".join(among), written="" if written is None else written))
    return str(written)


def check_names(spec: ActionSpec) -> None:
    """Raise UsageError for an option the action does not have."""
    known = ACTIONS[spec.use].options
    for name in spec.options:
        if name not in known:
            text = Text("第 {line} 行：{what}", "line {line}: {what}")
            raise UsageError(text.fill(line=spec.lines.get(name, spec.line), what=unknown_option(spec.use, name, known)))


def seconds(spec: ActionSpec, name: str, default: float) -> float:
    """An option that is a time: `130s`, `2m`, or a number of seconds. Raises UsageError for anything else."""
    written = spec.options.get(name, default)
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m)?", str(written))
    if not found or isinstance(written, bool):
        text = Text("{use} 的选项 {name} 要写成 130s 或 2m", "option {name} of {use} is a time such as 130s or 2m, not “{written}”")
        raise UsageError(text.fill(use=spec.use, name=name, written=written))
    return float(found[1]) * (60 if found[2] == "m" else 1)


def _both(text: Text) -> Mapping[str, str]:
    return {"zh": text.zh, "en": text.en}


def _mend(mend: Mend) -> Mapping[str, Any]:
    texts = {name: _both(getattr(mend, name)) for name in ("title", "does", "price")}
    blocked = _both(mend.blocked) if mend.blocked else None
    return {"id": mend.id, **texts, "blocked": blocked, "apply": mend.apply, "prove": mend.prove, "undo": mend.undo, "paste": mend.paste}
