"""What the header of a GGUF file says, and why nothing can be made of it, read without torch.

Only the header is read, a fraction of a second for the largest vocabulary: gguf's own reader makes
an object of every token, which costs seconds at each command. What is refused here is what
transformers would refuse in the middle of the conversion (finetuning/model/gguf.py).
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

SUFFIX = ".gguf"
_MAGIC = b"GGUF"
_CUT_OFF = "this file is cut off; copy or download it again"
_VERSIONS = (2, 3)
_ARCHITECTURE = "general.architecture"
_PARTS = "split.count"
_STRING, _ARRAY, _PARTS_TYPE = 8, 9, 2
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value, by the number of its type; texts and arrays say their own length."""
_ENCODER_DECODERS = frozenset({"t5", "t5encoder", "umt5"})


class NoGgufError(ValueError):
    """A file that cannot be read as GGUF; the message says why."""


@dataclass(frozen=True)
class GgufHeader:
    """What a GGUF file says before its weights."""

    architecture: str
    """As llama.cpp calls it: `llama`, `qwen2`."""
    tensor_types: frozenset[int]
    """The formats that its weights are stored in, by ggml's numbers of them."""
    weights: int
    """How many numbers its tensors hold."""
    parts: int
    """The files that the model is spread over; 1 where this one holds all of it."""


def is_gguf(path: str | Path) -> bool:
    """Tell whether a path is that of a GGUF file, by its name."""
    return Path(path).suffix.lower() == SUFFIX


def read_header(path: Path) -> GgufHeader:
    """Read the header of a GGUF file.

    Raises:
        NoGgufError: The file is none, is cut off, or is of a version that nobody writes any more.

    """
    if path.stat().st_size < len(_MAGIC):
        raise NoGgufError(_CUT_OFF)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            return _Reader(content).header()
        except (struct.error, UnicodeDecodeError, OverflowError, RecursionError) as error:
            raise NoGgufError(_CUT_OFF) from error


def why_not_converted(path: Path) -> str | None:
    """Say why a GGUF file cannot become a transformers folder; None where it can be tried."""
    try:
        header = read_header(path)
    except NoGgufError as error:
        return str(error)
    return next(_faults(header), None)


def _faults(header: GgufHeader) -> Iterator[str]:
    if header.parts > 1:
        yield (
            f"this is one of {header.parts} parts of a model; join them with llama.cpp's "
            "llama-gguf-split --merge"
        )
    if header.architecture in _ENCODER_DECODERS:
        yield (
            f"its architecture is {header.architecture}, an encoder-decoder; only decoder-only "
            "models are converted"
        )
    elif not _is_known(header.architecture):
        yield (
            f"transformers cannot read the architecture {header.architecture} out of a GGUF file; "
            "give the folder of the model, or its id on the Hub"
        )
    if unread := [_name(number) for number in header.tensor_types if not _is_readable(number)]:
        yield (
            f"its weights are stored as {', '.join(sorted(unread))}, which cannot be turned back "
            "into numbers here; give a file in F16, Q8_0 or Q4_K_M"
        )


def _is_known(architecture: str) -> bool:
    """Tell whether transformers reads an architecture; it spells some with other dashes."""
    from transformers.integrations import GGUF_CONFIG_MAPPING  # noqa: PLC0415 - seconds, and no torch
    from transformers.integrations.gguf.gguf_config_mapping import GGUF_CONFIG_ARCHS  # noqa: PLC0415

    known = {*GGUF_CONFIG_MAPPING, *GGUF_CONFIG_ARCHS} - {"general", "tokenizer"}
    return _plain(architecture) in map(_plain, known)


def _plain(architecture: str) -> str:
    return architecture.replace("-", "").replace("_", "")


def _is_readable(number: int) -> bool:
    """Tell whether gguf turns a format back into numbers: asked with one block of zeros."""
    import numpy as np  # noqa: PLC0415
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize  # noqa: PLC0415

    if number not in list(GGMLQuantizationType):
        return False
    kind = GGMLQuantizationType(number)
    try:
        dequantize(np.zeros((1, GGML_QUANT_SIZES[kind][1]), np.uint8), kind)
    except NotImplementedError:
        return False
    return True


def _name(number: int) -> str:
    from gguf import GGMLQuantizationType  # noqa: PLC0415

    is_known = number in list(GGMLQuantizationType)
    return GGMLQuantizationType(number).name if is_known else f"format {number} of ggml"


class _Reader:
    """Steps through a header: counts, then values with their names, then the table of tensors."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._at = 0

    def header(self) -> GgufHeader:
        if self._content[: len(_MAGIC)] != _MAGIC:
            raise NoGgufError("this is no GGUF file, whatever its name says")
        self._at = len(_MAGIC)
        version, tensors, values = self._take("<IQQ")
        if version not in _VERSIONS:
            raise NoGgufError(f"this is version {version} of GGUF; 2 and 3 are read")
        architecture, parts = self._values(values)
        table = [self._tensor() for _ in range(tensors)]
        types = frozenset(kind for kind, _ in table)
        return GgufHeader(architecture, types, sum(count for _, count in table), parts)

    def _values(self, count: int) -> tuple[str, int]:
        """Step over the values, and return what is wanted of them: architecture and parts."""
        architecture, parts = "", 1
        for _ in range(count):
            name = self._text()
            (kind,) = self._take("<I")
            if name == _ARCHITECTURE and kind == _STRING:
                architecture = self._text()
            elif name == _PARTS and kind == _PARTS_TYPE:
                (parts,) = self._take("<H")
            else:
                self._skip(kind)
        if not architecture:
            raise NoGgufError(f"this file does not say what model it is ({_ARCHITECTURE})")
        return architecture, parts

    def _tensor(self) -> tuple[int, int]:
        """Step over an entry of the table of tensors; return its format and its size."""
        self._text()
        (dimensions,) = self._take("<I")
        shape = self._take(f"<{dimensions}Q")
        kind, _ = self._take("<IQ")
        return kind, prod(shape)

    def _skip(self, kind: int) -> None:
        if kind == _STRING:
            (length,) = self._take("<Q")
            self._at += length
        elif kind == _ARRAY:
            inner, count = self._take("<IQ")
            if inner in _WIDTHS:
                self._at += count * _WIDTHS[inner]
            else:
                for _ in range(count):
                    self._skip(inner)
        elif kind in _WIDTHS:
            self._at += _WIDTHS[kind]
        else:
            raise NoGgufError(f"this file is damaged: there is no type {kind} of values")

    def _text(self) -> str:
        (length,) = self._take("<Q")
        start, self._at = self._at, self._at + length
        if self._at > len(self._content):
            raise NoGgufError(_CUT_OFF)
        return self._content[start : self._at].decode()

    def _take(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from(form, self._content, self._at)
        self._at += struct.calcsize(form)
        return found
