"""bigcode-evaluation-harness's command on Whetstone's evaluator: see README.md."""

import sys

from finetuning.exits import exit_codes
from finetuning.machine import share_the_cores

if __name__ == "__main__":
    with exit_codes():
        share_the_cores()
        from finetuning.harness import run

        sys.exit(run())
