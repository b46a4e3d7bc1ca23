"""What the types promise: mypy agrees, in strict mode, with the client, its examples and what the catalog prints."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from conftest import ROOT, Server
from wagglebus import Bus, Event

PROJECT = Path(__file__).parents[1]

USES = """
from wagglebus import AsyncBus, Bus, Event
from typed import TaskCreatedData, task_created

bus = Bus()
event = bus.publish(task_created, TaskCreatedData(taskId="1"), agent_id="a", priority=1)
reveal_type(event.data)
reveal_type(bus.wait_for(task_created).data)
bus.publish(task_created, TaskCreatedData(taskId=1))
bus.publish(task_created, TaskCreatedData(taskId="1"), agentid="a")


@bus.subscriber("readers", on=task_created, ack_timeout="30s")
def read(event: Event[TaskCreatedData]) -> None: ...


@bus.subscriber("writers", on=task_created, attempts="5")
def write(event: Event[str]) -> None: ...


@AsyncBus().subscriber("others", on=["task.*"])
async def other(event: Event[TaskCreatedData]) -> None: ...
"""


def mypy(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *args], cwd=cwd, capture_output=True, text=True,
        env={**os.environ, "MYPYPATH": str(PROJECT / "src")},
    )  # fmt: skip


def load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_mypy_agrees_with_the_client_and_its_examples() -> None:
    done = mypy("-p", "wagglebus", cwd=PROJECT)
    assert done.stdout == "" and done.returncode == 0
    done = mypy("examples", cwd=PROJECT)
    assert done.stdout == "" and done.returncode == 0


def test_mypy_knows_the_data_of_a_type(server: Server, tmp_path: Path) -> None:
    (tmp_path / "typed.py").write_text(server.waggle("catalog", "--python"))
    (tmp_path / "models.py").write_text(server.waggle("catalog", "--python", "pydantic"))
    (tmp_path / "uses.py").write_text(USES)
    assert mypy("typed.py", "models.py", cwd=tmp_path).stdout == ""
    lines = [
        line.partition(": ")[::2]
        for line in mypy("uses.py", cwd=tmp_path).stdout.splitlines()
        if "note: " not in line or "Revealed" in line
    ]
    assert sorted({int(place.split(":")[1]) for place, _ in lines}) == [7, 8, 9, 10, 17]
    revealed = [text for _, text in lines if "Revealed" in text]
    assert len(revealed) == 2 and all("'taskId': str" in text for text in revealed)


def test_mypy_agrees_with_the_samples_of_the_docs(server: Server, tmp_path: Path) -> None:
    (tmp_path / "events.py").write_text(server.waggle("catalog", "--python"))
    samples = []
    for page in (PROJECT / "README.md", ROOT / "docs/http/python.md"):
        for code in re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
            samples.append(f"sample{len(samples)}.py")
            (tmp_path / samples[-1]).write_text(code)
    assert len(samples) == 3
    assert mypy(*samples, cwd=tmp_path).stdout == ""


def test_models_check_what_is_sent_and_what_comes(server: Server, name: str, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(server.waggle("catalog", "--python", "pydantic", "--type", "task.*"))
    models = load("models", tmp_path / "models.py")
    from pydantic import ValidationError

    seen: list[Event[object]] = []
    with Bus(server.url) as bus:
        definition = models.task_created
        bus.subscriber(name, on=definition, where={"metadata": {"streamId": [name]}})(seen.append)
        bus.start()
        sent = bus.publish(definition, models.TaskCreatedData(taskId="1", extra=[1]), stream_id=name)
        assert sent.data == {"taskId": "1", "extra": [1]}
        bus.stop()
        got = bus.wait_for(definition, since=sent.time, where={"metadata": {"streamId": [name]}})
        assert isinstance(got.data, models.TaskCreatedData) and got.data.model_dump(exclude_unset=True) == sent.data
        with pytest.raises(ValidationError):
            models.TaskCreatedData(taskId=1)


def test_one_that_its_model_refuses_is_a_dead_letter_at_once(server: Server, name: str) -> None:
    from pydantic import BaseModel

    from wagglebus import EventDefinition

    class Strict(BaseModel):
        n: int

    definition = EventDefinition(f"custom.{name}", 1, Strict)
    with Bus(server.url) as bus:
        bus.subscriber(name, on=definition)(lambda event: None)
        bus.start()
        bad = bus.publish(f"custom.{name}", {"n": "five"})
        flow = bus.flow(bad.id)
        while flow.status == "running":
            flow = bus.flow(bad.id)
        assert flow.dead_letters[0]["reason"]["code"] == "non_retriable"
        assert "is not what its model says" in flow.dead_letters[0]["reason"]["message"]
