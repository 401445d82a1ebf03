"""What a model cannot be trained with is said before it is measured."""

import torch

from whetstone.finetuning.config import load
from whetstone.finetuning.config.rules.model import template_problems
from whetstone.finetuning.model.adapter import target_problems

CHAT = {"prompt": [{"role": "user", "content": "hi"}]}


def template_messages(algo, row, template=None):
    config = load([f"algo={algo}"]).main
    found = template_problems(config, row, has_template=template is not None)
    return [problem.message for problem in found]


def test_messages_need_a_chat_template():
    (message,) = template_messages("sft", CHAT)
    assert "set algo.args.chat_template_path=FILE" in message
    (message,) = template_messages("grpo", CHAT)
    assert "save chat_template.jinja there" in message
    assert template_messages("grpo", CHAT, template="{{ messages }}") == []
    assert template_messages("grpo", {"prompt": "hi"}) == []


def test_adapted_projections_are_there():
    model = torch.nn.ModuleDict({"q_proj": torch.nn.Linear(2, 2), "norm": torch.nn.LayerNorm(2)})
    lora = ["model.adapter=lora", "model.lora.target_modules=[q_proj,k_proj]"]
    (problem,) = target_problems(load(lora).main.model, model)
    assert "no k_proj; did you mean `q_proj`? there are: q_proj, or all-linear" in problem.message
    assert [*target_problems(load([]).main.model, model)] == []


def test_a_pattern_of_projections_matches_one():
    model = torch.nn.ModuleDict({"q_proj": torch.nn.Linear(2, 2)})
    base = load(["model.adapter=lora"]).main.model
    for pattern, wrong in ((r".*_proj", 0), ("nix", 1), ("all-linear", 0)):
        lora = base.lora.model_copy(update={"target_modules": pattern})
        found = [*target_problems(base.model_copy(update={"lora": lora}), model)]
        assert len(found) == wrong, pattern
