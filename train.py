"""Trains: `python train.py`, `python train.py algo=grpo model=qwen reward=execution`, `--help`."""

from whetstone.finetuning.cli import train

if __name__ == "__main__":
    train()
