"""Which weights lie in best/ while training goes on, is killed and goes on again."""

import torch
from transformers import AutoModelForCausalLM, TrainerControl, TrainerState

from whetstone.finetuning.config.goal import Goal
from whetstone.finetuning.hooks.best import KeepBestCallback

METRIC = "eval/nano_dev/pass@1"


class Session:
    """A process that trains: it logs looks and saves checkpoints."""

    def __init__(self, folder, model, history=()):
        self.hook = KeepBestCallback(Goal(METRIC, 0.1), folder)
        self.folder, self.model = folder, model
        step = history[-1]["step"] if history else 0
        self.state = TrainerState(global_step=step, log_history=list(history))
        self.hook.on_train_begin(None, self.state, TrainerControl())

    def look(self, step, score):
        self.model.lm_head.weight.data.fill_(step)
        self.state.global_step = step
        self.state.log_history.append({"step": step, METRIC: score})
        self.hook.on_log(None, self.state, TrainerControl(), logs={METRIC: score}, model=self.model)

    def save(self):
        self.hook.on_save(None, self.state, TrainerControl())
        return list(self.state.log_history)

    def kept(self):
        return {
            path.name: AutoModelForCausalLM.from_pretrained(path).lm_head.weight[0, 0].item()
            for path in self.folder.iterdir()
        }


def test_only_the_best_stays(tmp_path, qwen_folder):
    session = Session(tmp_path / "best", AutoModelForCausalLM.from_pretrained(qwen_folder))
    session.look(0, 0.2)
    session.look(30, 0.6)
    session.look(60, 0.5)
    session.save()
    assert session.kept() == {"step-30": 30.0}
    session.look(90, 0.7)
    session.save()
    assert session.kept() == {"step-90": 90.0}


def test_a_kill_goes_back_to_what_was_the_best_at_the_checkpoint(tmp_path, qwen_folder):
    model = AutoModelForCausalLM.from_pretrained(qwen_folder)
    session = Session(tmp_path / "best", model)
    session.look(0, 0.2)
    session.look(30, 0.6)
    history = session.save()
    session.look(60, 0.9)  # and killed before the next checkpoint
    assert session.kept() == {"step-30": 30.0, "step-60": 60.0}
    resumed = Session(tmp_path / "best", model, history)
    assert resumed.kept() == {"step-30": 30.0}
    resumed.look(60, 0.5)
    resumed.look(90, 0.7)
    resumed.save()
    assert resumed.kept() == {"step-90": 90.0}
    assert torch.equal(model.lm_head.weight, torch.full_like(model.lm_head.weight, 90.0))


def test_a_fresh_start_forgets_another_runs_best(tmp_path, qwen_folder):
    model = AutoModelForCausalLM.from_pretrained(qwen_folder)
    session = Session(tmp_path / "best", model)
    session.look(30, 0.6)
    assert Session(tmp_path / "best", model).kept() == {}
