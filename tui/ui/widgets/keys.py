"""Key bindings that speak both languages.

Textual keeps one description string per binding, made when the class is defined, long before the reader's language is known. So a
binding carries an id, and its words stand in a table by that id: key bar, help screen and command palette read them there, in the
language of the moment, and a keymap of the user's can name the same ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from tui.texts import Text

_WORDS: dict[str, Text] = {}

_NAMES = {
    "enter": "↵",
    "escape": "esc",
    "space": "space",
    "question_mark": "?",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
}


def key(ident: str, keys: str, action: str, words: Text, *, show: bool = True, priority: bool = False) -> Binding:
    """A binding named `ident` (`screen.verb`), for one or more `keys` separated by commas, described by `words`."""
    _WORDS[ident] = words
    return Binding(keys, action, words.en, show=show, priority=priority, id=ident)


def words(binding: Binding) -> str:
    """What the binding does, in the current language."""
    found = _WORDS.get(binding.id or "")
    return str(found) if found is not None else binding.description


def key_name(name: str) -> str:
    """A key as the reader knows it: `^p`, `↵`, `?`."""
    if name.startswith("ctrl+"):
        return "^" + name.removeprefix("ctrl+")
    if name.startswith("shift+"):
        return "shift+" + key_name(name.removeprefix("shift+"))
    return _NAMES.get(name, name)


def offered(screen: Screen[Any], binding: Binding) -> bool:
    """Whether the binding makes sense now, if its screen has a word in that (a method `offers`)."""
    asked = getattr(screen, "offers", None)
    return asked is None or bool(asked(binding.action.partition("(")[0]))


def words_now(screen: Screen[Any], binding: Binding) -> str:
    """What the binding does just now: the words of its screen, if that has others for the moment (a method `key_words`), else its own."""
    asked = getattr(screen, "key_words", None)
    found: Text | None = asked(binding.action.partition("(")[0]) if asked else None
    return words(binding) if found is None else str(found)


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the help: all `keys` of one binding, what it does, and how to do it."""

    keys: tuple[str, ...]
    words: str
    action: str
    node: DOMNode
    binding: Binding


def listed(nodes: Iterable[DOMNode]) -> list[Listed]:
    """Every binding the nodes' own classes declare, one entry per action, in order; Textual's built-in ones left out."""
    found: dict[tuple[str, str], Listed] = {}
    for node in nodes:
        for binding in _declared(node):
            name = key_name(binding.key)
            mark = (binding.id or binding.action, words(binding))
            known = found.get(mark)
            keys = (*known.keys, name) if known else (name,)
            found[mark] = Listed(keys, words(binding), binding.action, node, binding)
    return list(found.values())


def _declared(node: DOMNode) -> Iterator[Binding]:
    for kind in type(node).__mro__:
        if kind.__module__.startswith("textual."):
            continue
        for binding in Binding.make_bindings(kind.__dict__.get("BINDINGS", ())):
            if binding.description:
                yield binding
