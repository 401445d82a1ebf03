"""How eagerly CPU threads wait for each other. Must be decided before torch is imported.

OpenMP's threads spin at every barrier. With a core less than threads (a second run, a browser, a
CI job beside us) they burn each other's time: two runs at once on two cores sampled 40 times
slower than one alone. A shorter spin costs a quiet machine some percent and keeps a busy one at
about its fair share. The figures are in benchmarks/README.md.
"""

import os

_SPINS = "10000"


def share_the_cores() -> None:
    """Shorten the spin, unless the user has set a policy."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
