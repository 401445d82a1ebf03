"""Keeps the libraries' own bars and notices out of a log that a person reads."""

import sys
import warnings

import datasets
from transformers.utils import logging


def quiet_libraries() -> None:
    """Silence what the user can do nothing about. Errors and our own warnings stay.

    A FutureWarning tells a library's caller of a name that will go; TRL uses old ones of
    transformers at each step. `python -W default train.py ...` shows them.
    """
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    datasets.disable_progress_bars()
    if not sys.warnoptions:
        warnings.simplefilter("ignore", FutureWarning)
