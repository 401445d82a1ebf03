"""The one table of what is known of each language."""

import importlib
from collections.abc import Mapping
from types import MappingProxyType

from whetstone.rewards.compilers.language import Language
from whetstone.rewards.languages import MARKS


def _of(name: str) -> Language:
    """Return what the module of a language's name holds under that name in capitals."""
    module = importlib.import_module(f"{__package__}.{name}")
    found: Language = getattr(module, name.upper())
    return found


LANGUAGES: Mapping[str, Language] = MappingProxyType({name: _of(name) for name in MARKS})
"""Those that have a compiler here."""
