"""The JavaScript implementation as a process that answers requests, for tests that compare it with the Python one."""

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from knothole_keys.epoch import DAY, start
from knothole_keys.errors import KnotholeError

WEB = Path(__file__).parents[1] / "server" / "web"
EPOCH = 2968
NOW = start(EPOCH) + 2 * DAY
DROP_ID = hashlib.sha256(b"a drop").digest()
THREAD_SECRET = hashlib.sha256(b"a thread").digest()
WORDS = "abacus abdomen zoom zone yo-yo wreath able acid"
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Twin:
    """One Node process; `ask` sends it a request and gives its answer, bytes as base64 both ways."""

    def __init__(self) -> None:
        command = ["node", "test/twin.js"]
        self._node = subprocess.Popen(command, cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def close(self) -> None:
        assert self._node.stdin
        assert self._node.stdout
        self._node.stdin.close()
        self._node.stdout.close()
        self._node.wait(30)

    def ask(self, do: str, **request: Any) -> Any:
        """What the twin gave; a refusal is the string `refused: Name`."""
        assert self._node.stdin
        assert self._node.stdout
        self._node.stdin.write(json.dumps({"do": do, **plain(request)}).encode() + b"\n")
        self._node.stdin.flush()
        answer = json.loads(self._node.stdout.readline())
        if "refused" in answer:
            return f"refused: {answer['refused']}"
        assert "gave" in answer, answer
        return answer["gave"]


def plain(value: Any) -> Any:
    """A value as JSON carries it, bytes in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def tried(action: Callable[[], Any]) -> Any:
    """What Python gave, spelled as the twin's answers are."""
    try:
        return plain(action())
    except KnotholeError as error:
        return f"refused: {error.name}"


def raw(text: str) -> bytes:
    """Bytes out of a twin's answer."""
    return base64.b64decode(text, validate=True)
