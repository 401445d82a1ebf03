"""What the compiler reward pays, logs, posts and refuses; and that nothing is worth nothing."""

import shutil

import pytest
from pydantic import TypeAdapter, ValidationError

from whetstone.rewards.compiler import CompileGrading, CompilerConfig, CompilerReward
from whetstone.rewards.compilers import LANGUAGES, CompileOutcome
from whetstone.rewards.composition import Board

RIGHT = "def f(a):\n    return a + 1\n"
WRONG = "def f(a):\n    return a +\n"
HALF = RIGHT + "\ndef g(a):\n    return (a\n"


@pytest.fixture(scope="module")
def rewards():
    made = {grading: CompilerReward("python", grading) for grading in CompileGrading}
    yield made
    for reward in made.values():
        reward.close()


def ask(reward, *completions, prompt="Write f.", **columns):
    count = len(completions)
    return reward([prompt] * count, list(completions), **columns)


def test_it_pays_what_compiles(rewards):
    assert ask(rewards["binary"], RIGHT, WRONG, HALF) == [1.0, 0.0, 0.0]


def test_partial_pay_stays_below_half(rewards):
    assert ask(rewards["functions"], RIGHT, WRONG, HALF) == [1.0, 0.0, 0.25]
    assert ask(rewards["errors"], RIGHT, WRONG, HALF) == [1.0, 0.5, 0.5]


PROMPT = 'def f(a):\n    """Adds one to a.\n\n    >>> f(1)\n    2\n    """\n'
NOTHING = {
    "empty": "",
    "blank": " \n\n",
    "comment": "# the answer\n",
    "pass": "def f(a):\n    pass\n",
    "dots": "def f(a): ...",
    "the prompt again": PROMPT,
    "the prompt and pass": PROMPT + "    pass\n",
    "a docstring": '"""f adds one."""',
    "a constant": "def f(a):\n    return 2\n",
    "imports": "import os\nimport sys\n",
    "not implemented": "def f(a):\n    raise NotImplementedError\n",
    "many of nothing": "".join(f"def f{n}(a):\n    pass\n" for n in range(50)),
    "nothing with an error": "def f(a):\n    pass\n)",
    "a class of nothing": "class A:\n    def f(self):\n        return None\n",
    "an unfinished head": "def f(a",
}


@pytest.mark.parametrize("grading", CompileGrading)
def test_degenerate_answers_are_worth_nothing(rewards, grading):
    paid = ask(rewards[grading], *NOTHING.values(), prompt=PROMPT)
    assert dict(zip(NOTHING, paid, strict=True)) == dict.fromkeys(NOTHING, 0.0)


def test_a_continuation_that_adds_nothing_is_worth_nothing(rewards):
    bodies = ["    return a + 1\n", "    pass\n", "", "    return None\n", "    # a + 1\n    ...\n"]
    paid = ask(rewards["binary"], *bodies, prompt=PROMPT, prefix=[PROMPT] * len(bodies))
    assert paid == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_each_row_has_its_language():
    for tool in ("g++", "gcc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    logged = {}
    reward = CompilerReward()
    codes = ["int f(int a) { return a + 1; }", RIGHT, "int f(int a) { return a + b; }", RIGHT]
    paid = ask(
        reward, *codes, language=["c", "Python", "c++", "cpp"], log_metric=logged.__setitem__
    )
    reward.close()
    assert paid == [1.0, 1.0, 0.0, 0.0]
    assert logged["compiler/compile_rate"] == 0.5
    assert logged["compiler/compile_rate_cpp"] == 0.0
    assert logged["compiler/compile_rate_c"] == 1.0
    assert logged["compiler/errors"] == 0.5
    assert logged["compiler/infra_failures"] == 0.0


def test_a_chat_answer_gives_the_block_of_its_language():
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    answer = "First:\n```sh\nls\n```\nthen\n```c\nint f(int a) { return a + 1; }\n```\n"
    reward = CompilerReward("c")
    assert reward(["Write f."], [[{"role": "assistant", "content": answer}]]) == [1.0]
    reward.close()


def test_warnings_can_cost(rewards):
    warned = 'def f(a):\n    return a is "x"\n'
    dear = CompilerReward("python", warning_cost=0.3)
    assert ask(dear, RIGHT, warned) == [1.0, 0.7]
    dear.close()
    assert ask(rewards["binary"], warned) == [1.0]


def test_outcomes_are_posted(rewards):
    board = Board()
    rewards["binary"].share(board)
    ask(rewards["binary"], RIGHT, WRONG, "")
    posted = board.read("compiler", ["Write f."] * 3, [RIGHT, WRONG, ""])
    assert posted == ["compiled", "errors", "empty"]


def test_it_works_again_after_it_was_closed():
    reward = CompilerReward("python")
    assert ask(reward, RIGHT) == [1.0]
    reward.close()
    assert ask(reward, RIGHT + "\n") == [1.0]
    reward.close()


def test_what_it_refuses(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match=r"column .language."):
        ask(CompilerReward(), RIGHT)
    with pytest.raises(ValueError, match=r"cobol.*there is a compiler for python"):
        CompilerReward("cobol")
    with pytest.raises(ValueError, match="harness="):
        CompilerReward("python", harness=str(tmp_path / "none.yaml"))
    with pytest.raises(ValueError, match="learns to write nothing"):
        CompilerReward("python", outcome_rewards=dict.fromkeys(COMPILED, 0.0) | {"empty": 0.5})
    with pytest.raises(ValueError, match="no reward for limit"):
        CompilerReward("python", outcome_rewards={"compiled": 1, "errors": 0, "empty": 0})
    monkeypatch.setenv("PATH", "")
    for language in LANGUAGES:
        if language != "python":
            with pytest.raises(ValueError, match=r"is not on the PATH; install it|install a JDK"):
                CompilerReward(language).probe()


COMPILED = ("compiled", "errors", "empty", "limit")


VALUES = {
    "name": "compiler",
    "weight": 1.0,
    "language": None,
    "grading": "binary",
    "outcome_rewards": dict.fromkeys(COMPILED, 0.0),
    "warning_cost": 0.0,
    "cpu_s": 1.0,
    "memory_mb": 512,
    "workers": None,
    "harness": "standard",
}


def test_a_config_with_an_unknown_language_is_refused():
    adapter = TypeAdapter(CompilerConfig)
    with pytest.raises(ValidationError, match="there is a compiler for"):
        adapter.validate_python(VALUES | {"language": "cobol"})
    assert adapter.validate_python(VALUES | {"language": "C++"}).language == "cpp"
    assert set(adapter.validate_python(VALUES).outcome_rewards) == set(
        map(CompileOutcome, COMPILED)
    )


def test_the_languages_of_the_rows_need_their_compilers(monkeypatch):
    config = CompilerConfig(**VALUES)
    config.check_rows(lambda column: {"language": ["python", "Python"]}[column])
    monkeypatch.setenv("PATH", "")
    told = r"g\+\+ is not on the PATH.*cobol.*there is a compiler for"
    with pytest.raises(ValueError, match=told):
        config.check_rows(lambda column: {"language": ["python", "C++", "cobol"]}[column])
    CompilerConfig(**VALUES | {"language": "python"}).check_rows(lambda _: ["cobol"])
