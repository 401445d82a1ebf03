"""The order of prompts, the same in a resumed run as in the one that was interrupted.

TRL's RepeatSampler draws each epoch from a generator that begins anew in every process, so a run
that resumes in its third epoch would see the first one's order again.
"""

from trl.trainer.utils import RepeatSampler


class ResumableSampler(RepeatSampler):
    """RepeatSampler whose order follows from its seed and the epoch alone."""

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch; accelerate calls this, also when it then skips batches."""
        if self.shuffle:
            self.generator.manual_seed(self.seed + epoch)
