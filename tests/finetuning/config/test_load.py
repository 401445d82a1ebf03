import re
import subprocess
import sys
import textwrap
import time
from importlib.util import find_spec
from typing import get_args

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.config.groups import CONF_DIR, config_groups
from whetstone.finetuning.config.schema.public_data import PublicName
from whetstone.finetuning.errors import ConfigError

GROUPS = config_groups()


def problems_of(*overrides: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(overrides)
    return {problem.setting: problem.message for problem in caught.value.problems}


def test_nothing_given_is_the_quickstart():
    plan = load([])
    assert [(stage.name, stage.config.algo.name) for stage in plan.stages] == [
        ("base", "sft"),
        ("rl", "grpo"),
    ]
    assert plan.stages[0].config.model.init == "nano"
    assert plan.stages[0].cache
    assert plan.stages[1].continues
    assert plan.changed == {}


def test_a_real_model_has_a_single_stage():
    plan = load(["model=qwen", "data=nano"])
    assert [stage.name for stage in plan.stages] == ["train"]
    assert plan.main.model.path == "Qwen/Qwen2.5-Coder-1.5B"


@pytest.mark.parametrize(
    ("group", "option"),
    [(group, option) for group in GROUPS for option in sorted(GROUPS[group])],
)
def test_every_yaml_composes_and_loads(group, option, tmp_path, monkeypatch):
    (tmp_path / "rows.jsonl").write_text('{"prompt": "p", "tests": "t"}\n' * 16)
    (tmp_path / "reward_model.json").write_text("{}")
    monkeypatch.setenv("WANDB_API_KEY", "a-key-for-the-gate")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("WHETSTONE_DATA_DIR", raising=False)
    needs = {
        ("data", "jsonl"): [f"data.train={tmp_path / 'rows.jsonl'}"],
        ("reward", "custom"): ["reward.custom.fn=os.path:basename"],
        ("reward", "teacher"): ["reward.teacher.model=m", "reward.teacher.api_key_env=null"],
        ("reward", "discriminator"): ["reward.discriminator.path=d"],
        ("reward", "compiler_discriminator"): ["reward.discriminator.path=d"],
        ("pipeline", "single"): ["model.path=some/model"],
        ("model", "local"): ["model.path=some/model"],
        ("data", "prompts"): ["reward=random"],
        **{
            (group, "rfai"): ["reward.teacher.model=m", "reward.teacher.api_key_env=null"]
            for group in ("pipeline", "experiment")
        },
        ("data", "text"): [f"data.train={tmp_path}", "algo=pretrain"],
        ("data", "hub"): ["data.path=some/rows"],
        ("data", "nano_tools"): ["algo=sft"],
        **{("data", name): ["data.chat=false"] for name in ("basics", *get_args(PublicName))},
        ("data", "mix"): ["data.mix={apps:1,taco:2.5}", "data.chat=false"],
        ("backend", "vllm"): ["backend.rollout=hf"],  # vLLM is no part of the tests
        ("backend", "mps_mlx"): [] if find_spec("mlx_lm") else ["backend.rollout=hf"],
        ("model", "codet5p"): ["algo=sft"],
        ("reward", "reward_model"): [f"reward.reward_model.path={tmp_path}"],
        **{
            ("reward", reward): [f"reward.discriminator.path={tmp_path}"]
            for reward in ("discriminator", "compiler_discriminator")
        },
        **{
            ("collect", kind): [f"collect.base={tmp_path / 'base'}"]
            for kind in ("dpo", "kto", "sft")
        },
    }.get((group, option), [])
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "train.jsonl").write_text("")
    assert load([f"{group}={option}", *needs]).stages


def test_the_yamls_in_no_group_are_known():
    loose = {path.name for path in CONF_DIR.glob("*.yaml")}
    assert loose == {
        "audit_data.yaml",
        "config.yaml",
        "debug.yaml",
        "evaluate.yaml",
        "generate.yaml",
        "groups.yaml",
        "hardware.yaml",
        "merge.yaml",
        "online.yaml",
        "pretrained_model.yaml",
        "publish_dataset.yaml",
        "publish_model.yaml",
        "strengthen.yaml",
    }


def test_debug_shrinks_every_algorithm():
    for algo in GROUPS["algo"]:
        plan = load([f"algo={algo}", "debug=true"])
        assert all(stage.config.algo.args["max_steps"] <= 5 for stage in plan.stages)
        assert plan.changed == {}


def test_a_value_beats_debug():
    assert load(["debug=true", "algo.args.max_steps=7"]).main.algo.args["max_steps"] == 7


def test_a_preset_of_the_model_gives_way_to_the_user():
    assert load([]).main.algo.args["learning_rate"] == 8e-4
    assert load(["algo.args.learning_rate=2.0e-3"]).main.algo.args["learning_rate"] == 2e-3


def test_a_stage_with_its_own_algorithm_keeps_its_own_arguments():
    base, rl = load(["algo.args.learning_rate=0.5"]).stages
    assert base.config.algo.args["learning_rate"] == 4e-3
    assert rl.config.algo.args["learning_rate"] == 0.5


def test_an_argument_of_trl_needs_no_plus():
    assert load(["algo.args.top_k=5"]).main.algo.args["top_k"] == 5


def test_an_unknown_option_names_the_nearest():
    found = problems_of("algo=grop")
    assert "did you mean `grpo`?" in found["algo=grop"]


def test_two_mistakes_are_told_together():
    found = problems_of("algo.args.lerning_rate=1", "seed=abc", "data.limt=3", "model=qwn")
    assert "learning_rate" in found["algo.args.lerning_rate=1"]
    assert "whole number" in found["seed=abc"]
    assert "did you mean `limit`?" in found["data.limt=3"]
    assert "did you mean `qwen`?" in found["model=qwn"]


def test_a_batch_that_groups_do_not_fill():
    found = problems_of("algo.args.per_device_train_batch_size=12")
    message = found["algo.args.per_device_train_batch_size=12"]
    assert "num_generations=8" in message
    assert "16 completions would be" in message


def test_an_unknown_key_in_an_experiment_file(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        textwrap.dedent("""
            # @package _global_
            hooks:
              evaluate:
                sample: 3
            algo:
              args:
                per_device_train_batch_size: 12
        """)
    )
    with pytest.raises(ConfigError) as caught:
        load(["experiment=mine"], [tmp_path])
    found = {problem.setting: problem.message for problem in caught.value.problems}
    assert "did you mean `samples`?" in found["hooks.evaluate.sample=3"]
    assert "algo.args.per_device_train_batch_size=12" in found


def test_an_experiment_reaches_the_run_and_not_the_stages_before_it(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "# @package _global_\nseed: 7\nalgo:\n  args:\n    num_generations: 4\n    beta: 0.5\n"
    )
    base, rl = load(["experiment=mine"], [tmp_path]).stages
    assert rl.config.algo.args["beta"] == 0.5
    assert "num_generations" not in base.config.algo.args
    assert base.config.seed == rl.config.seed == 7


def test_an_experiment_may_choose_model_and_algorithm(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /algo: sft\n  - override /model: nano\n"
    )
    plan = load(["experiment=mine"], [tmp_path])
    assert [stage.config.algo.name for stage in plan.stages] == ["sft", "sft"]
    assert plan.main.algo.args["learning_rate"] == 4e-3


def test_debug_from_an_experiment_shrinks_its_algorithm(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /algo: sft\ndebug: true\n"
    )
    plan = load(["experiment=mine"], [tmp_path])
    assert [stage.config.algo.args["max_steps"] for stage in plan.stages] == [3, 3]


def test_debug_is_true_or_false():
    assert "true or false" in problems_of("debug=1")["debug=1"]


def test_a_name_is_free_text():
    assert load(["model.name=tiny", "pipeline.name=mine"]).main.model.name == "tiny"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("loss_type=dpao", "did you mean `dapo`?"),
        ("max_steps=abc", "expected a whole number"),
        ("beta=-1", "at least 0"),
        ("top_p=7", "at most 1"),
        ("save_strategy=epoch", "algo.args.save_steps"),
        ("gradient_checkpointing=false", "activation_checkpointing"),
        ("generation_batch_size=64", "per_device_train_batch_size"),
        ("eval_strategy=steps", "hooks.evaluate"),
    ],
)
def test_arguments_that_trl_would_refuse_late_or_never(setting, words):
    assert (
        words
        in problems_of(f"algo.args.{setting}")[f"algo.args.{setting.replace('false', 'False')}"]
    )


def test_a_checkpoint_lies_between_generations():
    found = problems_of("algo.args.num_iterations=3", "algo.args.save_steps=20")
    assert "18 would do" in found["algo.args.save_steps=20"]


def test_tasks_are_checked_by_name(tmp_path):
    assert (
        "did you mean `nano`?"
        in problems_of("hooks.evaluate.tasks=[nanno]")["hooks.evaluate.tasks=nanno"]
    )
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.jsonl").write_text('{"prompt": "p", "tests": "pass"}\n')
    same = f"hooks.evaluate.tasks=[{tmp_path}/a/mine.jsonl,{tmp_path}/b/mine.jsonl]"
    assert "collide" in problems_of(same)["hooks.evaluate.tasks"]


def test_a_file_that_is_not_there():
    assert (
        "no such file"
        in problems_of("data=jsonl", "data.train=nope.jsonl")["data.train=nope.jsonl"]
    )
    assert "no such folder" in problems_of("model=qwen", "model.path=./nope")["model.path=./nope"]
    for chosen in ([], ["model=qwen"]):  # one word is no folder here and no id, as in model=nope
        assert "no such folder" in problems_of(*chosen, "model.path=nope")["model.path=nope"]


def test_a_missing_required_setting_is_told_once():
    assert list(problems_of("data=jsonl")) == ["data.train"]


def test_data_that_is_not_in_the_data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path / "missing"))
    found = problems_of("model=qwen", "data=mbpp")
    assert any("WHETSTONE_DATA_DIR" in message for message in found.values())


def test_given_twice_is_refused():
    assert "twice" in problems_of("algo=grpo", "algo=sft")["algo=sft"]
    assert "twice" in problems_of("seed=1", "seed=2")["seed=2"]


def test_what_we_compute_is_refused():
    assert "run.name" in problems_of("algo.args.output_dir=x")["algo.args.output_dir=x"]
    assert "backend.rollout" in problems_of("algo.args.use_vllm=true")["algo.args.use_vllm=True"]


@pytest.mark.parametrize("setting", ["min_p=0.1", "repetition_penalty=1.1"])
def test_what_our_sampler_would_ignore_is_refused(setting):
    (message,) = problems_of(f"algo.args.{setting}").values()
    assert "our sampler does not take this" in message


def test_no_reward_is_enough_for_supervised_training_only():
    assert load(["algo=sft", "reward=[]"]).main.reward == {}
    assert "needs a reward" in problems_of("reward=[]")["reward=[]"]


def test_a_stage_takes_settings_of_its_own():
    base, rl = load(["pipeline.stages.base.set.algo.args.max_steps=7"]).stages
    assert base.config.algo.args["max_steps"] == 7
    assert rl.config.algo.args["max_steps"] == 120
    found = problems_of("pipeline.stages.base.set.algo.args.max_stps=7")
    assert "max_steps" in found["[stage base] algo.args.max_stps=7"]


def test_a_model_is_needed_to_start_from():
    assert "quickstart" in problems_of("pipeline=single")["model.path=null"]


def test_a_model_that_would_not_be_used(tmp_path):
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text('{"model_type": "qwen2"}')
    found = problems_of("model=nano", f"model.path={tmp_path}")
    assert "pipeline=single" in found[f"model.path={tmp_path}"]


def test_yaml_reads_a_bare_exponent_as_text():
    found = problems_of("algo.args.learning_rate='1e-5'")
    assert "1.0e-5" in found["algo.args.learning_rate=1e-5"]


def test_an_unreadable_override_is_a_problem_like_any_other():
    found = problems_of("algo=[", "seed=x")
    assert "cannot be read" in found["algo=["]
    assert "seed=x" in found


def test_wandb_online_needs_a_key(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    assert "offline" in problems_of("tracker=wandb")["tracker.wandb.mode=online"]
    assert load(["tracker=wandb", "tracker.wandb.mode=offline"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["algo=grop"],
        ["algo.args.per_device_train_batch_size=12", "seed=x"],
        ["-m", "algo=grpo,grop"],
    ],
)
def test_the_command_answers_a_mistake_at_once(arguments):
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "train.py", *arguments],
        cwd=CONF_DIR.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "nothing was started" in done.stderr
    assert "Traceback" not in done.stderr
    # The promise is two seconds on a quiet machine; a loaded one is allowed more here.
    assert time.perf_counter() - start < 10


def test_the_last_point_of_a_sweep_is_checked_before_the_first_runs():
    done = subprocess.run(
        [sys.executable, "train.py", "-m", "algo.args.per_device_train_batch_size=128,12"],
        cwd=CONF_DIR.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "per_device_train_batch_size=12" in done.stderr


def test_help_teaches_three_commands():
    done = subprocess.run(
        [sys.executable, "train.py", "--help"],
        cwd=CONF_DIR.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("\n  python train.py") == 3
    assert done.stdout.count("--cfg job") == 1
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert any(line.startswith("python train.py algo=grpo model=FOLDER data=") for line in lines)
    choices = [line for line in lines if re.match(r"[a-z/]+: \w", line)]
    assert "algo: dpo, grpo, kto, ppo, pretrain, reward, rfai, rloo, sft" in choices
    [models] = [line for line in choices if line.startswith("model")]
    assert ", nano, " in models
    assert "local" not in models


def test_qlora_is_one_choice():
    plan = load(["model=qwen", "backend=cuda_qlora", "data=nano", "algo=grpo"])
    model, args = plan.main.model, plan.main.algo.args
    assert (model.quantization, model.adapter) == ("nf4", "lora")
    assert (model.lora.r, model.lora.alpha, model.lora.dropout) == (64, 16, 0.1)
    assert len(model.lora.target_modules) == 7
    assert (args["optim"], args["activation_checkpointing"]) == ("paged_adamw_8bit", True)
    assert plan.main.backend.device == "cuda"


def test_a_base_that_is_made_from_nothing_is_not_rounded():
    base, rl = load(["backend=cuda_qlora"]).stages
    assert (base.config.model.quantization, rl.config.model.quantization) == (None, "nf4")


def test_weights_in_four_bits_are_not_trained_themselves():
    found = problems_of("model=qwen", "model.quantization=nf4", "model.adapter=full")
    assert "model.adapter=lora" in found["model.quantization=nf4"]


@pytest.mark.parametrize(("kind", "rate"), [("dpo", 1e-3), ("kto", 1e-5)])
def test_a_preset_of_a_pipeline_gives_each_stage_its_own(kind, rate, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("WHETSTONE_DATA_DIR", raising=False)
    plan = load([f"experiment=compiler_{kind}"])
    stages = {stage.name: stage.config for stage in plan.stages}
    assert list(stages) == ["samples", "feedback", kind, "demonstrations", "sft"]
    trained, on_top = stages[kind], stages["sft"]
    assert (trained.algo.args["learning_rate"], trained.model.adapter) == (rate, "full")
    args = trained.algo.args
    assert args["per_device_train_batch_size"] * args["gradient_accumulation_steps"] == 128
    assert (on_top.algo.args["learning_rate"], on_top.model.lora.r) == (1.41e-6, 64)
    assert list(stages["feedback"].reward) == ["compiler"]
    # Another model takes the same way with its own values.
    small = {
        stage.name: stage.config
        for stage in load([f"experiment=compiler_{kind}", "model=nano", "data=nano"]).stages
    }
    assert list(small) == ["base", *stages]
    assert small[kind].algo.args["learning_rate"] == 2e-3


def test_a_compiler_needs_no_tests(tmp_path, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "p", "language": "java", "reference": "int f() { return 1; }"}\n')
    given = ["experiment=compiler_dpo", "data=jsonl", f"data.train={rows}"]
    assert load(given).stages
    assert "field tests: missing" in problems_of(*given, "reward=execution")[f"{rows}:1"]
