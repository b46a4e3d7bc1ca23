"""FastMCP's client against the MCP endpoint of `waggle serve`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Server
from wagglebus import Bus

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="FastMCP needs Python 3.11")


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server, and a token that publishes and subscribes."""
    server = Server(tmp_path)
    made = server.waggle("token", "create", "--role", "publish", "--role", "subscribe", "--source", "agent-7", "--json")
    yield server, json.loads(made)["token"]
    server.end()


def test_fastmcp_lists_the_tools_publishes_queries_and_waits(tokens: tuple[Server, str]) -> None:
    from fastmcp import Client

    server, token = tokens

    async def main() -> None:
        async with Client(f"{server.url}/v1/mcp", auth=token) as client:
            names = {tool.name for tool in await client.list_tools()}
            assert {"publish_event", "query_events", "wait_for_event", "claim_deliveries"} <= names

            async def call(name: str, arguments: dict[str, Any]) -> Any:
                result = await client.call_tool(name, arguments)
                return json.loads(result.content[0].text)  # type: ignore[union-attr]

            published = await call("publish_event", {"type": "custom.question", "data": {"n": 1}})
            assert published["source"] == "agent-7"
            found = await call("query_events", {"types": ["custom.question"]})
            assert [(event["id"], event["data"]) for event in found["events"]] == [(published["id"], {"n": 1})]
            waiting = asyncio.create_task(
                call("wait_for_event", {"types": ["custom.answer"], "after": published["id"], "timeoutSeconds": 30})
            )
            with Bus(server.url, source="other") as bus:
                answer = await asyncio.to_thread(bus.publish, "custom.answer", {"n": 2})
            assert (await waiting)["event"]["id"] == answer.id
            nothing = await call("wait_for_event", {"types": ["custom.none"], "timeoutSeconds": 1})
            assert nothing == {"timedOut": True}

    asyncio.run(main())


def test_fastmcp_is_told_of_a_refusal(tokens: tuple[Server, str]) -> None:
    from fastmcp import Client
    from fastmcp.exceptions import ToolError

    server, token = tokens

    async def main() -> None:
        async with Client(f"{server.url}/v1/mcp", auth=token) as client:
            with pytest.raises(ToolError, match="unknown_type"):
                await client.call_tool("publish_event", {"type": "task.none", "data": {}})
        # Without a token the tools only read.
        async with Client(f"{server.url}/v1/mcp") as client:
            assert "publish_event" not in {tool.name for tool in await client.list_tools()}

    asyncio.run(main())
