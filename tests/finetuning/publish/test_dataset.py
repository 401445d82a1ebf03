"""`whetstone publish dataset`: rows with their card, and what comes back is what went up."""

import datasets
import pytest
from hub import TOKEN

from whetstone.finetuning.collect.write import Collected, write_dataset

REPO = "me/pairs"


@pytest.fixture
def data_folder(tmp_path):
    rows = [
        {"prompt": f"p{number}", "chosen": "good", "rejected": "bad", "margin": 1.0}
        for number in range(20)
    ]
    origin = {"data": "nano", "model": str(tmp_path / "outputs" / "tuned"), "seed": "0"}
    folder = tmp_path / "run" / "dataset"
    write_dataset(folder, Collected("dpo", rows, 0.2, origin, {"prompts": 20}))
    (folder / "notes.txt").write_text("mine")
    return folder


def publish(whetstone, folder, *more, **variables):
    return whetstone("publish", "dataset", f"folder={folder}", f"repo={REPO}", *more, **variables)


def test_a_dry_run_shows_what_would_go(whetstone, data_folder, hub):
    code, out, err = publish(whetstone, data_folder, HF_TOKEN=None)
    assert code == 0, err
    assert f"dataset {REPO}, private" in out
    assert all(name in out for name in ("train.jsonl", "validation.jsonl", "statistics.json"))
    assert "notes.txt" not in out
    assert not hub.repos


def test_what_arrives_loads_as_what_was_collected(whetstone, data_folder, hub, tmp_path):
    code, out, err = publish(whetstone, data_folder, "push=true", "license=mit")
    assert code == 0, err
    assert f"{hub.url}/datasets/{REPO}" in out
    assert hub.repos == {REPO: True}
    files = hub.files(REPO)
    there = tmp_path / "downloaded"
    there.mkdir()
    for name, content in files.items():
        (there / name).write_bytes(content)
    assert set(files) == {"README.md", "train.jsonl", "validation.jsonl", "statistics.json"}
    sent = datasets.load_dataset(str(data_folder), cache_dir=str(tmp_path / "a"))
    back = datasets.load_dataset(str(there), cache_dir=str(tmp_path / "b"))
    assert {name: part.to_list() for name, part in back.items()} == {
        name: part.to_list() for name, part in sent.items()
    }
    card = files["README.md"].decode()
    assert card.startswith("---\nlicense: mit\n")
    assert "- model: tuned\n" in card
    assert str(tmp_path) not in card


def test_a_row_that_holds_the_token_is_refused(whetstone, data_folder, hub):
    with (data_folder / "train.jsonl").open("a") as file:
        file.write(f'{{"prompt": "{TOKEN}"}}\n')
    code, out, err = publish(whetstone, data_folder, "push=true")
    assert code == 2
    assert "train.jsonl: holds the value of $HF_TOKEN" in err
    assert TOKEN not in out + err
    assert not hub.repos


def test_the_key_that_a_teacher_was_told_of_is_looked_for(whetstone, data_folder):
    told = "reward: {teacher: {api_key_env: MINE}}\n"
    (data_folder.parent / "config.yaml").write_text(told)
    with (data_folder / "train.jsonl").open("a") as file:
        file.write(
            '{"prompt": "p", "chosen": "a-canary-of-mine", "rejected": "bad", "margin": 1.0}\n'
        )
    code, out, err = publish(whetstone, data_folder, MINE="a-canary-of-mine")
    assert code == 2, out
    assert "train.jsonl: holds the value of $MINE" in err
    assert "a-canary" not in out + err


def test_what_is_no_data_set_is_refused(whetstone, data_folder, tmp_path):
    code, _, err = publish(whetstone, data_folder.parent)
    assert code == 2
    assert f"its data set is folder={data_folder}" in err
    (data_folder / "README.md").write_text("# Mine\n")
    code, _, err = publish(whetstone, data_folder)
    assert (code, "configs" in err) == (2, True)
    code, _, err = publish(whetstone, tmp_path / "nowhere")
    assert (code, "there is no such folder" in err) == (2, True)
