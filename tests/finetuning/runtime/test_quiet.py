import logging
import warnings
from types import SimpleNamespace

import httpx2
import pytest
from huggingface_hub.utils import http_backoff

import whetstone.finetuning.model  # noqa: F401 - quiets the Hub's client while it is imported
from whetstone.finetuning.runtime.quiet import quiet_libraries


def test_a_library_may_not_warn_the_user_of_its_own_future(monkeypatch):
    monkeypatch.setattr("sys.warnoptions", [])  # pytest may have been given -W
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("default")
        quiet_libraries()
        warnings.warn("an old name of a library", FutureWarning, stacklevel=1)
        warnings.warn("a wall of the sandbox is missing", RuntimeWarning, stacklevel=1)
    assert [str(one.message) for one in heard] == ["a wall of the sandbox is missing"]


def test_the_hubs_client_does_not_tell_its_retries(monkeypatch):
    def refused(**_):
        raise httpx2.ConnectError("refused")

    session = SimpleNamespace(request=refused)
    monkeypatch.setattr("huggingface_hub.utils._http.get_session", lambda: session)
    told = []
    handler = logging.Handler()
    handler.emit = told.append
    logger = logging.getLogger("huggingface_hub")
    logger.addHandler(handler)
    try:
        with pytest.raises(httpx2.ConnectError):
            http_backoff("HEAD", "https://hub.invalid/model", max_retries=0)
    finally:
        logger.removeHandler(handler)
    assert not told
