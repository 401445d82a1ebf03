"""The process a run lives in: environment, ranks, exit codes, progress, library output."""
