import warnings

from whetstone.finetuning.runtime.quiet import quiet_libraries


def test_a_library_may_not_warn_the_user_of_its_own_future(monkeypatch):
    monkeypatch.setattr("sys.warnoptions", [])  # pytest may have been given -W
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("default")
        quiet_libraries()
        warnings.warn("an old name of a library", FutureWarning, stacklevel=1)
        warnings.warn("a wall of the sandbox is missing", RuntimeWarning, stacklevel=1)
    assert [str(one.message) for one in heard] == ["a wall of the sandbox is missing"]
