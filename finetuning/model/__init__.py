"""Policy and tokenizer: where they come from, what of them is trained, what is left at the end."""
