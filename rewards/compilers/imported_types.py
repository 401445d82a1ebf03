"""Types that a TypeScript file imports: the modules are not there, so such a type is `any`.

The compiler makes what comes from an unknown module a value of `any`, but refuses it as a type, and
goes on as if it were `any`. That complaint is taken back, and no other.
"""

import re
from dataclasses import replace

from whetstone.rewards.compilers.base import CompileOutcome, CompilerVerdict, Severity
from whetstone.rewards.compilers.lexer import TokenKind, tokens

_AS_TYPE = re.compile(r"Cannot use namespace '([^']+)' as a type\.")
_MEMBER = "Namespace '\"*\"' has no exported member"


def allow_imported_types(verdict: CompilerVerdict, source: str) -> CompilerVerdict:
    """Return a verdict without what it says of types from modules."""
    if verdict.outcome is not CompileOutcome.ERRORS:
        return verdict
    names = _imported(source)
    kept = tuple(one for one in verdict.diagnostics if not _is_of_import(one.message, names))
    if any(one.severity is Severity.ERROR for one in kept):
        return replace(verdict, diagnostics=kept)
    return CompilerVerdict(CompileOutcome.COMPILED, kept)


def _is_of_import(message: str, names: set[str]) -> bool:
    match = _AS_TYPE.match(message)
    return message.startswith(_MEMBER) or bool(match and match[1] in names)


def _imported(source: str) -> set[str]:
    names: set[str] = set()
    importing = False
    for token in tokens(source, "typescript"):
        if token.kind is TokenKind.STRING or token.text in {";", "="}:
            importing = False
        elif token.text == "import":
            importing = True
        elif importing:
            names.add(token.text)
    return names
