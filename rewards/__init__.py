"""Judges of code. Knows neither finetuning nor TRL, so any TRL user can import it."""
