import pytest

from whetstone.finetuning.cli import main

TARGET = """
import re

def by_text(completions, checks, **_):
    right = re.compile(r"def answer\\(n\\):\\n    return \\{1: ")
    return [float(bool(right.match(text))) for text in completions]
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "audit_target_module.py").write_text(TARGET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.nightly  # test_audit.py asks a perfect reward everything as well
@pytest.mark.usefixtures("here")
def test_a_function_can_be_audited(capsys):
    main(["audit", "audit_target_module:by_text", "--tests-column", "checks"])
    out = capsys.readouterr().out
    assert "by_text: of " in out
    assert "0 earned more than an honest failure" in out
    assert out.strip().endswith("passed")


def test_a_reward_of_the_configuration_can_be_audited(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["audit", "reward=random", "reward.random.probability=0.0"])
    assert caught.value.code == 1
    assert "the control failed" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["nowhere:nothing", "no_function"])
def test_what_does_not_exist_is_a_wrong_configuration(target, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["audit", target])
    assert caught.value.code == 2
    assert target in capsys.readouterr().err
