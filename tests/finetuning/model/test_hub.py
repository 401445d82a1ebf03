import pytest

from whetstone.finetuning.errors import ConfigError, OutsideError
from whetstone.finetuning.model.hub import local_folder


def test_a_local_folder_is_taken_as_it_is(qwen_folder):
    assert local_folder(str(qwen_folder), None) == qwen_folder


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(ConfigError, match=r"config\.json"):
        local_folder(str(tmp_path), None)


def test_what_cannot_be_downloaded_says_what_to_do():
    with pytest.raises(OutsideError) as caught:
        local_folder("nobody/no-such-model", None)
    message = str(caught.value)
    assert "nobody/no-such-model" in message
    assert "HF_HUB_OFFLINE" in message
    assert "hf download nobody/no-such-model --local-dir" in message
    assert "write model.path=FOLDER instead" in message


def test_the_advice_names_the_setting_that_was_typed():
    with pytest.raises(OutsideError, match="write base=FOLDER instead"):
        local_folder("nobody/no-such-model", None, "base=nobody/no-such-model")


def test_an_impossible_id_is_a_wrong_setting():
    with pytest.raises(ConfigError, match="no such model"):
        local_folder("not a valid id!", None)
