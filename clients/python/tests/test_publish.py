from __future__ import annotations

import asyncio
import pickle
from datetime import datetime, timezone

import pytest

from conftest import Server
from wagglebus import AsyncBus, Bus, BusError, EventDefinition


def test_an_event_is_published_with_its_metadata_and_found_again(server: Server) -> None:
    with Bus(server.url, source="writer") as bus:
        event = bus.publish(
            "task.created",
            {"taskId": "1"},
            agent_id="agent-7",
            priority=2,
            tags=("a", "b"),
            time=datetime(2026, 1, 31, tzinfo=timezone.utc),
        )
        assert event.metadata == {
            "version": 1,
            "correlationId": event.id,
            "priority": 2,
            "agentId": "agent-7",
            "tags": ["a", "b"],
        }
        assert (event.type, event.source, event.time, event.data) == (
            "task.created",
            "writer",
            "2026-01-31T00:00:00.000Z",
            {"taskId": "1"},
        )
        assert (event.correlation_id, event.causation_id) == (event.id, None)
        assert bus.get(event.id) == event


def test_the_same_with_asyncio(server: Server) -> None:
    async def main() -> None:
        async with AsyncBus(server.url, source="writer") as bus:
            event = await bus.publish(EventDefinition("task.created"), {"taskId": "2"}, correlation_id="flow-async")
            assert await bus.get(event.id) == event
            page = await bus.history(correlation_id="flow-async", type="task.*", limit=5)
            assert (page.events, page.cursor) == ([event], None)

    asyncio.run(main())


def test_of_several_a_bad_one_harms_no_other(server: Server) -> None:
    with Bus(server.url) as bus:
        assert bus.publish_all([]) == []
        good, bad, other = bus.publish_all(
            [
                {"type": "custom.one", "data": {"n": 1}},
                {"type": "task.created", "data": {"taskId": 5}},
                {"type": "custom.two", "metadata": {"stream_id": "s"}},
            ]
        )
        assert good.ok and good.event is not None and good.event.data == {"n": 1}
        assert not bad.ok and bad.error is not None and bad.error.code == "invalid_event"
        assert other.event is not None and other.event.metadata["streamId"] == "s"


def test_an_error_has_the_code_and_the_details_of_the_server(server: Server) -> None:
    with Bus(server.url) as bus:
        with pytest.raises(BusError) as caught:
            bus.publish("task.creatd", {"taskId": "1"})
        error = caught.value
        assert (error.code, error.retryable) == ("unknown_type", False)
        assert 'did you mean "task.created"?' in str(error)
        with pytest.raises(BusError) as caught:
            bus.publish("task.created", {"taskId": 5})
        assert caught.value.details["issues"][0]["path"] == "data.taskId"
        again = pickle.loads(pickle.dumps(caught.value))
        assert (again.code, again.details) == (caught.value.code, caught.value.details)
        with pytest.raises(BusError) as caught:
            bus.get("no-such-event")
        assert caught.value.code == "not_found"


@pytest.mark.parametrize("data", [{"n": float("nan")}, {"n": object()}])
def test_what_json_cannot_say_is_an_invalid_event(server: Server, data: dict[str, object]) -> None:
    with Bus(server.url) as bus, pytest.raises(BusError) as caught:
        bus.publish("custom.one", data)
    assert caught.value.code == "invalid_event"


def test_a_server_that_is_away_is_unavailable_once_patience_ends() -> None:
    with Bus("http://127.0.0.1:1", patience=0) as bus, pytest.raises(BusError) as caught:
        bus.publish("custom.one")
    assert (caught.value.code, caught.value.retryable) == ("unavailable", True)


def test_an_answer_of_something_else_is_unavailable(server: Server) -> None:
    with Bus(server.url + "/nowhere") as bus, pytest.raises(BusError) as caught:
        bus.publish("custom.one")
    assert caught.value.code == "not_found"


def test_dedupe_derives_the_id_and_excludes_one_of_its_own(server: Server) -> None:
    with Bus(server.url, source="writer") as bus:
        first = bus.publish("custom.one", {"n": 1}, dedupe="ä")
        assert first.id == "dedupe-_HTbNLVN1qEUvQJsVCmibPvdaC45kOugP2ERNG7dErE"
        assert bus.publish("custom.one", {"n": 1}, dedupe="ä") == first
        with pytest.raises(BusError) as caught:
            bus.publish("custom.one", {"n": 2}, dedupe="ä")
        assert caught.value.code == "conflict"
        with pytest.raises(ValueError, match="id or dedupe"):
            bus.publish("custom.one", dedupe="a", id="b")


def test_a_time_without_a_zone_is_refused(server: Server) -> None:
    with Bus(server.url) as bus, pytest.raises(ValueError, match="no time zone"):
        bus.publish("custom.one", time=datetime(2026, 1, 31))
