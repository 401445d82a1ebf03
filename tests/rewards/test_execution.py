import copy
import json
import pickle

import pytest
from datasets import Dataset

from whetstone.rewards.execution import ExecutionReward
from whetstone.rewards.grading import VERDICT_REWARDS
from whetstone.rewards.hidden_tests import RewardHackedError
from whetstone.rewards.installed import why_missing
from whetstone.rewards.sandbox import Verdict

TESTS = "assert f(1) == 2\nassert f(2) == 3\n"
PROGRAMS = {
    Verdict.PASSED: "def f(x): return x + 1",
    Verdict.FAILED: "def f(x): return 2",
    Verdict.ERROR: "def f(x): return y",
    Verdict.SYNTAX_ERROR: "def f(x:",
    Verdict.TIMEOUT: "def f(x):\n    while True: pass",
    Verdict.OUT_OF_MEMORY: "x = bytearray(10 ** 10)",
    Verdict.VIOLATION: "import os; os._exit(0)",
}


@pytest.fixture(scope="module")
def reward():
    opened = ExecutionReward(timeout_s=0.5)
    yield opened
    opened.close()


def graded(reward, *completions, tests=TESTS, **columns):
    count = len(completions)
    return reward(
        prompts=["?"] * count, completions=list(completions), tests=[tests] * count, **columns
    )


def test_every_verdict_has_its_reward():
    values = {verdict: float(index) for index, verdict in enumerate(PROGRAMS)}
    reward = ExecutionReward(values, timeout_s=0.5)
    assert graded(reward, *PROGRAMS.values()) == [values[verdict] for verdict in PROGRAMS]
    reward.close()


def test_a_failure_that_is_not_the_programs_is_masked(reward):
    assert graded(reward, PROGRAMS[Verdict.PASSED], tests="assert (") == [None]


def test_the_program_is_prefix_and_cut_completion(reward):
    assert graded(
        reward,
        "    return x + 1\nprint(undefined)",
        "    return x + 1\nprint(undefined)",
        prefix=["def f(x):\n"] * 2,
        stop=[["\nprint"], []],
    ) == [1.0, 0.0]


def test_a_chat_answer_is_judged_by_its_code_block(reward):
    answer = f"Here it is:\n```python\n{PROGRAMS[Verdict.PASSED]}\n```\nGood luck!"
    assert graded(reward, [{"role": "assistant", "content": answer}]) == [1.0]


def test_entry_points_must_be_defined(reward):
    tests = "assert sum([1, 2]) == 3"
    columns = {"entry_points": [["sum"], []]}
    assert graded(reward, "x = 1", "x = 1", tests=tests, **columns) == [0.0, 1.0]


def test_columns_and_arguments_of_others_are_ignored(reward):
    completion = PROGRAMS[Verdict.PASSED]
    assert graded(reward, completion, trainer_state=None, difficulty=[3]) == [1.0]


def test_metrics(reward):
    logged = {}
    completions = [
        PROGRAMS[Verdict.PASSED],
        PROGRAMS[Verdict.FAILED],
        PROGRAMS[Verdict.FAILED],
        PROGRAMS[Verdict.SYNTAX_ERROR],
        "anything",
    ]
    reward(
        prompts=["?"] * 3 + ["!", "?"],
        completions=completions,
        tests=[TESTS] * 4 + ["assert ("],
        log_metric=logged.__setitem__,
    )
    assert logged.pop("execution/programs_per_second") > 0
    assert logged == {
        **{f"execution/{verdict}": 0.0 for verdict in Verdict},
        "execution/passed": 0.2,
        "execution/failed": 0.4,
        "execution/syntax_error": 0.2,
        "execution/infra_error": 0.2,
        "execution/infra_failures": 1.0,
        "execution/together": 0.0,
        "execution/pass_rate": 0.25,
        "execution/success_rate": 0.5,
        "execution/test_pass_rate": 4 / 8,
    }


def test_missing_tests_name_the_column_and_the_remedy(reward):
    with pytest.raises(ValueError, match=r"column `tests`.*add the column"):
        reward(prompts=["?"], completions=["x = 1"])


@pytest.mark.parametrize("tests", ["", "  \n"])
def test_empty_tests_are_refused_since_all_would_pass(reward, tests):
    with pytest.raises(ValueError, match="`tests` is empty in row 0"):
        graded(reward, "x = 1", tests=tests)


def test_a_mapping_must_cover_the_verdicts():
    with pytest.raises(ValueError, match="no reward for timeout"):
        ExecutionReward({v: r for v, r in VERDICT_REWARDS.items() if v is not Verdict.TIMEOUT})
    with pytest.raises(ValueError, match="grades infra_error"):
        ExecutionReward({**VERDICT_REWARDS, Verdict.INFRA_ERROR: 0.0})


def test_it_can_be_copied_before_its_first_call_and_used_after_close():
    fresh = ExecutionReward(timeout_s=2.0)
    for reward in (copy.deepcopy(fresh), pickle.loads(pickle.dumps(fresh))):  # noqa: S301 - own
        assert reward.__name__ == "execution"
        assert graded(reward, PROGRAMS[Verdict.PASSED]) == [1.0]
        reward.close()
        assert graded(reward, PROGRAMS[Verdict.PASSED]) == [1.0]
        reward.close()


HARD_CODED = "def f(x): return {1: 2}[x]"


def test_partial_credit():
    reward = ExecutionReward(timeout_s=0.5, partial_credit=True)
    assert graded(reward, HARD_CODED, PROGRAMS[Verdict.PASSED]) == [0.5, 1.0]
    reward.close()


def test_the_quality_bonus_comes_on_top():
    reward = ExecutionReward(timeout_s=0.5, quality_bonus=0.1)
    clean, unclean = "def f(x):\n    return x + 1", "import os\ndef f(x):\n    return x + 1"
    assert graded(reward, clean, unclean, "def f(x): return 0") == pytest.approx([1.1, 1.05, 0.0])
    reward.close()


def test_truncated_completions_have_their_own_reward():
    reward = ExecutionReward(timeout_s=0.5, truncated_reward=-0.5, max_completion_length=3)
    logged = {}
    columns = {"completion_ids": [[5, 6, 7], [5, 6]], "log_metric": logged.__setitem__}
    cut = PROGRAMS[Verdict.SYNTAX_ERROR]
    assert graded(reward, cut, cut, **columns) == [-0.5, -0.2]
    assert logged["execution/truncated"] == 0.5
    reward.close()


def test_a_reward_for_truncation_needs_a_way_to_see_it():
    with pytest.raises(ValueError, match="max_completion_length or eos_token_ids"):
        ExecutionReward(truncated_reward=0.0)


def test_hidden_tests_do_not_pay_but_show_who_learned_the_visible_ones():
    reward = ExecutionReward(timeout_s=0.5, hidden_fraction=0.5, hack_gap_stop=0.3)
    honest, logged = PROGRAMS[Verdict.PASSED], {}
    columns = {"log_metric": logged.__setitem__}
    assert graded(reward, honest, "def f(x:", **columns) == [1.0, -0.2]
    assert logged["reward/hack_gap"] == 0.0
    assert graded(reward, HARD_CODED, honest, **columns) == [1.0, 1.0]
    assert logged["reward/hack_gap"] == 0.5
    for _ in range(17):
        graded(reward, HARD_CODED, **columns)
    with pytest.raises(RewardHackedError):
        graded(reward, HARD_CODED, **columns)
    reward.close()


def test_masked_programs_are_shown_once_for_each_problem(reward, caplog):
    for _ in range(2):
        graded(reward, "x = 1", "x = 2", tests="assert x ==")
    told = [record.message for record in caplog.records]
    assert len(told) == 1
    assert told[0].startswith("2 of 2 programs could not be judged")
    assert told[0].endswith("begin: assert x ==")


STDIO = [{"input": f"{n} {n}\n", "output": f"{2 * n}\n"} for n in range(1, 5)]
DOUBLES = "print(sum(map(int, input().split())))"
SHOWN_ONLY = "a = input()\nprint({'1 1': 2}.get(a, 0))"


def test_inputs_and_outputs_are_tests(reward):
    answers = [DOUBLES, "print(3)", f"```python\n{DOUBLES}\n```"]
    assert graded(reward, *answers, tests=STDIO) == [1.0, 0.0, 1.0]
    assert graded(reward, *answers, tests=json.dumps(STDIO)) == [1.0, 0.0, 1.0]


def test_a_column_of_inputs_is_read_out_of_a_data_set(reward):
    rows = Dataset.from_list([{"tests": STDIO}, {"tests": STDIO[:1]}])
    columns = {name: rows[name][:] for name in rows.column_names}
    found = reward(prompts=["?", "!"], completions=[SHOWN_ONLY, SHOWN_ONLY], **columns)
    assert found == [0.0, 1.0]


def test_calls_are_tests(reward):
    calls = [{"args": [1, 2], "expected": 3}, {"args": [[1], [2]], "expected": [1, 2]}]
    answers = ["def f(a, b): return a + b", "def f(a, b): return 3"]
    assert graded(reward, *answers, tests=calls, entry_points=[["f"]] * 2) == [1.0, 0.0]


def test_a_method_may_be_called_and_its_tuple_is_a_list(reward):
    calls = [{"args": [1, 2], "expected": [1, 2]}]
    answer = "class Solution:\n    def f(self, a, b): return a, b"
    assert graded(reward, answer, tests=calls, entry_points=[["Solution().f"]]) == [1.0]


def test_problems_have_their_own_checker_and_limits(reward):
    close = [{"input": "", "output": "0.3333333\n"}]
    columns = {"checker": ["lines", "floats"], "tolerance": [None, 1e-3]}
    assert graded(reward, *["print(1 / 3)"] * 2, tests=close, **columns) == [0.0, 1.0]
    slow = "import time\ntime.sleep(0.7)\n" + DOUBLES
    one = STDIO[:1]
    assert graded(reward, slow, slow, tests=one, timeout_s=[None, 2.0]) == [0.0, 1.0]


def test_a_share_of_the_inputs_is_paid():
    with_share = ExecutionReward(timeout_s=0.5, partial_credit=True)
    assert graded(with_share, SHOWN_ONLY, DOUBLES, tests=STDIO) == [0.25, 1.0]
    with_share.close()


def test_hidden_inputs_show_a_hard_coded_answer():
    metrics = {}
    hiding = ExecutionReward(timeout_s=0.5, hidden_fraction=0.75)
    rewards = graded(hiding, SHOWN_ONLY, tests=STDIO, log_metric=metrics.__setitem__)
    hiding.close()
    assert rewards == [1.0]
    assert metrics["reward/hack_gap"] == 1.0


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ([], "empty in row 0"),
        ([{"input": "1"}], "expected an object with input and output"),
        ([{"args": [1], "expected": 1}], "entry_points"),
    ],
)
def test_wrong_lists_are_told_with_their_row(reward, tests, words):
    with pytest.raises(ValueError, match=words):
        graded(reward, DOUBLES, tests=tests)


def test_programs_of_several_languages_are_judged_in_one_batch(reward):
    if reason := why_missing("g++"):
        pytest.skip(reason)
    cpp = "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }"
    languages = ["cpp", "python", "c++", None]
    answers = [cpp, DOUBLES, cpp.replace("+", "-"), cpp]
    assert graded(reward, *answers, tests=STDIO, language=languages) == [1.0, 1.0, 0.0, -0.2]


def test_a_compiled_language_needs_inputs_and_outputs(reward):
    with pytest.raises(ValueError, match="cpp with tests in Python"):
        graded(reward, "int f() {}", language=["cpp"])
    with pytest.raises(ValueError, match="not go"):
        graded(reward, "package main", tests=STDIO, language=["go"])
