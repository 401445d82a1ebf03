"""The coefficient of the KL penalty: fixed, or steered so that the KL stays near a target.

Ziegler et al. 2019 (arXiv 1909.08593), section 2.2: a proportional controller in log space, its
error clipped to 20 %, so that one odd batch cannot throw the coefficient off.
"""

from typing import Any

from whetstone.finetuning.config.schema import KLConfig

_MOST_ERROR = 0.2


class KLController:
    """Holds the coefficient beta of a KL penalty."""

    def __init__(self, coefficient: float, target: float | None, horizon: int) -> None:
        """Take the first coefficient.

        Args:
            coefficient: beta at the start, above 0 if it is to move.
            target: wanted KL of a completion under the policy from the reference, in nats;
                None keeps the coefficient.
            horizon: completions over which a lasting error of 20 % moves beta by 20 %. Ziegler et
                al. write K = 0.1 for one batch.

        """
        self.coefficient = coefficient
        self._target = target
        self._horizon = horizon

    def update(self, kl: float, completions: int) -> None:
        """Move the coefficient after a batch with this mean KL per completion, in nats."""
        if self._target is None:
            return
        error = max(-_MOST_ERROR, min(_MOST_ERROR, kl / self._target - 1.0))
        self.coefficient *= 1.0 + error * completions / self._horizon

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs."""
        return {"coefficient": self.coefficient}

    def restore(self, state: dict[str, Any]) -> None:
        """Take the coefficient of a checkpoint."""
        self.coefficient = state["coefficient"]


def build_controller(config: KLConfig, beta: float) -> KLController:
    """Return the controller of `algo.kl`, beginning at `algo.args.beta`."""
    target = config.target if config.controller == "adaptive" else None
    return KLController(beta, target, config.horizon)
