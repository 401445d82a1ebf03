"""Commands that use a model without training it: evaluate, generate, compare two models."""
