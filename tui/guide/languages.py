"""A fence's info string: which language it names, which attributes it carries, and whether the name is a slip of the pen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

_SHELLS_WORDS = """
bash sh shell zsh ash dash ksh console shell-session terminal shellscript powershell pwsh ps1 cmd bat batch azurecli
azurecli-interactive
"""
SHELLS = frozenset(_SHELLS_WORDS.split())
_POWERSHELL = frozenset(("powershell", "pwsh", "ps1"))
_CMD = frozenset(("cmd", "bat", "batch"))
_OTHERS_WORDS = """
abap ada apache apacheconf asm awk bas basic bsh bazel bibtex bicep c cc clojure cmake conf cpp cs csh csharp css csv cue dart diff
django docker dockerfile dot dotenv elixir elm env erlang excel fish fsharp fortran gitignore glsl go golang gradle graphql groovy h
haskell hcl hocon hpp html http ini java javascript jinja jinja2 js json json5 jsonc jsonnet jsx julia kotlin latex less lisp log lua
make makefile markdown math matlab md mermaid mysql nginx nim nix nu nushell objc ocaml output pascal patch perl pgsql php plain
plaintext plantuml plsql postgres postgresql prolog promql properties proto protobuf ps ps2 pug puppet py pycon python python3 r rb re
regex rego rest rst ruby rust sas sass scala scheme scss sql ssh stata stylus svelte svg swift systemd tcl tcsh tex text tf terraform
toml ts tsx txt typescript vb vba verilog vhdl vim vue wasm xhtml xml xonsh yaml yml zig
"""
_OTHERS = frozenset(_OTHERS_WORDS.split())
Family = Literal["bash", "powershell", "cmd"]


@dataclass(frozen=True, slots=True)
class Info:
    """`word` is the language's name in lower case (empty: none given); `attributes` are Runme's, in either notation."""

    word: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shell(self) -> bool:
        """Is it one of the names under which shells are labelled?"""
        return self.word in SHELLS

    @property
    def near(self) -> str:
        """The shell's name that was meant, when `word` is one slip away from it and no language of its own; else empty."""
        if len(self.word) < 3 or self.word in SHELLS or self.word in _OTHERS:
            return ""
        return next((name for name in sorted(SHELLS) if len(name) > 2 and _one_slip(self.word, name)), "")

    def yes(self, name: str) -> bool:
        """Is the attribute there and true?"""
        return str(self.attributes.get(name, "")).lower() in ("true", "yes", "1")


def family(language: str) -> Family:
    """Which interpreter runs a command of that language; `bash` for all that name none."""
    if language in _POWERSHELL:
        return "powershell"
    return "cmd" if language in _CMD else "bash"


def read_info(info: str | None) -> Info:
    """Read a fence's info string; never raises, attributes that can't be read are left out."""
    if not info:
        return Info()
    info = re.sub(r"^\{\s*\.([\w-]+)", r"\1 {", info.strip())
    match = re.match(r"[^\s{,:]*", info)
    word = match[0].lower() if match else ""
    braces = re.search(r"\{.*\}", info)
    return Info(word, _attributes(braces[0]) if braces else {})


def _attributes(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        pairs = re.findall(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s,}]+))", text)
        return {name: double or single or bare for name, double, single, bare in pairs}
    return value if isinstance(value, dict) else {}


def _one_slip(word: str, name: str) -> bool:
    """One letter too many, too few or wrong, or two neighbours swapped."""
    if abs(len(word) - len(name)) > 1:
        return False
    start = 0
    while start < min(len(word), len(name)) and word[start] == name[start]:
        start += 1
    one, two = word[start:], name[start:]
    swapped = len(one) > 1 and len(two) > 1 and one[0] == two[1] and one[1] == two[0] and one[2:] == two[2:]
    return swapped or one[1:] == two[1:] or one[1:] == two or one == two[1:]
