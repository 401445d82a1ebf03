import pytest

from whetstone.evaluation.generate import Kind, generate, plan
from whetstone.evaluation.settings import Settings
from whetstone.evaluation.tasks import Task, TaskProblem

LENGTHS = [3, 9, 1, 7, 5]
TASK = Task(
    "own",
    tuple(TaskProblem(str(i), "x" * length, "assert f()") for i, length in enumerate(LENGTHS)),
    stop=("\n#",),
    timeout_s=1.0,
)


def settings(samples, batch_size, *, greedy=False, seed=0):
    return Settings(
        samples=samples,
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        max_new_tokens=16,
        batch_size=batch_size,
        seed=seed,
        k=(1,),
        greedy=greedy,
    )


class Recorder:
    """A sampler that answers with the seed and the place of each text."""

    def __init__(self):
        self.calls = []

    def __call__(self, prompts, params):
        self.calls.append((tuple(prompts), params))
        return [[f"{params.seed} {prompt} {i}" for i in range(params.n)] for prompt in prompts]


def ids(chunks):
    return [[problem.id for problem in chunk.problems] for chunk in chunks]


def test_like_lengths_go_together_and_the_longest_prompts_come_first():
    chunks = plan(TASK, settings(samples=2, batch_size=5))
    assert ids(chunks) == [["1", "3"], ["4", "0"], ["2"]]
    assert [chunk.index for chunk in chunks] == [0, 1, 2]


def test_greedy_chunks_come_first_and_fill_the_batch():
    chunks = plan(TASK, settings(samples=4, batch_size=4, greedy=True))
    assert [chunk.kind for chunk in chunks] == [Kind.GREEDY] * 2 + [Kind.SAMPLE] * 5
    assert ids(chunks)[:2] == [["1", "3", "4", "0"], ["2"]]


def test_keys_name_every_completion_in_order():
    (first, *_) = plan(TASK, settings(samples=2, batch_size=4))
    assert first.keys() == [
        ("1", Kind.SAMPLE, 0),
        ("1", Kind.SAMPLE, 1),
        ("3", Kind.SAMPLE, 0),
        ("3", Kind.SAMPLE, 1),
    ]


@pytest.mark.parametrize(("samples", "batch_size"), [(2, 5), (1, 3), (7, 3), (6, 3), (5, 1)])
def test_no_call_has_more_completions_in_flight_than_the_batch_size(samples, batch_size):
    sampler = Recorder()
    chosen = settings(samples, batch_size, greedy=True)
    texts = [
        text for chunk in plan(TASK, chosen) for text in generate(TASK, chosen, sampler, chunk)
    ]
    assert max(len(prompts) * params.n for prompts, params in sampler.calls) <= batch_size
    assert len(texts) == len(TASK.problems) * (samples + 1)


def test_the_sampler_is_given_the_settings_and_the_stop_words():
    sampler = Recorder()
    chosen = settings(samples=2, batch_size=4, greedy=True)
    greedy, *_, sample = plan(TASK, chosen)
    generate(TASK, chosen, sampler, greedy)
    generate(TASK, chosen, sampler, sample)
    (_, first), (_, last) = sampler.calls
    assert (first.n, first.temperature, first.top_p, first.top_k) == (1, 0.0, 1.0, 0)
    assert (last.n, last.temperature, last.top_p, last.top_k) == (2, 0.5, 0.9, 3)
    assert first.stop == last.stop == ("\n#",)
    assert first.max_new_tokens == last.max_new_tokens == 16


def test_seeds_differ_between_calls_and_follow_from_the_place_in_the_plan():
    def seeds(seed, task=TASK):
        sampler = Recorder()
        chosen = settings(samples=5, batch_size=2, greedy=True, seed=seed)
        for chunk in plan(task, chosen):
            generate(task, chosen, sampler, chunk)
        return [params.seed for _, params in sampler.calls]

    assert len(set(seeds(0))) == len(seeds(0))
    assert seeds(0) == seeds(0)
    assert not set(seeds(0)) & set(seeds(1))
    assert not set(seeds(0)) & set(seeds(0, Task("other", TASK.problems, (), 1.0)))
    assert all(0 <= seed < 2**31 for seed in seeds(0))


@pytest.mark.parametrize(
    "answer",
    [
        lambda prompts, n: [["x"] * n] * (len(prompts) - 1),
        lambda prompts, n: [["x"] * (n + 1)] * len(prompts),
    ],
)
def test_a_sampler_that_returns_another_number_of_texts_is_refused(answer):
    chosen = settings(samples=2, batch_size=4)
    chunk = plan(TASK, chosen)[0]
    with pytest.raises(ValueError, match="asked for 2 texts for each of 2 prompts"):
        generate(TASK, chosen, lambda prompts, params: answer(prompts, params.n), chunk)
