"""Which part of what a model wrote is the program.

Read in order: `completion` is the rule, `reasoning` what a chat model meant as its answer, `fences`
and `prose` where code stands in it, `choose` which of that it is.
"""

from whetstone.rewards.extract.completion import code_of_answer, extract_code, shown, trimmed
from whetstone.rewards.extract.stop import cut_at_stop

__all__ = ["code_of_answer", "cut_at_stop", "extract_code", "shown", "trimmed"]
