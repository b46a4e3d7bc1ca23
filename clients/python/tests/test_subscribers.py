from __future__ import annotations

import asyncio
import json
import queue
import signal
import threading
from typing import Any

import httpx
import pytest

from conftest import Server
from support import PATIENCE, SETTLED, dead_letters, state
from wagglebus import AsyncBus, Bus, BusError, Event, NonRetriableError, RetryAfterError, current


def test_what_a_handler_returns_from_is_acknowledged(server: Server, name: str) -> None:
    seen: queue.Queue[Event[Any]] = queue.Queue()
    with Bus(server.url) as bus:
        bus.subscriber(name, on=f"custom.{name}", concurrency=3)(seen.put)
        bus.start()
        sent = [bus.publish(f"custom.{name}", {"n": n}) for n in range(8)]
        got = [seen.get(timeout=PATIENCE) for _ in sent]
        bus.stop()
        assert sorted(event.data["n"] for event in got) == list(range(8))
        assert state(server, name) == SETTLED


def test_an_async_handler_runs_on_the_loop_and_a_plain_one_in_a_thread(server: Server, name: str) -> None:
    async def main() -> None:
        seen: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        async with AsyncBus(server.url) as bus:

            @bus.subscriber(f"a-{name}", on=f"custom.{name}")
            async def on_the_loop(event: Event[Any]) -> None:
                await seen.put(f"loop {threading.current_thread() is threading.main_thread()}")

            @bus.subscriber(f"b-{name}", on=f"custom.{name}")
            def in_a_thread(event: Event[Any]) -> None:
                text = f"thread {threading.current_thread() is threading.main_thread()} {current.get() is not None}"
                loop.call_soon_threadsafe(seen.put_nowait, text)

            await bus.start()
            await bus.publish(f"custom.{name}")
            got = [await asyncio.wait_for(seen.get(), PATIENCE) for _ in range(2)]
            await bus.stop()
            assert sorted(got) == ["loop True", "thread False True"]
        assert state(server, f"a-{name}") == state(server, f"b-{name}") == SETTLED

    asyncio.run(main())


def test_an_async_handler_is_refused_by_the_face_without_asyncio(server: Server) -> None:
    async def handler(event: Event[Any]) -> None: ...

    with Bus(server.url) as bus:
        bus.subscriber("wrong-face", on="custom.*")(handler)  # type: ignore[type-var]
        with pytest.raises(TypeError, match="AsyncBus"):
            bus.start()


@pytest.mark.parametrize("face", ["sync", "async"])
def test_a_failure_is_retried_and_then_a_dead_letter(server: Server, name: str, face: str) -> None:
    attempts: queue.Queue[int] = queue.Queue()
    settings: dict[str, Any] = {"on": f"custom.{name}", "attempts": 2, "backoff": {"from": 0.001, "to": "1ms"}}

    def fail(event: Event[Any]) -> None:
        run = current.get()
        assert run is not None
        attempts.put(run.attempt)
        if event.data["how"] == "never":
            raise NonRetriableError("not this one")
        if event.data["how"] == "later":
            raise RetryAfterError("not yet", "1ms") if run.attempt == 1 else ValueError("still not")
        raise KeyError("a")

    def both(how: str) -> list[int]:
        if face == "sync":
            with Bus(server.url) as bus:
                bus.subscriber(name, **settings)(fail)
                bus.start()
                bus.publish(f"custom.{name}", {"how": how})
                return [attempts.get(timeout=PATIENCE) for _ in range(1 if how == "never" else 2)]

        async def main() -> list[int]:
            async with AsyncBus(server.url) as bus:
                bus.subscriber(name, **settings)(fail)
                await bus.start()
                await bus.publish(f"custom.{name}", {"how": how})
                get = lambda: attempts.get(timeout=PATIENCE)  # noqa: E731
                return [await asyncio.to_thread(get) for _ in range(1 if how == "never" else 2)]

        return asyncio.run(main())

    assert both("never") == [1]
    assert both("later") == [1, 2]
    assert both("again") == [1, 2]
    again, later, never = dead_letters(server, name)
    assert never["reason"]["code"] == "non_retriable"
    assert never["reason"]["message"].startswith("not this one (") and "test_subscribers.py:" in never["reason"]["message"]
    assert [one["message"].partition(" (")[0] for one in later["failures"]] == ["not yet", "ValueError: still not"]
    assert again["reason"]["message"].startswith("KeyError: 'a'")


def test_what_a_handler_publishes_carries_its_cause_and_comes_once(server: Server, name: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Bus(server.url, source="worker") as bus:

        @bus.subscriber(name, on=f"custom.{name}", attempts=3, backoff={"from": "1ms", "to": "1ms"})
        def handle(event: Event[Any]) -> None:
            with Bus(server.url, source="worker") as other:
                other.publish(f"custom.{name}.done", {"n": 1}, dedupe="done")
            run = current.get()
            if run is not None and run.attempt == 1:
                raise ValueError("after the publish")
            bus.publish(f"custom.{name}.last")

        bus.start()
        start = bus.publish(f"custom.{name}", traceparent=trace)
        last = bus.wait_for(f"custom.{name}.last", since=start, timeout=PATIENCE)
        bus.stop()
        (done,) = bus.history(type=f"custom.{name}.done").events
        for event in (done, last):
            assert (event.correlation_id, event.causation_id) == (start.id, start.id)
            assert event.metadata["hops"] == 1
            assert event.metadata["traceparent"] == trace
        assert done.id.startswith("dedupe-")
        assert current.get() is None
        flow = bus.flow(done.id)
        assert (flow.id, flow.status, flow.size) == (start.id, "completed", 3)
        assert [event.id for event in flow.events()] == [start.id, done.id, last.id]
        assert flow.roots[0].deliveries[0]["attempts"] == 2


class Extensions:
    """Counts the extensions that a client was granted."""

    def __init__(self) -> None:
        self.seen: queue.Queue[None] = queue.Queue()

    def see(self, request: httpx.Request) -> None:
        if request.url.path.endswith("/settle") and "extend" in json.loads(request.content):
            self.seen.put(None)

    async def see_async(self, request: httpx.Request) -> None:
        self.see(request)

    def wait(self, count: int) -> None:
        for _ in range(count):
            self.seen.get(timeout=PATIENCE)


@pytest.mark.parametrize("face", ["sync", "async"])
def test_a_handler_that_takes_longer_than_its_lease_keeps_its_delivery(server: Server, name: str, face: str) -> None:
    extensions = Extensions()
    runs: queue.Queue[int] = queue.Queue()
    # So long that a busy machine extends it in time: a lease that is lost is the only attempt.
    settings: dict[str, Any] = {"on": f"custom.{name}", "ack_timeout": "3s", "attempts": 1}

    def work(event: Event[Any]) -> None:
        # Three beats are a lease.
        extensions.wait(4)
        runs.put(1)

    if face == "sync":
        hooks: Any = {"request": [extensions.see]}
        with httpx.Client(event_hooks=hooks, trust_env=False) as http, Bus(server.url, http=http) as bus:
            bus.subscriber(name, **settings)(work)
            bus.start()
            bus.publish(f"custom.{name}")
            runs.get(timeout=PATIENCE)
    else:

        async def main() -> None:
            hooks: Any = {"request": [extensions.see_async]}
            async with httpx.AsyncClient(event_hooks=hooks, trust_env=False) as http:
                async with AsyncBus(server.url, http=http) as bus:
                    bus.subscriber(name, **settings)(work)
                    await bus.start()
                    await bus.publish(f"custom.{name}")
                    await asyncio.to_thread(lambda: runs.get(timeout=PATIENCE))

        asyncio.run(main())
    assert state(server, name) == SETTLED
    assert runs.empty()


def test_a_handler_that_runs_too_long_gives_up_its_delivery(server: Server, name: str) -> None:
    attempts: queue.Queue[int] = queue.Queue()
    second = threading.Event()
    with Bus(server.url) as bus:

        @bus.subscriber(name, on=f"custom.{name}", ack_timeout="2s", backoff={"from": "1ms", "to": "1ms"}, max_run=0)
        def stuck(event: Event[Any]) -> None:
            run = current.get()
            assert run is not None
            attempts.put(run.attempt)
            if run.attempt == 1:
                second.wait(PATIENCE)
            else:
                second.set()

        bus.start()
        bus.publish(f"custom.{name}")
        assert [attempts.get(timeout=PATIENCE) for _ in range(2)] == [1, 2]
        bus.stop()
    assert state(server, name) == SETTLED


@pytest.mark.parametrize("face", ["sync", "async"])
def test_a_subscriber_outlives_a_server_that_is_killed(own_server: Server, name: str, face: str) -> None:
    seen: queue.Queue[Any] = queue.Queue()

    def take(event: Event[Any]) -> None:
        seen.put(event.data["n"])

    def wait_for_second() -> None:
        # The first comes again where the server had not heard that it was done.
        while seen.get(timeout=PATIENCE) != 2:
            pass

    if face == "sync":
        with Bus(own_server.url, patience=PATIENCE) as bus:
            bus.subscriber(name, on="custom.*")(take)
            bus.start()
            bus.publish("custom.one", {"n": 1})
            assert seen.get(timeout=PATIENCE) == 1
            own_server.end(signal.SIGKILL)
            own_server.start()
            bus.publish("custom.one", {"n": 2})
            wait_for_second()
        return

    async def main() -> None:
        async with AsyncBus(own_server.url, patience=PATIENCE) as bus:
            bus.subscriber(name, on="custom.*")(take)
            await bus.start()
            await bus.publish("custom.one", {"n": 1})
            assert await asyncio.to_thread(lambda: seen.get(timeout=PATIENCE)) == 1
            own_server.end(signal.SIGKILL)
            own_server.start()
            await bus.publish("custom.one", {"n": 2})
            await asyncio.to_thread(wait_for_second)

    asyncio.run(main())


def test_a_subscription_that_is_deleted_ends_its_subscriber_with_an_error(server: Server, name: str) -> None:
    with Bus(server.url) as bus:
        bus.subscriber(name, on=f"custom.{name}")(lambda event: None)
        deleting = threading.Thread(
            target=lambda: (
                bus.wait_for(f"custom.{name}.started", since="2026-01-01T00:00:00Z", timeout=PATIENCE),
                httpx.delete(f"{server.url}/v1/subscriptions/{name}", trust_env=False),
            )
        )
        deleting.start()
        bus.publish(f"custom.{name}.started")
        bus.start()
        with pytest.raises(BusError) as caught:
            bus.run()
        deleting.join()
        assert caught.value.code == "not_found"
