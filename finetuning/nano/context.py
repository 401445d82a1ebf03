"""How much the nano model reads and knows. Apart from it, for who must know before torch loads."""

CONTEXT_LENGTH = 256
"""Tokens of prompt and answer together; the nano world needs fewer than half."""
VOCABULARY = 512
"""Pieces that its tokenizer has; those of other models have thousands."""
