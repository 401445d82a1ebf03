"""One training stage: its inputs, its trainer, its trackers and its summary."""
