"""Settings that are credentials, told by their names or their values, and messages without them.

What a user types is stored with a run, shown by trackers and quoted in errors. So a credential is
no setting: it is refused by name, and no message repeats it.
"""

import re

STRUCK = "***"
_NAME = re.compile(
    r"(?:^|[^a-z])(?:token|key|secret|pass(?:word|wd|phrase)|pwd|credential|authorization)$"
    r"|(?:api|access|secret|private)key$|(?:auth|access)token$",
    re.IGNORECASE,
)
_OF_TEXT = re.compile(r"(?:^|\.)(?:eos|bos|pad|unk|mask|sep|cls|image|audio|video)_token$")
_NAMES_A_VARIABLE = "api_key_env"
_COLUMNS = "data.rename."
"""The user's own names of fields."""
_VARIABLES = (
    ("wandb", "WANDB_API_KEY"),
    ("hub", "HF_TOKEN"),
    ("hf", "HF_TOKEN"),
    ("publish", "HF_TOKEN"),
    ("teacher", "the variable that reward.teacher.api_key_env names"),
)
_OF_KIND = {"a token of the Hub": "HF_TOKEN", "a key of Weights & Biases": "WANDB_API_KEY"}
_NO_VALUES = frozenset({"", "null", "None", "true", "false", "???"})
"""What is no credential, whatever the setting is called."""
_NO_SETTING = "a credential is no setting, since settings are stored with a run and shown"
_ANY = "the variable of its service (HF_TOKEN, WANDB_API_KEY, OPENAI_API_KEY)"

SHAPES = {
    "a token of the Hub": r"\bhf_[A-Za-z0-9]{30,}",
    "an API key": (
        r"(?<![A-Za-z0-9])(?:sk-(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{20,}|gsk_[A-Za-z0-9]{40,})"
    ),
    "a token of GitHub": r"\b(?:github_pat_|gh[oprsu]_)[A-Za-z0-9_]{36,}",
    "a token of GitLab": r"\bgl(?:pat|dt|ft|soat|rt|ptt|cbt)-[A-Za-z0-9_-]{20,}",
    "a token of Slack": r"\bxox[abeoprs]-(?:\d+-)+[A-Za-z0-9]+",
    "a token of PyPI": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
    "a key of Stripe": r"\b[rs]k_live_[A-Za-z0-9]{24,}",
    "a key of SendGrid": r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "a signed token (JWT)": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}",
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY",
    "a key of AWS": r"\b(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}\b",
    "a key of Google": r"\bAIza[A-Za-z0-9_-]{35}",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a key of Weights & Biases": (
        r"\bwandb_v1_[A-Za-z0-9_]{40,}"
        r"|(?i:wandb)[^\n]{0,40}(?i:key|password|token)[^\n]{0,20}?\b[0-9a-f]{40}\b"
        r"|machine api\.wandb\.ai\s+login \S+\s+password \S+"
    ),
    "a secret key of AWS": (
        r"(?i:aws)[^\n]{0,20}(?i:secret|key)[^\n]{0,20}?[\s\"'=:](?![0-9a-f]{40})[A-Za-z0-9/+]{40}"
        r"(?![A-Za-z0-9/+=])"
    ),
}
"""What the values of credentials look like: what the gate refuses and no message repeats.

`detect-secrets`, which a publication asks as well, knows more of them; to import it takes longer
than the gate may.
"""
_ASSIGNED = re.compile(r"(?<![\w./-])([\w./-]+)=(\"[^\"]*\"|'[^']*'|[^\s,;}\])]*[^\s,;:}\])])")
_IN_BRACES = re.compile(r"(?<=[{,])(\s*['\"]?)([\w.-]+)(['\"]?:\s*)(\"[^\"]*\"|'[^']*'|[^\s,{}]+)")
_USER_OF_URL = re.compile(r"(?<=://)[^/\s@]+:[^/\s@]+(?=@)")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*|null|None")
_KEY_OF_WANDB = re.compile(r"[0-9a-f]{40}")
"""A commit's hash looks the same, so only a setting of Weights & Biases is asked."""
_SHAPED = re.compile("|".join(SHAPES.values()))


def names_a_credential(path: str) -> bool:
    """Tell whether a setting of this name, given with its dotted path, would hold a credential."""
    named = _NAME.search(path) and not _OF_TEXT.search(path)
    return bool(named) and not path.startswith(_COLUMNS)


def _remedy_for(path: str, kind: str = "") -> str:
    """Return what to do instead of giving a credential, of this kind, in this setting."""
    if path.endswith(_NAMES_A_VARIABLE):
        return "give the name of the environment variable that holds the key, never the key itself"
    found = (variable for word, variable in _VARIABLES if word in path.lower())
    variable = next(found, None) or _OF_KIND.get(kind)
    if variable is None and kind:
        return f"{_NO_SETTING}: take it out"  # what service it is for, nothing tells
    return f"{_NO_SETTING}: export it as {variable or _ANY}, and leave this one out"


def why_refused(path: str, value: str) -> str | None:
    """Return that this setting is a credential, by name or look, and what to do instead."""
    if value in _NO_VALUES:
        return None
    if names_a_credential(path):
        return _remedy_for(path)
    kind = credential_in(value)
    if kind is None and "wandb" in path and _KEY_OF_WANDB.fullmatch(value):
        kind = "a key of Weights & Biases"
    return None if kind is None else f"its value looks like {kind}; {_remedy_for(path, kind)}"


def credential_in(value: str) -> str | None:
    """Return what kind of credential a value looks like; None for any other text."""
    if _USER_OF_URL.search(value):
        return "a password in a URL"
    return next((kind for kind, shape in SHAPES.items() if re.search(shape, value)), None)


def struck_out(text: str) -> str:
    """Return a message without the credentials that it may repeat."""
    text = _ASSIGNED.sub(lambda found: f"{found[1]}={_shown(found[1], found[2])}", text)
    text = _IN_BRACES.sub(
        lambda found: f"{found[1]}{found[2]}{found[3]}{_shown(found[2], found[4])}", text
    )
    return _SHAPED.sub(STRUCK, _USER_OF_URL.sub(STRUCK, text))


def _shown(name: str, value: str) -> str:
    if name.endswith(_NAMES_A_VARIABLE):
        return value if _VARIABLE.fullmatch(value) else STRUCK
    return STRUCK if names_a_credential(name) else value
