"""What a run takes of the machine. Must be decided before torch is imported."""

import os

from finetuning.config.rules.backend import device_is_here
from finetuning.config.schema import DeviceConfig
from finetuning.errors import ConfigError
from finetuning.world import processes

_SPINS = "10000"


def check_gpu(backend: DeviceConfig) -> None:
    """Refuse a GPU that cannot be here, before torch loads.

    Raises:
        ConfigError: the system has no driver for it.

    """
    if problems := [*device_is_here(f"backend={backend.name}", backend.device)]:
        raise ConfigError(problems)


def share_the_cores() -> None:
    """Let CPU threads wait for each other less eagerly, unless the user has set a policy.

    OpenMP's threads spin at every barrier. With fewer cores than threads (a second run, a browser,
    a CI job beside us) they burn each other's time: two runs at once on two cores sampled 40 times
    slower than one alone. A shorter spin costs a quiet machine some percent and keeps a busy one
    near its fair share. The figures are in benchmarks/README.md.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)


def take_one_gpu() -> None:
    """Show torch the first visible GPU only, where there is one process.

    With several, transformers wraps the model in DataParallel, which TRL refuses. Several processes
    have a GPU each. What Apple's GPUs cannot compute yet, torch computes on the CPU instead of
    ending the run.
    """
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    if processes() > 1:
        return
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    os.environ["CUDA_VISIBLE_DEVICES"] = visible.split(",")[0]
