"""Words about exceptions that a program wrote: one line, whatever its `__str__` does."""

MAX_DETAIL = 200


def describe(error: BaseException) -> str:
    """Name an exception and its message, even if the program wrote its `__str__`."""
    name = type(error).__name__
    try:
        message = str(error)[: 4 * MAX_DETAIL]
    except BaseException:  # noqa: BLE001 - the message is the program's own code
        message = ""
    return f"{name}: {message}" if message else name


def one_line(text: str) -> str:
    """Cut a text to what fits in a log line, and spell out what a terminal would act on."""
    line = " ".join(text[: 4 * MAX_DETAIL].split())
    return "".join(c if c.isprintable() else _spelled(c) for c in line)[:MAX_DETAIL]


def _spelled(character: str) -> str:
    return ascii(character)[1:-1]
