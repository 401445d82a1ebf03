"""The licence in a card is that of the base's own card, or none."""

import pytest
from huggingface_hub import constants

from whetstone.finetuning.publish.licence import licence_of

BASE = "owner/base"


@pytest.fixture
def card_of(tmp_path, monkeypatch):
    """Write the base's card into the Hub's cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    place = tmp_path / "models--owner--base"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("abc")
    (place / "snapshots" / "abc").mkdir(parents=True)
    return (place / "snapshots" / "abc" / "README.md").write_text


def test_it_is_what_the_downloaded_card_says(card_of):
    card_of("---\nlicense: other\nlicense_name: theirs\nlicense_link: LICENSE\n---\n# Base\n")
    assert licence_of(BASE, BASE, None) == {
        "license": "other",
        "license_name": "theirs",
        "license_link": "https://huggingface.co/owner/base/blob/main/LICENSE",
    }


@pytest.mark.usefixtures("card_of")
def test_without_a_card_nothing_is_stated():
    assert licence_of(BASE, BASE, None) == {}
    assert licence_of(None, None, None) == {}


def test_a_folder_has_its_own_card(card_of, tmp_path):
    card_of("---\nlicense: mit\n---\n")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    assert licence_of(BASE, str(folder), None) == {"license": "apache-2.0"}
    (folder / "README.md").write_text("# no head\n")
    assert licence_of(None, str(folder), None) == {}


def test_a_head_of_another_kind_is_no_licence(card_of):
    card_of("---\n- a list\n---\n")
    assert licence_of(BASE, None, None) == {}
