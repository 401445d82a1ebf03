"""Keeps the libraries' own bars and notices out of a log that a person reads."""

import warnings

import datasets
from transformers.utils import logging


def quiet_libraries() -> None:
    """Silence what the user can do nothing about. Errors and our own warnings stay."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    datasets.disable_progress_bars()
    # TRL 1.16 still uses the old names of these; transformers 5.23 tells everybody.
    warnings.filterwarnings("ignore", message=".*gradient_checkpointing.*")
