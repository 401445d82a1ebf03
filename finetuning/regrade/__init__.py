"""A run's stored completions, judged again: what other tests, weights or rewards would change."""
