"""Who is asked: the two protocols that nearly every endpoint speaks, through their own SDKs.

The SDKs take seconds to import, so they are imported when a provider is made.
"""

import os
from collections.abc import Mapping
from typing import Any

from rewards.teacher.providers.base import Endpoint, Provider


def build_provider(
    protocol: str,
    model: str,
    base_url: str | None,
    api_key_env: str | None,
    parameters: Mapping[str, Any],
    timeout_s: float,
) -> Provider:
    """Return a provider. Raises `ValueError` where the environment has no such key."""
    key = read_key(api_key_env)
    if protocol == "anthropic":
        from rewards.teacher.providers.anthropic import (  # noqa: PLC0415 - the SDK is slow to load
            DEFAULT_URL,
            AnthropicProvider,
        )

        place = Endpoint(base_url or DEFAULT_URL, model, key, dict(parameters), timeout_s)
        return AnthropicProvider(place)
    from rewards.teacher.providers.openai import (  # noqa: PLC0415 - likewise
        DEFAULT_URL as OPENAI_URL,
    )
    from rewards.teacher.providers.openai import OpenAIProvider  # noqa: PLC0415 - likewise

    place = Endpoint(base_url or OPENAI_URL, model, key, dict(parameters), timeout_s)
    return OpenAIProvider(place)


def read_key(api_key_env: str | None) -> str:
    """Return the key from the environment, which nobody else reads; empty where none is needed.

    Raises:
        ValueError: the environment has no such variable.

    """
    key = os.environ.get(api_key_env, "") if api_key_env else ""
    if api_key_env and not key:
        raise ValueError(
            f"api_key_env={api_key_env}: the environment has no such variable; export it, or set"
            " api_key_env=null for an endpoint that needs no key"
        )
    return key
