"""Small state of ours that travels with every checkpoint: KL controller, curriculum.

Written beside the optimizer's, so that it is there before trainer_state.json, which is written last
and tells that a checkpoint is whole. The same on every rank; rank 0 writes it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from transformers import Trainer

FILE = "whetstone_state.json"


class Stateful(Protocol):
    """Something a resumed run must find as it was."""

    def state(self) -> dict[str, Any]:
        """Return a JSON value."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""


class StatefulTrainer(Trainer):
    """Mixed in before a TRL trainer: saves and restores what `stateful` names."""

    stateful: Mapping[str, Stateful] = {}

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        super()._save_optimizer_and_scheduler(output_dir)
        if self.stateful and self.args.should_save:
            states = {name: part.state() for name, part in self.stateful.items()}
            (Path(output_dir) / FILE).write_text(json.dumps(states), encoding="utf-8")

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if self.stateful and checkpoint is not None:
            states = json.loads((Path(checkpoint) / FILE).read_text(encoding="utf-8"))
            for name, part in self.stateful.items():
                part.restore(states[name])
