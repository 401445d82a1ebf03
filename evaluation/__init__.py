"""Measures code models. Knows neither finetuning nor TRL."""
