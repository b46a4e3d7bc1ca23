"""The clients that publish to EventBridge publish to `waggle serve` as they are: the AWS CLI and boto3, told where it is by AWS's own variables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from conftest import Server
from wagglebus import Bus

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}


def environment(server: Server, folder: Path) -> dict[str, str]:
    """Nothing of the machine's own AWS settings counts."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    files = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    return {**inherited, **files, **CREDENTIALS, "AWS_ENDPOINT_URL_EVENTBRIDGE": server.url}


def put_events(server: Server, folder: Path, entries: list[dict[str, Any]], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *"-m awscli events put-events --output json --entries".split(), json.dumps(entries)],
        env={**environment(server, folder), **more},
        capture_output=True,
        text=True,
        check=False,
    )


def entry(type: str, detail: object, **more: Any) -> dict[str, Any]:
    return {"Source": "billing", "DetailType": type, "Detail": json.dumps(detail), **more}


def test_the_aws_cli_publishes_and_is_told_what_failed(server: Server, tmp_path: Path, name: str) -> None:
    kind = f"custom.{name}.paid"
    own = {"id": f"{name}-1", "data": {"invoice": "i-2"}, "metadata": {"correlationId": name}}
    ended = put_events(
        server,
        tmp_path,
        [
            entry(kind, {"invoice": "i-1"}, Resources=["arn:invoice/1"], Time="2026-01-31T00:00:00Z"),
            entry(kind, own),
            {**entry(kind, {}), "Detail": "[1]"},
            {**entry(kind, {}), "Source": "aws.s3"},
        ],
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    answer = json.loads(ended.stdout)
    assert answer["FailedEntryCount"] == 2
    first, second, *failed = answer["Entries"]
    assert [one["ErrorCode"] for one in failed] == ["MalformedDetail", "NotAuthorizedForSourceException"]
    with Bus(server.url, source="reader") as bus:
        event = bus.get(first["EventId"])
        assert event is not None
        assert (event.type, event.source, event.data) == (kind, "billing", {"invoice": "i-1"})
        assert event.time == "2026-01-31T00:00:00.000Z"
        assert event.metadata["tags"] == ["resource:arn:invoice/1"]
        again = bus.get(f"{name}-1")
        assert again is not None
        assert (second["EventId"], again.data, again.correlation_id) == (f"{name}-1", {"invoice": "i-2"}, name)


def test_the_aws_cli_reports_a_refusal_as_one_of_eventbridge(server: Server, tmp_path: Path) -> None:
    ended = put_events(server, tmp_path, [entry("custom.many", {})] * 11)
    assert ended.returncode != 0
    assert "ValidationException" in ended.stderr


def test_the_aws_cli_sends_a_token_as_its_session_token(tmp_path: Path) -> None:
    server = Server(tmp_path, "--require-token")
    try:
        made = server.waggle("token", "create", "--role", "publish", "--source", "billing", "--json")
        token = json.loads(made)["token"]
        denied = put_events(server, tmp_path, [entry("custom.paid", {})])
        assert denied.returncode != 0
        assert "UnrecognizedClientException" in denied.stderr
        key = {"AWS_ACCESS_KEY_ID": token.split("_")[1], "AWS_SESSION_TOKEN": token}
        other = {**entry("custom.paid", {}), "Source": "other"}
        taken = put_events(server, tmp_path, [entry("custom.paid", {}), other], **key)
        assert taken.returncode == 0, taken.stderr
        answer = json.loads(taken.stdout)
        assert [one.get("ErrorCode") for one in answer["Entries"]] == [None, "NotAuthorizedForSourceException"]
    finally:
        server.end()


def test_boto3_publishes(server: Server, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("AWS_")]:
        monkeypatch.delenv(key)
    for key, value in environment(server, tmp_path).items():
        monkeypatch.setenv(key, value)
    answer = boto3.client("events").put_events(Entries=[entry(f"custom.{name}", {"n": n}) for n in range(10)])
    assert answer["FailedEntryCount"] == 0
    with Bus(server.url, source="reader") as bus:
        page = bus.history(type=f"custom.{name}")
        assert [event.data["n"] for event in reversed(page.events)] == list(range(10))
