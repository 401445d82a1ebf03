"""What a chat model meant as its answer: without its reasoning, its tags and the end of its turn.

Reasoning is marked in many ways, and what opens it may stand in the prompt. What is drafted there
was not answered, so it is never looked into for code. Tags in quotes and in fenced blocks are text:
programs that handle such tags are asked for as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORDS = "think|thinking|thoughts?|reasoning|analysis|reflection|scratchpad|seed:think|mm:think"
_FENCE = r"(?P<fence>(?:^[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?|(?<=[>\]]))(?:`{3}|~{3}))"
"""At the start of a line or of a list item, or right behind a tag."""
# What opens and what closes reasoning. Each tag begins with a sign, so that a long text is passed
# over quickly. The first pair is written in plain characters: a sentence may speak of it.
_REASONING = re.compile(
    _FENCE + r"|<(?i:"
    rf"(?P<open0>(?:{_WORDS})>)|(?P<close0>/(?:{_WORDS})>)"
    r"|(?P<open1>\|begin_of_thought\|>)|(?P<close1>\|end_of_thought\|>)"
    r"|(?P<open2>\|START_THINKING\|>)|(?P<close2>\|END_THINKING\|>)"
    # gpt-oss
    r"|(?P<open3>\|channel\|>(?:analysis|commentary)[^\n<]{0,40}<\|message\|>)"
    r"|(?P<close3>\|channel\|>final<\|message\|>))"
    r"|\[(?:(?P<open4>THINK\])|(?P<close4>/THINK\]))"
    "|◁(?:(?P<open5>think▷)|(?P<close5>/think▷))"
    # gpt-oss, decoded without its special tokens
    r"|(?P<open6>\Aanalysis(?=[A-Z]))|(?P<close6>assistantfinal)",
    re.MULTILINE,
)
_OF_WORDS = "06"
_ANSWER = re.compile(
    _FENCE + r"|<(?i:(?P<open>(?:answer|final_answer|solution|response)>|\|begin_of_solution\|>)"
    r"|(?P<close>/(?:answer|final_answer|solution|response)>|\|end_of_solution\|>))",
    re.MULTILINE,
)
_END_OF_TURN = re.compile(
    r"<(?i:\|(?:im_end|endoftext|eot_id|eom_id|end_of_text|end_of_turn|end|eot|return)\|"
    r"|\uff5cend\u2581of\u2581sentence\uff5c|/s|eos|end_of_turn)>[ \t]*$",
    re.MULTILINE,
)
_REST_IS_BLANK = re.compile(r"[ \t]*$", re.MULTILINE)
_MOST_INDENTED = 100


@dataclass(frozen=True)
class _Tag:
    """A tag outside of quotes, or the begin of a fence."""

    name: str
    begin: int
    end: int
    first: bool
    """Nothing stands before it in its line, but perhaps another tag."""
    last: bool
    """Nothing stands behind it in its line."""

    @property
    def alone(self) -> bool:
        return self.first and self.last


def answer_of(text: str) -> str:
    """Return what a text says as its answer; "" where it ends within its reasoning."""
    said = _within_answer(_without_reasoning(text.removeprefix("\ufeff")))
    end = _END_OF_TURN.search(said)
    return said if end is None else said[: end.start()]


def _without_reasoning(text: str) -> str:
    """Leave out what stands between tags, and everything before one that closes what none opened.

    Outside of reasoning a tag of plain characters counts at an edge of its line, and in a fenced
    block only one that closes and stands alone: that block was a draft, and broken off.
    """
    kept: list[str] = []
    begin, within, fenced = 0, "", False
    for tag in _tags(_REASONING, text):
        if tag.name == "fence":
            fenced = not fenced and not within
        elif within:
            if tag.name == within:
                begin, within = tag.end, ""
        elif tag.name.startswith("close"):
            if tag.alone or (not fenced and _counts(tag)):
                kept.clear()
                begin, fenced = tag.end, False
        elif _counts(tag) and not fenced:
            kept.append(text[begin : tag.begin])
            within = tag.name.replace("open", "close")
    return "".join(kept) if within else "".join([*kept, text[begin:]])


def _within_answer(text: str) -> str:
    """Return what stands in the last answer that is marked as one; the text without one."""
    begin, end, fenced = -1, len(text), False
    for tag in _tags(_ANSWER, text):
        if tag.name == "fence":
            fenced = not fenced
        elif tag.name == "open" and not fenced:
            begin, end = tag.end, len(text)
        elif begin >= 0 and end == len(text) and (not fenced or tag.first):
            end, fenced = tag.begin, False  # so does a block that nothing has closed
    return text if begin < 0 else text[begin:end]


def _counts(tag: _Tag) -> bool:
    return tag.first or tag.last or tag.name[-1] not in _OF_WORDS


def _tags(pattern: re.Pattern[str], text: str) -> Iterator[_Tag]:
    """Yield the tags of a text in order, without those in quotes."""
    line, seen, behind = 0, 0, 0
    for match in pattern.finditer(text):
        begin, end = match.span()
        line = max(line, text.rfind("\n", seen, begin) + 1)
        seen = begin
        if match.lastgroup != "fence" and _is_quoted(text, begin, end):
            continue
        since = max(line, behind)
        first = begin - since <= _MOST_INDENTED and not text[since:begin].strip(" \t")
        behind = end if match.lastgroup != "fence" else behind
        last = _REST_IS_BLANK.match(text, end) is not None
        yield _Tag(match.lastgroup or "", begin, end, first, last)


def _is_quoted(text: str, begin: int, end: int) -> bool:
    before = text[max(0, begin - 2) : begin]
    in_ticks = before.endswith("`") and before != "``"  # three of them are a fence
    return in_ticks or before.endswith(('"', "'")) or text[end : end + 1] in {'"', "'"}
