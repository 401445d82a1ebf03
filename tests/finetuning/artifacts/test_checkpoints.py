from whetstone.finetuning.artifacts.checkpoints import last_checkpoint


def checkpoint(folder, step, state='{"global_step": 1}'):
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    if state is not None:
        (path / "trainer_state.json").write_text(state)
    return path


def test_none_where_there_is_none(tmp_path):
    assert last_checkpoint(tmp_path / "missing") is None


def test_the_newest_by_number(tmp_path):
    checkpoint(tmp_path, 9)
    newest = checkpoint(tmp_path, 10)
    assert last_checkpoint(tmp_path) == newest


def test_a_half_written_one_is_passed_over_and_removed(tmp_path):
    whole = checkpoint(tmp_path, 10)
    without = checkpoint(tmp_path, 20, state=None)
    torn = checkpoint(tmp_path, 30, state='{"global_st')
    assert last_checkpoint(tmp_path) == whole
    assert not without.exists()
    assert not torn.exists()
