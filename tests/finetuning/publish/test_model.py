"""`whetstone publish model` as a process of its own, against a Hub on loopback."""

import json
import shutil

import pytest
import yaml
from hub import TOKEN

from whetstone.finetuning.config.commands import load_publish_model
from whetstone.finetuning.nano import problems
from whetstone.finetuning.publish.model import model_upload
from whetstone.finetuning.report.example import NANO
from whetstone.finetuning.report.outcome import DEBUG, NOTHING_HELD_OUT

REPO = "me/tuned"
FILES = {
    "README.md",
    "config.json",
    "merge.json",
    "model.safetensors",
    "tokenizer.json",
    "adapter/adapter_config.json",
    "adapter/adapter_model.safetensors",
}


def head_of(card):
    return yaml.safe_load(card.split("---\n")[1])


def edit(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_a_dry_run_shows_everything_and_asks_nobody(whetstone, run_folder, hub):
    code, out, err = whetstone(
        "publish", "model", f"run={run_folder}", f"repo={REPO}", HF_TOKEN=None
    )
    assert code == 0, err
    assert f"model {REPO}, private" in out
    assert all(name in out for name in FILES)
    assert "push=true" in out
    assert "| mbpp | pass@1 | 0.250 | 0.750 | +0.500 |" in out
    assert not hub.repos
    assert not hub.commits


def test_the_right_files_arrive_in_one_private_commit(whetstone, run_folder, hub, tmp_path):
    form = run_folder / "merged-mlx-4bit"  # as `whetstone export mlx RUN --bits 4` calls it
    form.mkdir()
    (form / "config.json").write_text('{"quantization": {"bits": 4}}')
    (form / "model.safetensors").write_bytes(b"\x02" + bytes(7) + b"{}weights")
    code, out, err = whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    assert code == 0, err
    assert f"published: {hub.url}/{REPO}" in out
    assert hub.repos == {REPO: True}
    [(_, summary, files)] = hub.commits
    assert "trained with grpo" in summary
    assert set(files) == FILES | {"mlx-4bit/config.json", "mlx-4bit/model.safetensors"}
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        assert files[name] == (run_folder / "merged" / name).read_bytes()
    assert not [name for name, content in files.items() if str(tmp_path).encode() in content]
    assert not [name for name, content in files.items() if TOKEN.encode() in content]
    assert TOKEN not in out + err


def test_the_card_is_complete(whetstone, run_folder, hub):
    whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    card = hub.files(REPO)["README.md"].decode()
    assert head_of(card) == {
        "license": "apache-2.0",
        "base_model": "Qwen/Qwen2.5-Coder-1.5B",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["whetstone", "trl", "grpo", "code"],
        "model-index": [
            {
                "name": "tuned",
                "results": [
                    {
                        "task": {"type": "text-generation"},
                        "dataset": {"name": "mbpp", "type": "mbpp"},
                        "metrics": [{"type": "pass@1", "value": 0.75}],
                    }
                ],
            }
        ],
    }
    for told in (
        "trained with `grpo` on `nano` (reward: `execution`)",
        "| mbpp | pass@1 | 0.250 | 0.750 | +0.500 |",
        f'AutoModelForCausalLM.from_pretrained("{REPO}")',
        "AutoPeftModelForCausalLM",
        "whetstone export mlx",
        "| learning rate |",
        "| time of training | 1 min 01 s |",
        "LoRA, r 64, alpha 16, dropout 0.1",
        "KL of 1e-09",
        "num_generations:",
        "## Licence\n\napache-2.0",
    ):
        assert told in card, told


def card_of(run_folder):
    """The card as the dry run makes it, in this process."""
    upload = model_upload(load_publish_model([f"run={run_folder}", f"repo={REPO}"]))
    return next(part.source for part in upload.parts if part.path == "README.md").decode()


@pytest.mark.parametrize("place", ["../alice/work/qwen", "alice/work/qwen", "alice/qwen", "~/qwen"])
def test_of_a_local_path_the_card_has_the_name_alone(run_folder, place):
    path = run_folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["model"]["path"] = place
    config["data"]["path"] = "../alice/rows.jsonl"
    path.write_text(yaml.safe_dump(config))
    # Seen from here, `alice/qwen` could be on the Hub; the adapter knows that it was a folder.
    edit(run_folder / "adapter" / "adapter_config.json", base_model_name_or_path="/far/alice/qwen")
    card = card_of(run_folder)
    assert "alice" not in card
    assert "path: qwen\n" in card
    assert "path: rows.jsonl\n" in card


def test_the_usage_asks_in_the_chat_template_where_there_is_one(run_folder):
    assert "apply_chat_template" not in card_of(run_folder)
    template = run_folder / "merged" / "chat_template.jinja"
    template.write_text("{{ messages }}")
    assert "apply_chat_template" in card_of(run_folder)
    template.unlink()
    settings = run_folder / "merged" / "tokenizer_config.json"
    settings.write_text('{"chat_template": "{{ messages }}"}')
    assert "apply_chat_template" in card_of(run_folder)


def test_the_usage_asks_what_this_model_can_answer(run_folder):
    assert 'tokenizer("def add(a, b):\\n", return_tensors="pt")' in card_of(run_folder)
    edit(run_folder / "merged" / "config.json", vocab_size=512)  # as the nano tokenizer has
    assert f"tokenizer({json.dumps(NANO)}, " in card_of(run_folder)
    assert NANO in {problem.prompt for problem in problems("dev")}


def test_the_card_claims_no_direction_that_no_interval_shows(run_folder):
    edit(
        run_folder / "report.json",
        before={"mbpp": {"pass@1": 0.02}},
        after={"mbpp": {"pass@1": 0.01}},
    )
    card = card_of(run_folder)
    assert "pass@1 on mbpp was 0.02 before and 0.01 after" in card
    assert "fell" not in card
    edit(run_folder / "report.json", before=None, after=None)
    assert NOTHING_HELD_OUT in card_of(run_folder)


def test_the_card_of_a_check_of_the_path_says_so_first(run_folder):
    assert DEBUG not in card_of(run_folder)
    path = run_folder / "config.yaml"
    path.write_text(path.read_text().replace("debug: false", "debug: true"))
    assert card_of(run_folder).split("---\n")[2].startswith(f"\n# tuned\n\n> **{DEBUG}**\n\n")


def test_an_adapter_of_a_rounded_base_is_not_shown_as_one_of_any(whetstone, run_folder):
    path = run_folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["model"]["quantization"] = "nf4"
    path.write_text(yaml.safe_dump(config))
    _, out, _ = whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}")
    assert "trained on a base held in nf4" in out
    assert "| base held in | nf4 |" in out


def test_mlx_forms_are_explained(whetstone, run_folder):
    (run_folder / "merged-mlx").mkdir()
    (run_folder / "merged-mlx" / "config.json").write_text("{}")
    _, out, _ = whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}")
    assert "mlx_lm.generate --model tuned/mlx" in out
    _, out, _ = whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}", "mlx=false")
    assert "mlx/config.json" not in out


@pytest.mark.parametrize("where", ["report", "gate", "aside"])
def test_a_refused_merge_is_not_published(whetstone, run_folder, hub, where):
    gate = {"max_logit_difference": 1.0, "kl": 0.5, "max_kl": 1e-4, "passed": False}
    if where == "report":
        edit(run_folder / "report.json", status="merge refused", merge=gate)
    elif where == "gate":
        edit(run_folder / "merged" / "merge.json", **gate)
    else:
        (run_folder / "merged").rename(run_folder / "merged-refused")
    code, _, err = whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    assert code == 1
    assert "merge gate" in err
    assert not hub.repos


def test_weights_that_no_gate_saw_are_not_published(whetstone, run_folder):
    (run_folder / "merged" / "merge.json").unlink()
    code, _, err = whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}")
    assert code == 1
    assert "merge gate" in err


def test_an_epoch_can_be_published(whetstone, run_folder, hub):
    for name in ("merged", "adapter"):
        shutil.copytree(run_folder / name, run_folder / f"{name}-epoch-2")
    (run_folder / "merged-epoch-2" / "tokenizer.json").write_text('{"epoch": 2}')
    code, _, err = whetstone(
        "publish", "model", f"run={run_folder}", f"repo={REPO}", "epoch=2", "push=true"
    )
    assert code == 0, err
    assert hub.files(REPO)["tokenizer.json"] == b'{"epoch": 2}'
    assert b"after epoch 2" in hub.files(REPO)["README.md"]
    assert b"model-index" not in hub.files(REPO)["README.md"]  # the figures are of other weights
    code, _, err = whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}", "epoch=7")
    assert code == 2
    assert "merged-epoch-2" in err


def test_an_adapter_whose_base_nobody_else_has_stays_here(whetstone, run_folder, hub, tmp_path):
    edit(run_folder / "adapter" / "adapter_config.json", base_model_name_or_path=str(tmp_path))
    _, out, _ = whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}")
    assert "The adapter stays here" in out
    assert "adapter/" not in out
    named = ["base=Qwen/Qwen2.5-Coder-0.5B", "push=true"]
    whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}", *named)
    config = json.loads(hub.files(REPO)["adapter/adapter_config.json"])
    assert config["base_model_name_or_path"] == "Qwen/Qwen2.5-Coder-0.5B"


def test_a_public_repository_is_not_taken_for_a_private_one(whetstone, run_folder, hub):
    hub.repos[REPO] = False
    arguments = ("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    code, _, err = whetstone(*arguments)
    assert code == 2
    assert "private=false" in err
    assert not hub.commits
    code, _, err = whetstone(*arguments, "private=false")
    assert code == 0, err
    assert len(hub.commits) == 1


def test_every_mistake_is_told_before_anything_is_sent(whetstone, run_folder, hub, tmp_path):
    code, _, err = whetstone("publish", "model", "repo=tuned", "pusch=true", "epoch=0")
    assert code == 2
    for told in ("run: must be given", "repo=tuned: must be OWNER/NAME", "did you mean `push`"):
        assert told in err
    assert "epoch=0" in err
    code, _, err = whetstone("publish", "model", f"run={tmp_path}", f"repo={REPO}")
    assert (code, "report.json" in err) == (2, True)
    arguments = ("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    code, _, err = whetstone(*arguments, HF_TOKEN=None, HF_HUB_OFFLINE="1")
    assert code == 2
    assert "HF_TOKEN" in err
    assert "hf auth login" in err
    assert "HF_HUB_OFFLINE=1" in err
    assert not hub.repos


def test_a_token_that_may_not_write(whetstone, run_folder):
    arguments = ("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    code, _, err = whetstone(*arguments, HF_TOKEN="hf_" + "x" * 34)
    assert code == 2
    assert "401" in err
    assert "HF_TOKEN" in err


def test_a_hub_that_is_not_there(whetstone, run_folder):
    arguments = ("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    code, _, err = whetstone(*arguments, HF_ENDPOINT="http://127.0.0.1:9")
    assert code == 3
    assert "connection" in err
