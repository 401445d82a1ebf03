"""Policy and tokenizer: where they come from, what of them is trained, what is left at the end."""

import logging

# peft imports bitsandbytes in every run, and that warns of a CPU kernel which only makes 4-bit
# models faster. It does so while it is imported: `quiet_libraries` would come too late.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
# The Hub's client tells every retry, where it cannot be reached: what then fails says so once.
logging.getLogger("huggingface_hub.utils._http").setLevel(logging.ERROR)
