from __future__ import annotations

from typing import Any

import httpx

from conftest import Server

PATIENCE = 30.0


def state(server: Server, name: str) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/v1/subscriptions/{name}", trust_env=False).json()
    return {key: answer[key] for key in ("waiting", "delayed", "running", "deadLetters")}


SETTLED = {"waiting": 0, "delayed": 0, "running": 0, "deadLetters": 0}


def dead_letters(server: Server, name: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{server.url}/v1/dead-letters", params={"subscription": name}, trust_env=False)
    return list(answer.json()["deadLetters"])
