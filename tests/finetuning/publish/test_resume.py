"""Connections that break: what arrived is not sent again, and no half model is ever committed."""

REPO = "me/tuned"


def test_a_file_cut_in_the_middle_is_sent_again_at_once(whetstone, run_folder, hub):
    hub.cut["put"] = 1
    code, _, err = whetstone("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    assert code == 0, err
    assert sum(hub.arrived.values()) > sum(map(len, hub.stored.values()))  # half of one, twice
    weights = (run_folder / "merged" / "model.safetensors").read_bytes()
    assert hub.files(REPO)["model.safetensors"] == weights


def test_a_commit_that_is_cut_leaves_nothing_and_the_same_command_ends_it(
    whetstone, run_folder, hub
):
    hub.cut["commit"] = 1
    arguments = ("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    code, _, err = whetstone(*arguments)
    assert code == 3
    assert "goes on" in err
    assert not hub.commits
    before = dict(hub.arrived)
    code, _, err = whetstone(*arguments)
    assert code == 0, err
    assert dict(hub.arrived) == before  # the weights were there
    assert len(hub.commits) == 1


def test_a_process_that_is_killed_while_it_sends(command, whetstone, run_folder, hub):
    """One large file has arrived and the next one hangs when the process dies."""
    hub.hold_after = 1
    arguments = ("publish", "model", f"run={run_folder}", f"repo={REPO}", "push=true")
    started = command(*arguments)
    try:
        assert hub.put_begun.wait(60)
        while not hub.stored:
            assert started.poll() is None
    finally:
        started.kill()
        started.communicate()
    hub.release()
    [first] = hub.stored
    arrived = hub.arrived[first]
    code, _, err = whetstone(*arguments)
    assert code == 0, err
    assert hub.arrived[first] == arrived
    assert len(hub.stored) == 2
    assert len(hub.commits) == 1
