import pytest
from pydantic import ValidationError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"api_key_env": "sk-abc.def"}, "the name of an environment variable"),
        ({"api_key_env": "A" * 61}, "the name of an environment variable"),
        ({"base_url": "localhost:8000"}, "write it as http://HOST:PORT/v1"),
        ({"base_url": "http://user:secret@host/v1"}, "put the key into an environment variable"),
        ({"when": "passed"}, r"expected one of: execution\.passed, "),
        ({"when": "execution.infra_error"}, "expected one of"),
        ({"budget": {"dollars": 1.0}}, r"needs the price of teacher-small.*budget\.calls"),
        ({"collect": {"validation": 0.5, "evaluation": 0.5}}, "leave nothing for training"),
        ({"parameters": {"max_tokens": 5, "n": 3}}, "max_tokens, n: computed from the other"),
        ({"base_url": None, "api_key_env": "ANTHROPIC_API_KEY"}, "another company's key"),
        (
            {"rubric": {"dimensions": {"gr\u00f6\u00dfe": {"weight": 1.0, "question": "?"}}}},
            "a plain name",
        ),
        ({"together": 27}, "less than or equal to 26"),
        (
            {"base_url": None, "together": 23},
            r"together=23 with 4 dimensions .* 1,012 choices.* at most together=22",
        ),
        (
            {"rubric": {"dimensions": {"speed": {"weight": 0.9, "question": "?"}}}},
            r"add up to 0\.9 and not to 1",
        ),
        (
            {"rubric": {"dimensions": {"reason": {"weight": 1.0, "question": "?"}}}},
            "give it a plain name",
        ),
    ],
)
def test_what_cannot_work_is_refused(configure, changes, message):
    with pytest.raises(ValidationError, match=message):
        configure(**changes)


def test_the_price_of_a_version_is_that_of_its_model(configure):
    prices = {
        name: {"input": n, "output": 1.0, "as_of": "2025-06"}
        for n, name in enumerate(["gpt-4", "gpt-4o", "gpt-4o-mini"])
    }

    def price(model):
        found = configure(model=model, prices=prices).price
        return None if found is None else found.input

    assert price("gpt-4o") == 1.0
    assert price("gpt-4o-mini-2024-07-18") == 2.0
    assert price("gpt-4o-2024-08-06") == 1.0
    assert price("gpt-4o-latest") == 1.0
    assert price("gpt-4-0613") == 0.0
    assert price("gpt-4-turbo") is None
    assert price("gpt-4-5") is None  # the next model, and not a version of this one
    assert price("gpt-4-5-20260101") is None


def test_only_openai_limits_the_choices(configure):
    assert configure(together=26).together == 26
    assert configure(base_url=None, together=22).together == 22


def test_the_name_of_the_limit_is_a_matter_of_openai(configure):
    with pytest.raises(ValidationError, match="set length_field=null"):
        configure("anthropic", length_field="max_tokens")
