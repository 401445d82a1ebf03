"""The settings of `reward=teacher`, for all rooms of the teacher. What they build: `config`."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from whetstone.rewards.base import RewardConfig
from whetstone.rewards.sandbox.verdict import Verdict
from whetstone.rewards.teacher.prices import Price, price_of
from whetstone.rewards.teacher.prompts import MOST_TOGETHER
from whetstone.rewards.teacher.rubric import TOP, Rubric

_CLOSED = ConfigDict(extra="forbid", frozen=True)
_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_VARIABLE = 60
_POSTING = "execution"
"""The reward that posts verdicts."""
_OURS = frozenset(
    {
        *("model", "messages", "system", "max_tokens", "max_completion_tokens", "n", "stream"),
        *("stream_options", "response_format", "tools", "tool_choice", "functions"),
        *("function_call", "parallel_tool_calls"),
    }
)
"""Parameters that we compute: schema, budget and address of an answer depend on them."""
_KEY_OF = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


_OPENAI_HOST = "api.openai.com"
_MOST_CHOICES = 1_000
"""Of all lists of choices in one schema, at OpenAI; servers of one's own have no such limit."""


class Pay(StrEnum):
    """What a score becomes."""

    RATIO = "ratio"
    """student / (teacher + epsilon), at most `cap`."""
    DIFFERENCE = "difference"
    """student - teacher."""
    SCORE = "score"
    """student: no reference is asked for."""
    RANK = "rank"
    """Share of the other completions of the prompt that score less, 0 to 1: no reference either."""


class Limits(BaseModel):
    """How fast to ask, and when to give up."""

    model_config = _CLOSED

    concurrency: PositiveInt
    """Requests in flight."""
    requests_per_minute: PositiveInt | None
    """The provider's limit, so as not to run into it; null: only its own 429 slows us down."""
    tokens_per_minute: PositiveInt | None
    """Likewise; what a request may take at most is counted."""
    timeout_s: PositiveFloat
    """Seconds to wait for one whole answer."""
    retries: NonNegativeInt
    """How often a request is sent again after a fault that may pass."""
    longest_wait_s: PositiveFloat
    """A provider that asks to wait longer (a quota of the day) ends the run, to be continued."""
    stop_after_failures: PositiveInt
    """Requests in a row that come to nothing after which the run stops, to be continued later."""


class Limit(BaseModel):
    """What a run may spend; null: without limit."""

    model_config = _CLOSED

    dollars: PositiveFloat | None
    calls: PositiveInt | None


class Batch(BaseModel):
    """Questions handed in together and answered within a day, for less: for offline scoring."""

    model_config = _CLOSED

    enabled: bool
    poll_s: PositiveFloat
    """Seconds between two looks at whether a batch is done."""
    price_factor: PositiveFloat
    """What a batch costs, as a share of `prices`."""


class Collect(BaseModel):
    """Which share of the prompts each part of the collected data set gets; training gets the rest.

    All samples of one prompt are in one part.
    """

    model_config = _CLOSED

    validation: Annotated[float, Field(ge=0, lt=1)]
    evaluation: Annotated[float, Field(ge=0, lt=1)]

    @model_validator(mode="after")
    def _leave_some_to_train_on(self) -> Self:
        if self.validation + self.evaluation >= 1:
            raise ValueError("validation and evaluation leave nothing for training")
        return self


class TeacherSettings(RewardConfig):
    """A language model that grades."""

    changeable: ClassVar[frozenset[str]] = frozenset(
        {"limits", "budget", "prices", "cache", "api_key_env", "probe", "batch", "length_field"}
    )

    name: Literal["teacher"]
    provider: Literal["openai", "anthropic"]
    """The protocol: `openai` is spoken by most local servers as well."""
    model: str
    """The teacher, as its provider names it."""
    base_url: str | None
    """Where the protocol is spoken, `http://localhost:8000/v1`; null: at the provider's own."""
    api_key_env: str | None
    """NAME of the environment variable that holds the key; null where no key is needed."""
    parameters: dict[str, Any]
    """Further parameters of a request, as the API names them: `{temperature: 0.0}`."""
    length_field: Literal["max_tokens", "max_completion_tokens"] | None
    """What an `openai` endpoint calls the limit of an answer; null: `max_completion_tokens` at
    OpenAI's own address, `max_tokens` elsewhere."""
    rubric: Rubric
    reward: Pay
    epsilon: PositiveFloat
    """In `ratio`, keeps a teacher's score of 0 from dividing by it."""
    cap: PositiveFloat
    """In `ratio`, the most that is paid: a bad reference must not make a group explode."""
    together: Annotated[int, Field(ge=1, le=MOST_TOGETHER)]
    """Completions of one prompt that one request grades; more are cheaper and less independent."""
    when: str | None
    """`execution.passed`: ask only for completions with this verdict; null: for all of them."""
    otherwise: float
    """Reward of a completion that `when` keeps from being asked for."""
    grade_tokens: PositiveInt
    """Length of the answer for each graded program, at most."""
    solution_tokens: PositiveInt
    """Length of the teacher's own solution, at most."""
    limits: Limits
    batch: Batch
    cache: Path
    """File with all answers; runs, sweeps and processes share it. On a local disk."""
    budget: Limit
    prices: dict[str, Price]
    """Dollars for a million tokens, by model. These are yours to keep up to date."""
    collect: Collect | None
    """Keep every graded sample in `datasets/` of the run's folder; null: do not."""
    probe: bool
    """Ask for the list of models, which is free, before anything else is loaded."""

    @field_validator("api_key_env")
    @classmethod
    def _is_a_name(cls, name: str | None) -> str | None:
        if name is not None and not (_VARIABLE.fullmatch(name) and len(name) <= _LONGEST_VARIABLE):
            raise ValueError("give the name of an environment variable, never a key itself")
        return name

    @field_validator("base_url")
    @classmethod
    def _is_a_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("write it as http://HOST:PORT/v1")
        if parts.username or parts.password or parts.query:
            raise ValueError("a URL is stored and shown: put the key into an environment variable")
        return url

    @field_validator("parameters")
    @classmethod
    def _are_not_ours(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        if ours := sorted(_OURS & parameters.keys()):
            raise ValueError(
                f"{', '.join(ours)}: computed from the other settings (model, grade_tokens,"
                " solution_tokens, together, rubric); leave it out"
            )
        return parameters

    @field_validator("when")
    @classmethod
    def _is_a_verdict(cls, when: str | None) -> str | None:
        if when is None:
            return None
        reward, _, verdict = when.partition(".")
        words = [word for word in Verdict if word is not Verdict.INFRA_ERROR]
        if reward != _POSTING or verdict not in words:
            listed = ", ".join(f"{_POSTING}.{word}" for word in words)
            raise ValueError(f"expected one of: {listed}")
        return when

    @model_validator(mode="after")
    def _key_is_of_the_provider(self) -> Self:
        others = {name for provider, name in _KEY_OF.items() if provider != self.provider}
        if self.base_url is None and self.api_key_env in others:
            raise ValueError(
                f"api_key_env={self.api_key_env} is another company's key, but provider="
                f"{self.provider} would get it: set api_key_env={_KEY_OF[self.provider]}"
            )
        return self

    @model_validator(mode="after")
    def _length_field_is_of_openai(self) -> Self:
        if self.provider != "openai" and self.length_field is not None:
            raise ValueError(
                f"length_field={self.length_field} is of provider=openai, and {self.provider} has"
                " one name alone: set length_field=null"
            )
        return self

    @model_validator(mode="after")
    def _schema_fits_openai(self) -> Self:
        choices = (TOP + 1) * len(self.rubric.dimensions)
        host = urlsplit(self.base_url).hostname or "" if self.base_url else _OPENAI_HOST
        is_openai = host == _OPENAI_HOST or host.endswith(f".{_OPENAI_HOST}")
        asked = self.together * choices
        if self.provider == "openai" and is_openai and asked > _MOST_CHOICES:
            raise ValueError(
                f"together={self.together} with {len(self.rubric.dimensions)} dimensions makes a"
                f" schema of {asked:,} choices, and OpenAI takes {_MOST_CHOICES:,}: at most"
                f" together={_MOST_CHOICES // choices}, or fewer dimensions"
            )
        return self

    @model_validator(mode="after")
    def _dollars_need_a_price(self) -> Self:
        if self.budget.dollars is not None and self.price is None:
            raise ValueError(
                f"budget.dollars={self.budget.dollars:g} needs the price of {self.model}, and"
                " prices has none: add it, or limit budget.calls instead"
            )
        return self

    @property
    def price(self) -> Price | None:
        """The price of the model, where the table has one; that of a batch, where it is one."""
        price = price_of(self.model, self.prices)
        return price.times(self.batch.price_factor) if price and self.batch.enabled else price

    @property
    def after(self) -> str | None:
        """The reward whose verdicts decide whether the teacher is asked."""
        return None if self.when is None else self.when.partition(".")[0]
