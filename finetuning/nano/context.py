"""How much the nano model reads. Apart from it, for who must know that before torch loads."""

CONTEXT_LENGTH = 256
"""Tokens of prompt and answer together; the nano world needs fewer than half."""
