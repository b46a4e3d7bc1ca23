"""A flow: all events that share a correlation id, as a tree of what caused what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .events import Event, JsonObject, to_event


@dataclass(frozen=True)
class FlowNode:
    """An event, how its deliveries ended, and what it caused."""

    event: Event[Any]
    deliveries: list[JsonObject]
    children: list[FlowNode] = field(default_factory=list)


@dataclass(frozen=True)
class Flow:
    """``pending`` and ``dead_letters`` are as the server gives them."""

    id: str
    status: str
    """``running``, ``completed`` or ``failed``."""
    roots: list[FlowNode]
    size: int
    duration_ms: float
    pending: list[JsonObject]
    dead_letters: list[JsonObject]

    def events(self) -> Iterator[Event[Any]]:
        """Every event, each before what it caused."""
        waiting = list(reversed(self.roots))
        while waiting:
            node = waiting.pop()
            yield node.event
            waiting.extend(reversed(node.children))


def to_flow(answer: Any) -> Flow:
    """A flow of an answer. Agents that answer each other make one that is deep, so nothing here recurses."""
    roots: list[FlowNode] = []
    waiting = [(one, roots) for one in reversed(answer["roots"])]
    while waiting:
        value, siblings = waiting.pop()
        node = FlowNode(to_event(value["event"]), list(value.get("deliveries", [])))
        siblings.append(node)
        waiting.extend((child, node.children) for child in reversed(value["children"]))
    return Flow(
        id=answer["id"],
        status=answer["status"],
        roots=roots,
        size=answer["size"],
        duration_ms=answer["durationMs"],
        pending=answer["pending"],
        dead_letters=answer["deadLetters"],
    )
