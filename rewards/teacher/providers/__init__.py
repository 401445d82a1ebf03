"""Who is asked: the two protocols that nearly every endpoint speaks, through their own SDKs.

The SDKs take seconds to import, so they are imported when a provider is made.
"""

from collections.abc import Mapping
from typing import Any

from whetstone.rewards.teacher.keys import read_key
from whetstone.rewards.teacher.providers.base import Endpoint, Provider


def build_provider(
    protocol: str,
    model: str,
    base_url: str | None,
    api_key_env: str | None,
    parameters: Mapping[str, Any],
    timeout_s: float,
    length_field: str | None = None,
) -> Provider:
    """Return a provider. Raises `ValueError` where the environment has no such key."""
    key = read_key(api_key_env)
    if protocol == "anthropic":
        from whetstone.rewards.teacher.providers.anthropic import (  # noqa: PLC0415 - the SDK is slow to load
            DEFAULT_URL,
            AnthropicProvider,
        )

        place = Endpoint(
            (base_url or DEFAULT_URL).rstrip("/"), model, key, dict(parameters), timeout_s
        )
        return AnthropicProvider(place)
    from whetstone.rewards.teacher.providers.openai import (  # noqa: PLC0415 - likewise
        DEFAULT_URL as OPENAI_URL,
    )
    from whetstone.rewards.teacher.providers.openai import OpenAIProvider  # noqa: PLC0415 - likewise

    url = (base_url or OPENAI_URL).rstrip("/")
    return OpenAIProvider(Endpoint(url, model, key, dict(parameters), timeout_s, length_field))
