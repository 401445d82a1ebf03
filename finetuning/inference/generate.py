"""The story of `whetstone generate`: ask a model, show what it wrote.

Sampled by the engine that training and evaluation sample with, so that what is seen is what was
trained on and measured.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from whetstone.finetuning.config.schema import DeviceConfig
from whetstone.finetuning.config.schema.commands import GenerateSettings
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.model.device import choose_device
from whetstone.finetuning.model.load_for_eval import WeightsToMeasure, load_measured
from whetstone.finetuning.model.out_of_memory import of_sampling, told_how_to_fit
from whetstone.finetuning.model.policy import load_tokenizer
from whetstone.finetuning.model.resolve import Found
from whetstone.finetuning.rollout.engines import build_engine, choose_rollout
from whetstone.finetuning.rollout.text import TextSampler
from whetstone.finetuning.runtime.quiet import quiet_libraries


def generate(settings: GenerateSettings, found: Found, prompts: Sequence[str]) -> str:
    """Return the completions as text; where there are several, each below a line that says which.

    Raises:
        ConfigError: the model has no chat template and was to be asked in one.

    """
    quiet_libraries()
    device = choose_device(
        DeviceConfig(name=settings.device, device=settings.device, dtype=settings.dtype),
        f"device={settings.device}",
    )
    params = settings.params(
        settings.seed, tuple(settings.stop), chat=_asks_in_chat(settings, found)
    )
    wanted = WeightsToMeasure(
        path=str(found.folder),
        revision=None,
        trust_remote_code=found.trust_remote_code,
        bits="4bit" if settings.load_in_4bit else None,
        adapter=settings.adapter,
        placement={},
    )
    choice = choose_rollout(settings.rollout, device)
    with told_how_to_fit(partial(_smaller, settings)):
        policy = load_measured(wanted, device)
        engine = build_engine(choice, policy.model, policy.tokenizer, device)
        completions = TextSampler(policy.model, policy.tokenizer, engine=engine)(prompts, params)
    return _shown([[_cut(text, settings.stop) for text in of_one] for of_one in completions])


def _smaller(settings: GenerateSettings) -> Iterator[str]:
    """Yield what to lower where model and completions do not fit into the GPU's memory."""
    tokens = ("max_new_tokens", settings.max_new_tokens)
    four_bit = None if settings.load_in_4bit else "load_in_4bit=true"
    return of_sampling(("samples", settings.samples), tokens, four_bit)


def _asks_in_chat(settings: GenerateSettings, found: Found) -> bool:
    tokenizer = load_tokenizer(found.folder, found.trust_remote_code)
    has_template = tokenizer.chat_template is not None
    if settings.chat and not has_template:
        remedy = f"{found.name} has no chat template; leave chat out"
        raise ConfigError([Problem("chat=true", remedy)])
    return has_template if settings.chat is None else settings.chat


def _cut(text: str, stop: Sequence[str]) -> str:
    """Cut at the first stop string; the sampler may go on for some tokens."""
    return text[: min((at for word in stop if (at := text.find(word)) >= 0), default=None)]


def _shown(completions: Sequence[Sequence[str]]) -> str:
    if len(completions) == len(completions[0]) == 1:
        return completions[0][0]
    return "\n".join(
        f"--- prompt {number}, sample {sample} ---\n{text}"
        for number, of_one in enumerate(completions, start=1)
        for sample, text in enumerate(of_one, start=1)
    )
