"""Puts around a snippet what its language wants: imports, a package, a class.

Nothing is added before the first line but in that line, so the compiler's lines are the snippet's.
What is taken for granted is `harness.yaml`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from whetstone.rewards.compilers.base import Diagnostic
from whetstone.rewards.compilers.lexer import PREPROCESSED, Token, TokenKind, closing, tokens

STANDARD, NONE = "standard", "none"
_FILE = Path(__file__).with_name("harness.yaml")
_BARE: Mapping[str, Mapping[str, Any]] = {
    "c": {"headers": []},
    "cpp": {"headers": [], "using": ""},
    "rust": {"uses": []},
    "java": {"imports": []},
    "go": {"imports": {}},
    "typescript": {"ambient": ""},
}
_USING = re.compile(r"\bstd\s*::|\busing\s+namespace\s+std\b")
_SILENCER = re.compile(r"\bGCC(?=\s+(?:diagnostic|system_header)\b)")
_TS_SILENCER = re.compile(r"@ts-(?=nocheck|ignore|expect-error)")
_PACKAGE = re.compile(r"^[ \t]*package[ \t]+[\w.]+[ \t]*;?", re.MULTILINE)
_GO_IMPORT = re.compile(r'"([^"\n]+)"')
_GO_NEEDLESS = re.compile(
    r'imported and not used: "([^"]+)"|"([^"]+)" imported and not used'
    r'|already declared through import of package \w+ \("([^"]+)"\)'
)
# Atomic throughout: a snippet must not be able to send it back and forth.
_JAVA_IMPORT = re.compile(
    r"(?>(?:\s|//[^\n]*\n|/\*.*?\*/)*)import\s++(?:static\s++)?[\w.*\s]++;", re.DOTALL
)
_JAVA_TYPES = frozenset({"class", "interface", "enum", "record"})
_JAVA_MEMBERS = frozenset({"static", "private", "protected"})
_JAVA_FIELDS = _JAVA_MEMBERS | {"public"}


def load(harness: str) -> Mapping[str, Mapping[str, Any]]:
    """Read a harness: `standard`, `none` (snippets stand for themselves) or a file.

    Raises `ValueError` where there is no such file, or it lacks a language.
    """
    standard: dict[str, dict[str, Any]] = yaml.safe_load(_FILE.read_text())
    if harness == STANDARD:
        return standard
    if harness == NONE:
        return {name: {**values, **_BARE.get(name, {})} for name, values in standard.items()}
    path = Path(harness).expanduser()
    if not path.is_file():
        raise ValueError(f"harness={harness}: write {STANDARD}, {NONE}, or a file that exists")
    own = yaml.safe_load(path.read_text())
    unknown = own.keys() - standard.keys() if isinstance(own, dict) else {"no mapping"}
    if unknown:
        raise ValueError(f"harness={harness}: it has {sorted(unknown)}, and not only languages")
    return {name: {**values, **(own.get(name) or {})} for name, values in standard.items()}


def complete(source: str, language: str, harness: Mapping[str, Any]) -> str:
    """Return a program that compiles if the snippet is right."""
    source = source.removeprefix("\ufeff")  # a mark of its bytes, and only before everything else
    if language in PREPROCESSED:
        source = _SILENCER.sub("___", source)  # a snippet cannot wish its warnings away
    finish = _FINISH.get(language)
    return source if finish is None else finish(source, harness)


def without_needless(
    language: str, harness: Mapping[str, Any], said: Iterable[Diagnostic]
) -> Mapping[str, Any] | None:
    """Return a harness without the imports that a compiler had no use for; None where it had.

    Only Go refuses them, and only Go's compiler knows whether `list.x` is a package or a variable.
    What a program imports itself stays refused.
    """
    if language != "go":
        return None
    found = [_GO_NEEDLESS.search(one.message) for one in said]
    paths = {match[match.lastindex or 0] for match in found if match}
    kept = {name: "" if path in paths else path for name, path in harness["imports"].items()}
    return None if kept == harness["imports"] else {**harness, "imports": kept}


def _cpp(source: str, harness: Mapping[str, Any]) -> str:
    if not harness["using"] or _USING.search(source):
        return source
    if re.search(r"^[ \t]*#[ \t]*include\b", source, re.MULTILINE) and "main" in source:
        return source  # a program, and it says what it uses
    return (
        f"{harness['using']} {source}"
        if not source.lstrip().startswith("#")
        else (f"{harness['using']}\n#line 1\n{source}")
    )


def _rust(source: str, harness: Mapping[str, Any]) -> str:
    if not harness["uses"]:
        return source
    uses = " ".join(f"pub use {path};" for path in harness["uses"])
    return (
        f"{source}\n#[allow(warnings)] mod __harness {{ {uses} }}\n"
        "#[allow(unused_imports)] use __harness::*;\n"
    )


def _java(source: str, harness: Mapping[str, Any]) -> str:
    if not harness["imports"]:
        return source
    imports = " ".join(f"import {path};" for path in harness["imports"])
    package = _PACKAGE.search(source)
    at = package.end() if package and not tokens(source[: package.start()], "java") else 0
    body = _java_imports_end(source, at)
    body += _java_types_end(source[body:])
    before, own, rest = source[:at], source[at:body], source[body:]
    shape = _java_shape(rest)
    if shape == "members":
        rest = f" class Snippet {{ {rest}\n}}"
    elif shape == "statements":
        rest = f" class Snippet {{ void snippet() throws Exception {{ {rest}\n}} }}"
    return f"{before} {imports} {own}{rest}"


def _java_imports_end(source: str, at: int) -> int:
    """Return where the imports of a compilation unit end."""
    while match := _JAVA_IMPORT.match(source, at):
        at = match.end()
    return at


def _java_types_end(source: str) -> int:
    """Return where the types end that a file may begin with; what follows needs a class."""
    found = tokens(source, "java")
    at = end = 0
    while (brace := _type_body(found, at)) is not None:
        at = closing(found, brace) + 1
        end = found[at - 1].start + 1 if at <= len(found) else len(source)
    return end


def _type_body(found: Sequence[Token], at: int) -> int | None:
    """Return the place of the brace of the type that is declared here; None where there is none."""
    declared = False
    while at < len(found) and found[at].text not in {";", "}"}:
        if found[at].text == "{":
            return at if declared else None
        if found[at].text in _JAVA_MEMBERS:
            return None
        declared = declared or _declares(found, at)
        at = closing(found, at) + 1
    return at if declared else None


def _declares(found: Sequence[Token], at: int) -> bool:
    """Tell the keyword of a type from `Name.class` and from a variable called `record`."""
    after = found[at + 1 : at + 2]
    named = bool(after) and after[0].kind is TokenKind.WORD
    return named and found[at].kind is TokenKind.WORD and found[at].text in _JAVA_TYPES


def _java_shape(source: str) -> str:
    """Tell members of a class from statements, and both from nothing."""
    found = tokens(source, "java")
    at, head, shape = 0, list[str](), "unit"
    while at < len(found):
        text = found[at].text
        if _declares(found, at):
            shape = "statements"  # of which a local class is one
            if _JAVA_MEMBERS & set(head):
                return "members"
            while at < len(found) and found[at].text != "{":
                at = closing(found, at) + 1
            head = []
        elif text == "{":
            return "members" if head == ["static"] or _is_method(head) else "statements"
        elif text == ";":
            if head and head[0] in _JAVA_FIELDS:
                return "members"
            shape = "statements" if head else shape
            head = []
        else:
            inside = found[at : closing(found, at) + 1]
            head += [token.text for token in inside]
        at = closing(found, at) + 1
    return "statements" if head else shape


def _is_method(head: list[str]) -> bool:
    if "(" not in head or head[0] in {"if", "for", "while", "switch", "try", "do", "synchronized"}:
        return False
    return "=" not in head[: head.index("(")] and "->" not in head


def _go(source: str, harness: Mapping[str, Any]) -> str:
    if not harness["imports"]:
        return source
    words = [token.text for token in tokens(source, "go")]
    package = _PACKAGE.search(source)
    named = words[:1] == ["package"]
    names = range(len(words) - 1)
    used = {words[at] for at in names if words[at + 1] == "." and words[at - 1] != "."}
    own = _go_imports(words)
    missing = [path for name, path in harness["imports"].items() if path and name in used - own]
    imports = "".join(f' import "{path}";' for path in missing)
    end = "" if "main" not in words[1:2] or "main" in words[2:] else "\nfunc main() {}\n"
    if named and package:
        at = package.end()
        return f"{source[:at].rstrip(';')};{imports}{source[at:]}{end}"
    return f"package snippet;{imports} {source}"


def _go_imports(words: list[str]) -> set[str]:
    """Return the names that a file imports or declares at its top."""
    names: set[str] = set()
    importing = False
    for at, word in enumerate(words):
        if word == "import":
            importing = True
        elif word in {"func", "type", "var", "const"}:
            importing = False
        elif importing and (match := _GO_IMPORT.match(word)):
            before = words[at - 1]
            alias = before if before.isidentifier() and before != "import" else ""
            names.add(alias or match[1].rpartition("/")[2])
    return names


def _typescript(source: str, _: Mapping[str, Any]) -> str:
    source = _TS_SILENCER.sub("@ts_", source)
    # A script shares its names with the browser's; in a module they are its own.
    return (
        source
        if re.search(r"^[ \t]*(?:import|export)\b", source, re.MULTILINE)
        else (f"{source}\nexport {{}};\n")
    )


_FINISH: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = {
    "cpp": _cpp,
    "rust": _rust,
    "java": _java,
    "go": _go,
    "typescript": _typescript,
}
