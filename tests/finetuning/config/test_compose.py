"""What the gate composes is what Hydra would: the same files, in the same order, merged alike."""

import pytest
from omegaconf import OmegaConf

from whetstone.finetuning.config import load
from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.config.fetched import take_fetched
from whetstone.finetuning.config.groups import config_groups
from whetstone.finetuning.config.hydra_settings import compose_hydra
from whetstone.finetuning.config.tree import merge
from whetstone.finetuning.config.tuning import take_tuning

GROUPS = config_groups()
OPTIONS = [f"{group}={option}" for group in sorted(GROUPS) for option in sorted(GROUPS[group])]
# Most files of a group are made alike; `test_load.py` loads each.
KINDS = {
    "algo": {"grpo", "ppo", "kto", "sft"},
    "backend": {"auto", "cuda_qlora"},
    "collect": {"base", "dpo"},
    "experiment": {"compiler_dpo", "laptop"},
    "pipeline": {"execution_dpo", "quickstart", "single"},
    "reward": {"compiler_discriminator", "custom", "execution", "teacher"},
    "tracker": {"wandb"},
    "model": {"nano", "qwen", "codet5p"},
    "data": {"auto", "nano", "mbpp", "jsonl", "hub", "mix"},
}
FURTHER = {
    f"{group}={name}" for group, kinds in KINDS.items() for name in set(GROUPS[group]) - kinds
}
UNTUNED = "model=starcoder2"
"""A model whose tuning cannot be in the way of what is stronger: `of_hydra` lays it on top."""
MIXED = """\
# @package _global_
defaults:
  - base
  - /algo@more.algo: ppo
  - optional /data/none: nothing
  - _self_
  - override /algo: rloo
  - override /reward: [execution, compiler]
  - override /hydra/launcher: basic
algo:
  args:
    learning_rate: 1e-3
    top_k: 0x10
    stop: [a, '${seed}', 'on', yes, 1_000]
hooks:
  evaluate:
    k: [2]
    tasks: ${oc.select:nothing,${data.eval_tasks}}
run:
  name: ???
"""


def of_hydra(overrides, folders=()):
    """Return what Hydra composes, less what is no setting of a model; and the choices."""
    config = OmegaConf.to_container(compose_hydra(overrides, folders))
    chosen = config.pop("hydra")["runtime"]["choices"]
    take_fetched(config["model"])
    for layer in take_tuning(config["model"], chosen, GROUPS):
        merge(config, layer)
    return config, chosen


def ours_is_hydras(overrides, folders=()):
    composer = Composer(folders)
    config, chosen = of_hydra(overrides, folders)
    assert composer.unresolved(overrides) == config
    whole = OmegaConf.to_container(OmegaConf.create(config), resolve=True)
    assert composer.values(overrides) == whole
    assert composer.choices(overrides).items() <= chosen.items()


@pytest.mark.parametrize(
    "option",
    [pytest.param(one, marks=pytest.mark.nightly) if one in FURTHER else one for one in OPTIONS],
)
def test_every_preset(option):
    chooses_model = option.startswith(("model=", "experiment="))
    ours_is_hydras([option] if chooses_model else [option, UNTUNED])


@pytest.mark.parametrize(
    "overrides",
    [
        ["reward=[execution,compiler]", "tracker=[]", "data=jsonl"],
        ["experiment=control_random_reward", "backend=cuda_qlora", "algo=ppo"],
        ["++seed=3", "++run.name='a b'", "++algo.args={max_steps: 3, x: {y: 1}}", "++new.a.b=[1]"],
        ["++hooks={}", "++data.limit=null", "++reward.execution=7", "++seed=???", "++run.x=1e-3"],
        ["++seed={a: {b: 1}}", "++debug.deep.er=1", "++hooks.evaluate={k: [3]}", "++new=[]"],
        ["~reward.execution.quality_bonus", "~hooks.evaluate"],
        ["++run.name=${seed}", "++seed=${oc.env:HOME}", "++debug='\\${x}'"],
    ],
    ids=" ".join,
)
def test_settings(overrides):
    ours_is_hydras([UNTUNED, *overrides])


def test_what_hydra_resolves_itself_is_resolved():
    assert load(["run.name=x-${now:%Y}"]).main.run.name.startswith("x-2")


def test_a_file_of_the_users_may_say_all_that_hydra_reads(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "base.yaml").write_text("# @package _global_\nseed: 4\n")
    (tmp_path / "experiment" / "mixed.yaml").write_text(MIXED)
    ours_is_hydras(["experiment=mixed", "++algo.args.beta=0.5", UNTUNED], [tmp_path])
