"""Topic `firewall`: what the lockdown and the way back tell panels. Whoever shows it finds everything in the last facts told.

    phase      looking | shown | gates | refused | writing | written | proving | closed | open | rolling back | restored | needs hand
    dry        true where nothing will be changed whatever comes of it
    server     {name, id, region}: the reader's name for it, and the cloud's
    port, mode (loopback | remove | narrow | open), allowed [cidrs]
    who        {zh, en}: who can reach the port now, one sentence; `open`: true, false, or null where that is not certain
    who_after  {zh, en} or null: the same once the plan is carried out
    before     [row], after [row]: the rules that speak of the port, in the order in which they are asked, now and as planned
               row = {group, group_name, rule, policy, priority, ports, source {zh, en}, description,
                      scope (public | inside | loopback | members | nobody), opens [cidrs, at most 6], note {zh, en} or null,
                      change ("" | modify | revoke | authorize): what is done to it (`before`), or made it (`after`)}
    still      {zh, en}: other ports that stay open
    others     [{id, name}] other instances the change hits; null where that could not be asked
    shared     {zh, en} or null: the same as a sentence
    calls      [{n, api, group, rule, say {zh, en}, params {name: value}, state (waiting | sent | done | failed | undone)}]
    choices    [{group, rule, say, options [split | drop]}], blocked [{zh, en}], notes [{zh, en}], not_covered [{zh, en}]
    gates      [{id, title, say, status (pass | fail | unknown), evidence, remedy, final, typed}], `typed` "" unless opened by words;
               `looking` the id of the gate that is looked at now ("" for none); `decision` {opens, say} or null
    proofs     [{id (rules | public | login | assistant), title, say, status (waiting | pass | fail | unknown)}] after the change
    why        {zh, en} or null: why it goes back, was refused, or failed
    trouble    {zh, en, tries, again_at (Unix seconds)} or null: while the cloud does not answer on the way back, to be shown in red
    by_hand    [{zh, en}] how to put the old rules back in the console; `link` leads there
    openings   for whom it is open until when, beside what is said above: see `opening_told`
    record, saved   paths of the record's folder and of the old rules, "" before there are any
    at         Unix seconds

Texts named {zh, en} are whole sentences without a full stop.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tui.judge.addresses import addresses
from tui.judge.firewall import Rule, Wall
from tui.judge.firewall_change import Authorize, Change, Modify
from tui.judge.firewall_console import LINK, by_hand, undoing
from tui.judge.firewall_plan import Plan, sharing
from tui.judge.firewall_reach import public, reach, unsure
from tui.judge.firewall_store import permission, port_range
from tui.judge.firewall_words import NOT_COVERED, named, rows, shared_with, still_open, who
from tui.judge.gates import Gate
from tui.judge.gates_open import Decision
from tui.texts import Text

TOPIC: Final = "firewall"
PROOFS: Final = {
    "rules": Text("规则和计划的一样", "the rules are as planned"),
    "public": Text("公网连不上", "nobody connects from the internet"),
    "login": Text("经 tailnet 能登录，是同一台机器", "a login through the tailnet works, and it is the same machine"),
    "assistant": Text("云助手仍有回应", "Cloud Assistant still answers"),
}
_APIS: Final = {"Modify": "ModifySecurityGroupRule", "Revoke": "RevokeSecurityGroup", "Authorize": "AuthorizeSecurityGroup"}
_MOST: Final = 6

Facts = dict[str, Any]


def empty(name: str, region: str, instance: str, *, port: int, mode: str, dry: bool) -> Facts:
    """All names, before anything was looked at."""
    return {
        "phase": "looking", "dry": dry, "server": {"name": name, "id": instance, "region": region}, "port": port, "mode": mode,
        "allowed": [], "who": None, "open": None, "who_after": None, "before": [], "after": [], "still": None, "others": None,
        "shared": None, "calls": [], "choices": [], "blocked": [], "notes": [], "not_covered": [both(each) for each in NOT_COVERED],
        "gates": [], "looking": "", "decision": None, "proofs": proofs({}), "why": None, "trouble": None, "by_hand": [],
        "openings": [], "link": LINK.format(region=region), "record": "", "saved": "", "at": time.time(),
    }  # fmt: skip


def of_wall(wall: Wall, port: int) -> Facts:
    """Who gets in by the rules as they are now."""
    found = reach(wall, port)
    outside = bool(public(found))
    return {
        "who": both(who(wall, port)),
        "open": True if outside else None if unsure(found) else False,
        "still": both(still_open(wall, port)),
    }


def of_plan(made: Plan) -> Facts:
    """The preview."""
    others = sharing(made)
    region = made.before.instance.region
    goes = {each.before.id: _word(each) for each in made.changes if not isinstance(each, Authorize)}
    comes = {each.after.id or "new": _word(each) for each in made.changes if isinstance(each, Authorize | Modify)}
    return {
        **of_wall(made.before, made.port),
        "port": made.port,
        "mode": str(made.mode),
        "allowed": list(made.allowed.cidrs()),
        "who_after": both(who(made.after, made.port)) if made.ready else None,
        "before": _rows(made.before, made.port, goes),
        "after": _rows(made.after, made.port, comes),
        "others": None if others is None else [{"id": each.id, "name": each.name} for each in others],
        "shared": _maybe(shared_with(made)),
        "calls": calls(made.changes, {}),
        "choices": [
            {"group": each.group, "rule": each.rule.id, "say": both(each.say), "options": [str(option) for option in each.options]}
            for each in made.choices
        ],
        "blocked": [both(each) for each in made.blocked],
        "notes": [both(each) for each in made.notes],
        "by_hand": [both(each) for each in by_hand(undoing(made.changes), region)],
    }


def calls(changes: Iterable[Change], states: Mapping[int, str]) -> list[Facts]:
    """The calls in their order; `states` by number, `waiting` where none is given."""
    return [_call(n, each, states.get(n, "waiting")) for n, each in enumerate(changes)]


def of_gates(found: Iterable[Gate], decision: Decision | None, looking: str = "") -> Facts:
    """The gates as they stand."""
    typed = {gate.id: override.typed for gate, override in decision.opened} if decision else {}
    told = [
        {
            "id": gate.id, "title": both(gate.title), "say": both(gate.say), "status": str(gate.status), "evidence": gate.evidence,
            "remedy": gate.remedy, "final": gate.final, "typed": typed.get(gate.id, ""),
        }
        for gate in found
    ]  # fmt: skip
    return {"gates": told, "looking": looking, "decision": {"opens": decision.opens, "say": both(decision.say)} if decision else None}


def proofs(found: Mapping[str, tuple[str, Text]]) -> list[Facts]:
    """The proofs after the change, by id: how each stands, and its sentence."""
    nothing = ("waiting", Text("", ""))
    return [
        {"id": name, "title": both(title), "status": found.get(name, nothing)[0], "say": both(found.get(name, nothing)[1])}
        for name, title in PROOFS.items()
    ]


def both(text: Text) -> dict[str, str]:
    """A text as JSON."""
    return {"zh": text.zh, "en": text.en}


def rule_line(rule: Rule, group: str) -> Text:
    """A rule on one line, for a question."""
    text = Text(
        "{group} {rule} {policy} 优先级 {priority} {ports} 来源 {source}",
        "{group} {rule} {policy} priority {priority} {ports} from {source}",
    )
    ports = f"{rule.protocol} {rule.port_list or port_range(rule)}"
    return text.fill(group=group, rule=rule.id or "—", policy=rule.policy, priority=rule.priority, ports=ports, source=named(rule.source))


def _maybe(text: Text | None) -> dict[str, str] | None:
    return None if text is None else both(text)


def _rows(wall: Wall, port: int, changed: Mapping[str, str]) -> list[Facts]:
    return [
        {
            "group": row.group, "group_name": row.group_name, "rule": row.rule, "policy": str(row.policy), "priority": row.priority,
            "ports": row.ports, "source": both(row.source), "description": row.description, "scope": row.scope,
            "opens": list(row.opens.cidrs()[:_MOST]), "note": _maybe(row.note),
            "change": changed.get(row.rule or "new", "") if row.priority else "",  # inner access is no rule, a new rule has no id
        }
        for row in rows(wall, port)
    ]  # fmt: skip


def _word(change: Change) -> str:
    return type(change).__name__.lower()


def _call(number: int, change: Change, state: str) -> Facts:
    rule = change.after if isinstance(change, Authorize) else change.before
    params = {"SecurityGroupId": change.group}
    if not isinstance(change, Authorize):
        params["SecurityGroupRuleId"] = rule.id
    if isinstance(change, Authorize | Modify):
        params |= {name: str(value) for name, value in permission(change.after).items()}
    say = by_hand([change], "")[1]
    return {
        "n": number + 1, "api": _APIS[type(change).__name__], "group": change.group, "rule": rule.id, "say": both(say), "params": params,
        "state": state,
    }  # fmt: skip


def cidrs(written: Iterable[str]) -> tuple[str, ...]:
    """Networks as written in a guide, checked. Raises ValueError for one that is none."""
    found = tuple(each.strip() for each in written if each.strip())
    for each in found:
        addresses(each)
    return found
