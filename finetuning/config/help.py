"""The answer to `--help`: three commands to begin with, what can be chosen, what can be set."""

from whetstone.finetuning.config.groups import typed_choices

_HELP = """\
Whetstone trains code models against feedback they cannot fake: tests that run.

Three commands to begin with:

  python train.py
      Nothing to download: a tiny model is made here and learns to write Python, in minutes.

  python train.py algo=grpo model=qwen data=mbpp reward=execution
      The same on real parts. Add debug=true first: a one-minute check of the whole path.

  python train.py algo=grpo model=FOLDER data=jsonl data.train=my.jsonl
      Your model (model=OWNER/NAME for one of the Hub), your problems: rows of
      {"prompt": ..., "tests": ...}.

What you choose, one word each:

CHOICES

What you set, by its path (any argument of TRL goes below algo.args):

  seed=1   run.name=first-try   algo.args.learning_rate=1.0e-5   model.adapter=lora
  reward.execution.timeout_s=5   hooks.evaluate.samples=20   data.limit=100

Several runs: python train.py -m seed=0,1,2
All settings, without a run: python train.py --cfg job

Hydra's own flags: --hydra-help"""


def help_text() -> str:
    """Return the help of `train`, with the choices of conf/."""
    return _HELP.replace("CHOICES", typed_choices())
