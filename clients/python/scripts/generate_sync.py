"""Writes `src/wagglebus/sync.py` from `aio.py`: the two faces differ in what the substitutions below say, and in nothing else.

`python scripts/generate_sync.py` writes it; with `--check` it fails where the file is another one. A substitution that
finds nothing is an error: it is no longer needed, or what it was for is written in another way.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "wagglebus"

SUBSTITUTIONS = [
    (
        r"The face for asyncio\.",
        "The face for programs without asyncio. Made of `aio.py` by `scripts/generate_sync.py`; change that one.",
    ),
    (r"For one event loop;", "Safe for threads;"),
    (r"an ``async with``", "a ``with``"),
    (r"deliveries, on this loop", "deliveries, in threads"),
    # Imports, in the order that ruff gives them.
    (r"import asyncio\n", ""),
    (r"import AsyncIterator, Awaitable, Callable, Iterable, Mapping", "import Callable, Iterable, Iterator, Mapping"),
    (r"TypeVar, Union, cast", "TypeVar, cast"),
    (r"from \.aio_consumer import AsyncConsumers\n", ""),
    (r"(from \.subscribers import .*\n)", r"\1from .sync_consumer import Consumers\n"),
    # Handlers are plain functions.
    (r"Returned = TypeVar.*\n", ""),
    (r"Union\[Awaitable\[None\], None\]", "None"),
    (r"\bReturned\b", "None"),
    # Names.
    (r"\bAsyncBus\b", "Bus"),
    (r"\bAsyncConsumers\b", "Consumers"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"httpx\.AsyncClient\b", "httpx.Client"),
    (r"\b__a(enter|exit)__", r"__\1__"),
    (r"\.a(read|close)\(", r".\1("),
    (r"\.aiter_bytes\(", ".iter_bytes("),
    # Waiting.
    (r"for event in tail\.feed\(chunk\):\n\s+yield event", "yield from tail.feed(chunk)"),
    (r"\(await (self\._call\(.*\))\)\[0\]", r"\1[0]"),
    (r"await asyncio\.sleep\(", "time.sleep("),
    (r"\bawait ", ""),
    (r"\basync (def|for|with)\b", r"\1"),
]


def generated() -> str:
    text = (PACKAGE / "aio.py").read_text(encoding="utf-8")
    for pattern, replacement in SUBSTITUTIONS:
        text, count = re.subn(pattern, replacement, text)
        if count == 0:
            raise ValueError(f"nothing in aio.py is {pattern!r}")
    return text


if __name__ == "__main__":
    target = PACKAGE / "sync.py"
    if "--check" not in sys.argv:
        target.write_text(generated(), encoding="utf-8")
    elif target.read_text(encoding="utf-8") != generated():
        sys.exit("sync.py is not what generate_sync.py makes of aio.py; run it")
