"""Types that a TypeScript file imports: the modules are not there, so such a type is `any`.

The compiler makes what comes from an unknown module a value of `any`, but refuses it as a type, and
goes on as if it were `any`. That complaint is taken back, and no other.
"""

import re
from dataclasses import replace

from whetstone.rewards.compilers.base import CompileOutcome, CompilerVerdict, Severity

_AS_TYPE = re.compile(r"Cannot use namespace '([^']+)' as a type\.")
_MEMBER = "Namespace '\"*\"' has no exported member"


def allow_imported_types(verdict: CompilerVerdict, source: str) -> CompilerVerdict:
    """Return a verdict without what it says of types from modules."""
    if verdict.outcome is not CompileOutcome.ERRORS:
        return verdict
    kept = tuple(one for one in verdict.diagnostics if not _is_of_import(one.message, source))
    if any(one.severity is Severity.ERROR for one in kept):
        return replace(verdict, diagnostics=kept)
    return CompilerVerdict(CompileOutcome.COMPILED, kept)


def _is_of_import(message: str, source: str) -> bool:
    """Tell a complaint about a module; which names are namespaces the compiler knows."""
    found = _AS_TYPE.match(message)
    imported = found and re.search(rf"\bimport\b[^;=\"']*(?<!\w){re.escape(found[1])}\b", source)
    return message.startswith(_MEMBER) or bool(imported)
