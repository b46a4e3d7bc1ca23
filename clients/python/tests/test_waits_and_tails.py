from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

import httpx
import pytest

from conftest import Server
from wagglebus import AsyncBus, Bus, BusError, Event, EventDefinition
from wagglebus.tails import SseMessage, SseReader

PATIENCE = 30.0


def test_a_wait_ends_with_the_first_of_any(server: Server, name: str) -> None:
    with Bus(server.url) as bus:
        other = bus.publish(f"custom.{name}.a", {"n": 1})
        event = bus.publish(f"custom.{name}.b", {"n": 2})
        types = (f"custom.{name}.a", EventDefinition[Any](f"custom.{name}.b"))
        assert bus.wait_for(*types, where={"data": {"n": [2]}}, since=other) == event
        assert bus.wait_for({"on": types, "where": {"data": {"n": [{"numeric": [">", 0]}]}}}, since=other.time) == other
        assert bus.wait_for_all(*types, since=other.time) == [other, event]
        assert bus.wait_for_all(f"custom.{name}.*", count=2, since=other.time) == [other, event]
        with pytest.raises(BusError) as caught:
            bus.wait_for_all(*types, since=event.time, where={"data": {"n": [2]}}, timeout="1ms")
        assert caught.value.code == "timeout"
        assert [found["id"] for found in caught.value.details["events"]] == [event.id]
        with pytest.raises(ValueError, match="10 minutes"):
            bus.wait_for("custom.*", timeout="11m")
        with pytest.raises(ValueError, match="at least one"):
            bus.wait_for_all()


def test_a_wait_with_asyncio_ends_with_what_comes(server: Server, name: str) -> None:
    async def main() -> None:
        async with AsyncBus(server.url) as bus:
            before = await bus.publish(f"custom.{name}.before")
            waiting = asyncio.create_task(bus.wait_for(f"custom.{name}", since=before, timeout=PATIENCE))
            event = await bus.publish(f"custom.{name}")
            assert await waiting == event
            with pytest.raises(BusError) as caught:
                await bus.wait_for(f"custom.{name}", timeout=0)
            assert caught.value.code == "timeout"

    asyncio.run(main())


def test_a_tail_goes_on_behind_its_last_event_when_the_server_is_killed(own_server: Server) -> None:
    with Bus(own_server.url, patience=PATIENCE) as bus:
        first = bus.publish("custom.one", {"text": "first\u2028\x85line"})
        tail = bus.tail("custom.*", since=first.time)
        assert next(tail) == first
        own_server.end(signal.SIGKILL)
        own_server.start()
        missed = bus.publish("custom.two")
        bus.publish("task.created", {"taskId": "not wanted"})
        assert next(tail) == missed
        own_server.end(signal.SIGTERM)
        own_server.start()
        last = bus.publish("custom.three")
        assert next(tail) == last


def test_a_tail_with_asyncio_goes_on_too_and_ends_with_its_loop(own_server: Server) -> None:
    async def main() -> None:
        async with AsyncBus(own_server.url, patience=PATIENCE) as bus:
            first = await bus.publish("custom.one", correlation_id="a-flow")
            tail = bus.tail(flow="a-flow", pattern={"data": {"n": [{"exists": False}]}}, since=first.time)
            assert await anext(tail) == first
            own_server.end(signal.SIGKILL)
            own_server.start()
            await bus.publish("custom.one")
            await bus.publish("custom.one", {"n": 1}, correlation_id="a-flow")
            missed = await bus.publish("custom.two", correlation_id="a-flow")
            assert await anext(tail) == missed
            await tail.aclose()  # type: ignore[attr-defined]

    asyncio.run(main())


def test_a_tail_with_deltas_brings_the_text_of_a_model_from_its_start(server: Server, name: str) -> None:
    with Bus(server.url) as bus:
        sent = [bus.publish("llm.text.delta", {"content": text}, stream_id=name) for text in ("Once ", "upon ", "a time")]
        tail = bus.tail("llm.text.delta", stream_id=name, deltas=True)
        assert [next(tail).id for _ in sent] == [event.id for event in sent]
        tail.close()  # type: ignore[attr-defined]


def test_a_tail_fails_for_what_does_not_pass(server: Server) -> None:
    with Bus(server.url) as bus, pytest.raises(BusError) as caught:
        next(bus.tail(pattern={"data": 5}))
    assert caught.value.code == "invalid_pattern"


STREAM = (
    'retry: 1000\nid: n1\n\n: \n\nid: n2\ndata: {"a":"\u2028\u0085\x1c ä"}\n\n'
    "event: reset\r\ndata: {}\r\n\r\ndata: one\rdata:two\r\rid\n\n"
).encode()
MESSAGES = [
    SseMessage("message", None, "n1"),
    SseMessage("message", None, None),
    SseMessage("message", '{"a":"\u2028\u0085\x1c ä"}', "n2"),
    SseMessage("reset", "{}", None),
    SseMessage("message", "one\ntwo", None),
    SseMessage("message", None, ""),
]


@pytest.mark.parametrize("size", [*range(1, 12), len(STREAM)])
def test_a_stream_reads_the_same_wherever_it_is_cut(size: int) -> None:
    reader = SseReader()
    chunks = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [message for chunk in chunks for message in reader.feed(chunk)] == MESSAGES


def test_a_token_is_sent_and_says_what_it_may(own_server: Server) -> None:
    token = own_server.waggle("token", "create", "--role", "publish", "--source", "agent-7").strip().splitlines()[-1]
    with Bus(own_server.url, token=token) as bus:
        assert bus.publish("custom.one").source == "agent-7"
        with pytest.raises(BusError) as caught:
            bus.history()
        assert caught.value.code == "forbidden"
    with Bus(own_server.url, token="wgl_wrong") as bus, pytest.raises(BusError) as caught:
        bus.publish("custom.one")
    assert caught.value.code == "unauthenticated"


def test_a_publish_whose_answer_is_lost_is_sent_again_and_is_one_event(server: Server, name: str) -> None:
    lost = threading.Event()

    def lose(response: httpx.Response) -> None:
        if not lost.is_set():
            lost.set()
            raise httpx.ReadError("the answer was lost", request=response.request)

    with httpx.Client(event_hooks={"response": [lose]}, trust_env=False) as http, Bus(server.url, http=http) as bus:
        event: Event[Any] = bus.publish(f"custom.{name}")
        assert lost.is_set()
        assert bus.history(type=f"custom.{name}").events == [event]
