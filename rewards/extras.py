"""What to do where an optional package is missing: said once, so that every message can be typed.

The command installs from the clone. No index is asked for a package of this name: `whetstone` on
PyPI is a stranger's.
"""


def not_installed(package: str, extra: str = "") -> str:
    """Return that a package is missing, and the command that installs it into this clone.

    Args:
        package: Its name, as a reader knows it.
        extra: The extra of pyproject.toml that brings it; empty for what every run needs.

    """
    target = f"'.[{extra}]'" if extra else "."
    return f"{package} is not installed; run `.venv/bin/pip install -e {target}` in the clone"
