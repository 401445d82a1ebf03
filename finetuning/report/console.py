"""How anything is said in a terminal: sentences broken at words, paths never, tables without lines.

In a log file or a pipe nothing is broken, so that it can be searched and cut by programs.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text


def tell(console: Console, sentence: str, style: str = "") -> None:
    """Print a sentence."""
    console.print(Text(sentence, style=style), soft_wrap=not console.is_terminal)


def tell_place(console: Console, name: str, place: str) -> None:
    """Print a name and a path or figure: on a line of its own where both do not fit on one."""
    head = f"{name:<9}"
    if console.is_terminal and len(head) + len(place) > console.width:
        console.print(Text(name, style="dim"))
        head = ""
    # A path that was broken over two lines could not be copied.
    console.print(Text.assemble((head, "dim"), place), soft_wrap=True)


@contextmanager
def working(console: Console, what: str) -> Iterator[None]:
    """Say what takes the time of the body: a turning sign on a terminal, a line elsewhere."""
    if console.is_terminal:
        with console.status(what):
            yield
    else:
        tell(console, what)
        yield


def bare_table(*columns: str, numbers_from: int) -> Table:
    """Make an empty table.

    Args:
        columns: the heads.
        numbers_from: the first column of figures; they are set to the right.

    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place >= numbers_from else "left")
    return table
