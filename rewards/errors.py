"""What a reward raises to end a run on purpose."""


class RunStopped(RuntimeError):  # noqa: N818 - no error of the code, and named for what it means
    """The run ends here, and the same command continues it: exit code 3.

    An exception, and no flag on the trainer's state: it ends every trainer, also one with many
    processes of which only this one knows the reason, and cannot pass for a run that was completed.
    """
