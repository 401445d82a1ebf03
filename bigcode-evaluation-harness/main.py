"""bigcode-evaluation-harness's command on Whetstone's evaluator: see README.md."""

import sys

from whetstone.finetuning.runtime.environment import share_the_cores
from whetstone.finetuning.runtime.exit_codes import exit_codes

if __name__ == "__main__":
    with exit_codes():
        share_the_cores()
        from whetstone.finetuning.inference.bigcode_harness import run

        sys.exit(run())
