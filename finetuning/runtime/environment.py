"""The environment of a run, read and set before torch loads: its processes, its cores, its GPU."""

import os

_SPINS = "10000"


def processes() -> int:
    """Return how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_processes() -> int:
    """Return how many of them run on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def rank() -> int:
    """Return which of them this is; 0 is the one that writes."""
    return int(os.environ.get("RANK", "0"))


def is_main() -> bool:
    """Tell whether this is the process that makes folders, measures and reports."""
    return rank() == 0


def share_the_cores() -> None:
    """Let CPU threads wait for each other less eagerly, unless the user has set a policy.

    OpenMP's threads spin at every barrier. With fewer cores than threads (a second run, a browser,
    a CI job beside us) they burn each other's time: two runs at once on two cores sampled 40 times
    slower than one alone. A shorter spin costs a quiet machine some percent and keeps a busy one
    near its fair share. The figures are in benchmarks/README.md.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)


def take_hub_token() -> None:
    """Take the Hub's token from a name that others give it, where `HF_TOKEN` is not set."""
    for name in ("HF_WRITE_TOKEN", "HUGGINGFACE_TOKEN"):
        if (token := os.environ.get(name)) and not os.environ.get("HF_TOKEN"):
            os.environ["HF_TOKEN"] = token


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
