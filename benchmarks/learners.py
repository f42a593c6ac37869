"""Sessions with a run, over the API, for benchmarks of training."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.served import Server, request

API = "/api/v1"
JSON, NPZ = "application/json", "application/x-npz"


def network(sizes: list[int]) -> dict[str, Any]:
    """Affine and ReLU in turn, with the loss."""
    layers: list[dict[str, Any]] = []
    for units in sizes[1:]:
        layers += [{"type": "affine", "units": units}, {"type": "relu"}]
    loss = {"type": "softmax_cross_entropy"}
    return {"input_size": sizes[0], "layers": layers[:-1], "loss": loss}


@dataclass
class Learner:
    """A session with a run; the server may be another one when it is back."""

    server: Server
    id: str
    token: str
    run: str = ""

    @classmethod
    def new(cls, server: Server, body: Mapping[str, Any]) -> "Learner":
        """A new session, without a run."""
        made = _checked(server, "POST", f"{API}/sessions", body, {})
        return cls(server, made["id"], made["edit_token"])

    def train(self, plan: Mapping[str, Any]) -> "Learner":
        """Start a run."""
        self.run = self.post("/runs", plan)["id"]
        return self

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What a call below the session answers."""
        token = {"Authorization": f"Bearer {self.token}"}
        return _checked(self.server, "POST", f"{API}/sessions/{self.id}{path}", body or {}, token)

    def get(self, path: str = "") -> Any:
        """What is below the session."""
        return _checked(self.server, "GET", f"{API}/sessions/{self.id}{path}", None, {})

    def arrays(self, path: str = "/tensors") -> bytes:
        """Tensors as one npz file."""
        raw = request("GET", f"{API}/sessions/{self.id}{path}", headers={"Accept": NPZ})
        answer = self.server.exchange(raw.replace(b"Accept: */*\r\n", b""))
        assert answer.status == 200, answer
        return answer.body

    def told(self) -> Any:
        """The run as it is."""
        return self.get(f"/runs/{self.run}")

    def step(self) -> int:
        """How far the run is."""
        step: int = self.told()["step"]
        return step

    def control(self, action: str) -> Any:
        """Pause, resume or stop it."""
        return self.post(f"/runs/{self.run}/{action}")

    def finish(self) -> None:
        """Wait until the run is over."""
        while (now := self.told())["state"] not in ("finished", "stopped"):
            assert now["state"] != "failed", now
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it, and forget the session."""
        self.control("stop")
        token = {"Authorization": f"Bearer {self.token}"}
        self.server.send("DELETE", f"{API}/sessions/{self.id}", None, token)


def _checked(
    server: Server,
    method: str,
    path: str,
    body: Mapping[str, Any] | None,
    headers: Mapping[str, str],
) -> Any:
    raw = None if body is None else json.dumps(body).encode()
    answer = server.send(method, path, raw, headers)
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
    return answer.json()
