"""The flags of the harness's `main.py`, with its names, defaults and oddities.

`--postprocess` switches post-processing off, as it does there. Every flag of upstream is taken; one
that only other tasks or other model types read is refused when it is set, and named.
"""

import argparse
from collections.abc import Sequence
from fnmatch import filter as matching
from typing import Any

from whetstone.evaluation.errors import EvaluationError
from whetstone.evaluation.harness.delegate import VARIABLE
from whetstone.evaluation.harness.tasks import SUPPORTED

UPSTREAM = "https://github.com/bigcode-project/bigcode-evaluation-harness"
_REMEDY = f"It is upstream's: {UPSTREAM}. With a checkout of it, {VARIABLE}=FOLDER hands over to it"

_PRECISIONS = ("fp32", "fp16", "bf16")


class Unsupported(EvaluationError):  # noqa: N818 - named as its neighbours in whetstone.evaluation.errors are
    """A flag or a task that only upstream has, or a value that means nothing."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the harness's flags; the order is that of its results' `config`.

    Raises:
        Unsupported: with every flag and task that is not offered here.

    """
    args = _parser().parse_args(arguments)
    problems = [*_unsupported(args), *_contradictions(args)]
    if problems:
        raise Unsupported("\n".join(problems))
    return args


def selected(tasks: str) -> list[str]:
    """Return the task names that comma-separated patterns choose, in their order, each once."""
    found = [name for pattern in tasks.split(",") for name in matching(SUPPORTED, pattern)]
    return list(dict.fromkeys(found))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py", description="bigcode-evaluation-harness's command on Whetstone's evaluator."
    )
    _sampling_flags(parser)
    _model_flags(parser)
    _run_flags(parser)
    return parser


def _sampling_flags(parser: argparse.ArgumentParser) -> None:
    """Add the fields of upstream's EvalArguments; HfArgumentParser also takes `--top-k`."""
    parser.add_argument("--prefix", default="", help="text before each prompt")
    parser.add_argument(
        "--do_sample", "--do-sample", type=_boolean, nargs="?", const=True, default=True
    )
    parser.add_argument("--no_do_sample", "--no-do-sample", dest="do_sample", action="store_false")
    parser.add_argument("--temperature", type=float, default=0.2)
    parser.add_argument("--top_k", "--top-k", type=int, default=0, help="0: all tokens")
    parser.add_argument("--top_p", "--top-p", type=float, default=0.95)
    parser.add_argument(
        "--n_samples", "--n-samples", type=int, default=1, help="completions for each problem"
    )
    parser.add_argument("--eos", default="<|endoftext|>", help="read by tasks of upstream only")
    parser.add_argument("--seed", type=int, default=0)


def _model_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="codeparrot/codeparrot-small", help="Hub id or folder")
    parser.add_argument("--modeltype", default="causal", help="causal; seq2seq is upstream's")
    parser.add_argument("--peft_model", default=None, help="adapter to merge into --model")
    parser.add_argument("--revision", default=None)
    parser.add_argument("--use_auth_token", action="store_true", help="the login's token is used")
    parser.add_argument("--trust_remote_code", action="store_true")


def _run_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    flag: dict[str, Any] = {"action": "store_true"}
    add("--tasks", default=None, help=f"comma-separated, wildcards allowed: {', '.join(SUPPORTED)}")
    add("--instruction_tokens", default=None, help="user,end,assistant: they join the stop words")
    add("--batch_size", type=int, default=1, help="completions in flight")
    add("--max_length_generation", type=int, default=512, help="tokens, prompt and completion")
    add("--precision", default="fp32", help="fp32, fp16 or bf16")
    add("--load_in_8bit", **flag)
    add("--load_in_4bit", **flag)
    add("--left_padding", help="always so here", **flag)
    add("--limit", type=int, default=None, help="only so many problems")
    add("--limit_start", type=int, default=0, help="the first of them")
    add("--save_every_k_tasks", type=int, default=-1)
    add("--postprocess", action="store_false", help="do NOT cut completions (sic)")
    add("--allow_code_execution", help="without it nothing is run", **flag)
    add("--generation_only", **flag)
    add("--load_generations_path", default=None, help="score this file instead of generating")
    add("--load_data_path", default=None, help="read by tasks of upstream only")
    add("--metric_output_path", default="evaluation_results.json")
    add("--save_generations", **flag)
    add("--load_generations_intermediate_paths", nargs="*", help="one file for each task")
    add("--save_generations_path", default="generations.json")
    add("--save_references", **flag)
    add("--save_references_path", default="references.json")
    add("--prompt", default="prompt", help="read by tasks of upstream only")
    add("--max_memory_per_gpu", default=None, help="such as 20GB, or auto")
    add("--check_references", help="score the published solutions", **flag)


def _boolean(text: str) -> bool:
    value = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in value:
        raise argparse.ArgumentTypeError(f"{text!r}: give true or false")
    return value[text.lower()]


def _unsupported(args: argparse.Namespace) -> list[str]:
    """Name what is set and would be ignored here."""
    problems = []
    if args.tasks is None:
        problems.append(f"--tasks is needed: {', '.join(SUPPORTED)}. {_REMEDY}.")
    else:
        problems += [
            f"--tasks {pattern}: not one of {', '.join(SUPPORTED)}. {_REMEDY}."
            for pattern in args.tasks.split(",")
            if not matching(SUPPORTED, pattern)
        ]
    only_upstream = {
        "modeltype": ("causal", "only decoder-only models are sampled here"),
        "load_data_path": (None, "no task here reads it"),
        "prompt": ("prompt", "no task here reads it"),
    }
    problems += [
        f"--{name} {value}: {reason}. {_REMEDY}."
        for name, (default, reason) in only_upstream.items()
        if (value := getattr(args, name)) != default
    ]
    return problems


def _contradictions(args: argparse.Namespace) -> list[str]:
    problems = []
    at_least_1 = ("n_samples", "batch_size", "max_length_generation")
    problems += [
        f"--{name} {value}: give 1 or more"
        for name in at_least_1
        if (value := getattr(args, name)) < 1
    ]
    if args.limit_start < 0 or (args.limit or 0) < 0:
        problems.append(f"--limit {args.limit} --limit_start {args.limit_start}: give 0 or more")
    if args.precision not in _PRECISIONS:
        problems.append(f"--precision {args.precision}: give one of {', '.join(_PRECISIONS)}")
    if args.do_sample and args.temperature <= 0.0:
        problems.append(
            f"--temperature {args.temperature}: give more than 0, or --do_sample false (greedy)"
        )
    if args.load_in_8bit and args.load_in_4bit:
        problems.append("--load_in_8bit and --load_in_4bit: give one of them")
    if not args.allow_code_execution and not args.generation_only:
        problems.append(
            "--allow_code_execution is missing: scoring runs what a model wrote (here in a "
            "sandbox). Add it, or --generation_only."
        )
    if args.instruction_tokens is not None and args.instruction_tokens.count(",") != 2:  # noqa: PLR2004
        problems.append(
            f"--instruction_tokens {args.instruction_tokens}: give three with commas between, "
            "'' for an empty one"
        )
    paths = args.load_generations_intermediate_paths
    if paths and args.tasks is not None and len(paths) != len(selected(args.tasks)):
        problems.append(
            f"--load_generations_intermediate_paths: {len(paths)} files for "
            f"{len(selected(args.tasks))} tasks; give one for each"
        )
    return problems
