"""The Python client of Waggle: an event bus for AI agents, behind ``waggle serve``."""

from .aio import AsyncBus
from .calls import Filter, Matcher, Page, TailFilter
from .durations import Duration
from .errors import BusError, NonRetriableError, RetryAfterError
from .events import Draft, Event, EventDefinition, Metadata, PublishResult, Run, current
from .flows import Flow, FlowNode
from .subscribers import Settings
from .sync import Bus

__all__ = [
    "AsyncBus",
    "Bus",
    "BusError",
    "Draft",
    "Duration",
    "Event",
    "EventDefinition",
    "Filter",
    "Flow",
    "FlowNode",
    "Matcher",
    "Metadata",
    "NonRetriableError",
    "Page",
    "PublishResult",
    "RetryAfterError",
    "Run",
    "Settings",
    "TailFilter",
    "current",
]
