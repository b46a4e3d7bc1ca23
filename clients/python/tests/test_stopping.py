from __future__ import annotations

import asyncio
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Server
from support import PATIENCE, SETTLED, state
from wagglebus import AsyncBus, Bus, Event


@pytest.mark.parametrize("face", ["sync", "async"])
def test_what_was_pulled_and_not_begun_when_it_stops_returns_uncounted(server: Server, name: str, face: str) -> None:
    settings: dict[str, Any] = {"on": f"custom.{name}", "attempts": 1}
    httpx.put(f"{server.url}/v1/subscriptions/{name}", json=settings, trust_env=False)
    with Bus(server.url) as publisher:
        publisher.publish(f"custom.{name}")
    seen: list[Event[Any]] = []
    stops: list[Any] = []

    if face == "sync":
        pulled = threading.Event()

        def stop(response: httpx.Response) -> None:
            if response.request.url.path.endswith("/pull") and not stops:
                assert bus._consumers is not None
                (consumer,) = bus._consumers._consumers
                stops.append(threading.Thread(target=bus.stop))
                stops[0].start()
                consumer._stopping.wait(PATIENCE)
                pulled.set()

        with httpx.Client(event_hooks={"response": [stop]}, trust_env=False) as http, Bus(server.url, http=http) as bus:
            bus.subscriber(name, **settings)(seen.append)
            bus.start()
            assert pulled.wait(PATIENCE)
            stops[0].join()
    else:

        async def main() -> None:
            stopped = asyncio.Event()

            async def stop(response: httpx.Response) -> None:
                if response.request.url.path.endswith("/pull") and not stops:
                    stops.append(asyncio.create_task(bus.stop()))
                    await asyncio.sleep(0)
                    stopped.set()

            async with httpx.AsyncClient(event_hooks={"response": [stop]}, trust_env=False) as http:
                async with AsyncBus(server.url, http=http) as bus:
                    bus.subscriber(name, **settings)(seen.append)
                    await bus.start()
                    await asyncio.wait_for(stopped.wait(), PATIENCE)
                    await stops[0]

        asyncio.run(main())
    assert seen == []
    assert state(server, name) == {**SETTLED, "waiting": 1}


@pytest.mark.parametrize("face", ["sync", "async"])
def test_a_bus_that_is_stopped_while_it_starts_handles_nothing(server: Server, name: str, face: str) -> None:
    def made(response: httpx.Response) -> bool:
        return response.request.method == "PUT" and response.request.url.path == f"/v1/subscriptions/{name}"

    httpx.put(f"{server.url}/v1/subscriptions/{name}", json={"on": f"custom.{name}"}, trust_env=False)
    with Bus(server.url) as publisher:
        publisher.publish(f"custom.{name}")
    seen: list[Event[Any]] = []
    if face == "sync":

        def stop(response: httpx.Response) -> None:
            if made(response):
                bus.stop()

        with httpx.Client(event_hooks={"response": [stop]}, trust_env=False) as http, Bus(server.url, http=http) as bus:
            bus.subscriber(name, on=f"custom.{name}")(seen.append)
            bus.run()
            assert [one.name for one in threading.enumerate() if one.name.startswith(f"waggle-{name}-")] == []
    else:

        async def main() -> None:
            async def stop(response: httpx.Response) -> None:
                if made(response):
                    await bus.stop()

            async with httpx.AsyncClient(event_hooks={"response": [stop]}, trust_env=False) as http:
                async with AsyncBus(server.url, http=http) as bus:
                    bus.subscriber(name, on=f"custom.{name}")(seen.append)
                    await asyncio.wait_for(bus.run(), PATIENCE)

        asyncio.run(main())
    assert seen == []


@pytest.mark.parametrize("face", ["sync", "async"])
def test_to_stop_a_bus_ends_what_runs_it(server: Server, name: str, face: str) -> None:
    httpx.put(f"{server.url}/v1/subscriptions/{name}", json={"on": f"custom.{name}"}, trust_env=False)
    handled = queue.Queue[Event[Any]]()
    with Bus(server.url) as publisher:
        if face == "sync":
            with Bus(server.url) as bus:
                bus.subscriber(name, on=f"custom.{name}")(handled.put)
                running = threading.Thread(target=bus.run, daemon=True)
                running.start()
                publisher.publish(f"custom.{name}")
                handled.get(timeout=PATIENCE)
                bus.stop()
                running.join(PATIENCE)
                assert not running.is_alive()
        else:

            async def main() -> None:
                async with AsyncBus(server.url) as bus:
                    bus.subscriber(name, on=f"custom.{name}")(handled.put)
                    running = asyncio.create_task(bus.run())
                    await bus.publish(f"custom.{name}")
                    await asyncio.to_thread(handled.get, timeout=PATIENCE)
                    await bus.stop()
                    await asyncio.wait_for(running, PATIENCE)

            asyncio.run(main())


PROGRAM = """
import asyncio, sys, threading
from wagglebus import AsyncBus, Bus

url, name, face = sys.argv[1:]

def tells(stop):
    def stopping():
        print("stopping", flush=True)
        return stop()
    return stopping

if face == "sync":
    bus = Bus(url)

    @bus.subscriber(name, on="custom.*", concurrency=1, attempts=1)
    def handle(event):
        print("began", flush=True)
        sys.stdin.readline()
        print("finished", flush=True)

    bus.stop = tells(bus.stop)
    bus.run()
    bus.close()
else:
    async def main():
        async with AsyncBus(url) as bus:
            @bus.subscriber(name, on="custom.*", concurrency=1, attempts=1)
            async def handle(event):
                print("began", flush=True)
                await asyncio.to_thread(sys.stdin.readline)
                print("finished", flush=True)

            bus.stop = tells(bus.stop)
            await bus.run()

    asyncio.run(main())
print("stopped", flush=True)
"""


@pytest.mark.parametrize("face", ["sync", "async"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_what_runs_finish_and_takes_no_more(
    own_server: Server, tmp_path: Path, face: str, how: signal.Signals
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with Bus(own_server.url) as bus:
        child = subprocess.Popen(
            [sys.executable, str(program), own_server.url, "readers", face],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ},
        )
        assert child.stdout is not None and child.stdin is not None
        # It collects before anybody consumes it.
        httpx.put(f"{own_server.url}/v1/subscriptions/readers", json={"on": "custom.*", "attempts": 1}, trust_env=False)
        bus.publish("custom.one")
        bus.publish("custom.two")
        assert child.stdout.readline() == "began\n"
        child.send_signal(how)
        assert child.stdout.readline() == "stopping\n"
        child.stdin.write("go on\n")
        child.stdin.flush()
        out, _ = child.communicate(timeout=PATIENCE)
        assert out == "finished\nstopping\nstopped\n"
        assert child.returncode == 0
    assert state(own_server, "readers") == {**SETTLED, "waiting": 1}
