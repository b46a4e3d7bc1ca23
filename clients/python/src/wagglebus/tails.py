"""Following the server: server-sent events, and where to go on after a broken connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .calls import Types, query_of
from .events import Event, to_event

SILENCE_SECONDS = 50.0
"""A connection that brings nothing for so long is broken: the server sends a heartbeat every 15 s."""


@dataclass(frozen=True)
class SseMessage:
    """``data`` is ``None`` where a message only sets the id."""

    event: str
    data: str | None
    id: str | None


class SseReader:
    """Parses a stream, however it is cut. Only CR and LF end a line: what ``str.splitlines`` also splits at, JSON may hold."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[SseMessage]:
        """The messages that are whole now."""
        # A CR at the end may be the first half of a line's end.
        text = self._rest + chunk
        held = text[-1:] if text.endswith(b"\r") else b""
        *whole, last = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = last + held
        for line in whole:
            if line:
                self._lines.append(line.decode("utf-8", "replace"))
            elif self._lines:
                message = _message_of(self._lines)
                self._lines = []
                yield message


def _message_of(lines: list[str]) -> SseMessage:
    event, data, last_id = "message", None, None
    for line in lines:
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "event":
            event = value
        elif name == "data":
            data = value if data is None else f"{data}\n{value}"
        elif name == "id" and "\0" not in value:
            last_id = value
    return SseMessage(event, data, last_id)


class Tail:
    """What one follower asks for, and how far it is. Both faces read its connections."""

    def __init__(
        self,
        type: Types | None,
        filters: Mapping[str, Any],
        flow: str | None,
        pattern: Mapping[str, Any] | None,
        deltas: bool,
        on_reset: Callable[[], object] | None,
        on_truncated: Callable[[Mapping[str, str]], object] | None,
    ) -> None:
        text = None if pattern is None else json.dumps(pattern)
        self.params = query_of({**filters, "type": type, "flow": flow, "pattern": text})
        if deltas:
            self.params.append(("deltas", "1"))
        self._on_reset = on_reset
        self._on_truncated = on_truncated
        self._last_id: str | None = None
        self._reader = SseReader()

    def headers(self) -> dict[str, str]:
        """Of the next connection."""
        self._reader = SseReader()
        last = {} if self._last_id is None else {"last-event-id": self._last_id}
        return {"accept": "text/event-stream", **last}

    def feed(self, chunk: bytes) -> Iterator[Event[Any]]:
        """The events that a piece brings. One counts as read once it has been taken from here."""
        for message in self._reader.feed(chunk):
            if message.id is not None:
                self._last_id = message.id
            if message.data is None:
                continue
            if message.event == "message":
                yield to_event(json.loads(message.data))
            elif message.event == "reset" and self._on_reset is not None:
                self._on_reset()
            elif message.event == "truncated" and self._on_truncated is not None:
                self._on_truncated(json.loads(message.data))
