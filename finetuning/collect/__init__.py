"""Data sets that a model and a reward make: samples, and what is derived from them."""
