"""One client that makes sessions without end, and the others, whose sessions are all they have."""

from collections.abc import Iterator

import pytest

from tests.attacks.learner import Learner, learning, memory
from tests.process import Running, serve

ATTACKER = "127.0.0.2"
MOST = 16 << 20
OWN = 4 << 20
# Half a megabyte of parameters from a few bytes.
LARGE = {
    "network": {"input_size": 256, "layers": [{"type": "affine", "units": 256}]},
    "x": [[1.0] * 256],
}


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A small store in which what is used for a second is in use no longer."""
    options = ["--store", "memory", "--max-bytes", str(MOST), "--owner-bytes", str(OWN)]
    with serve(*options, "--owner-sessions", "30", "--grace-seconds", "0.5") as running:
        yield running


class Attacker(Learner):
    def flood(self, body: object, times: int) -> list[int]:
        """The statuses of so many new sessions, each read once so that it is the newest in use."""
        statuses = []
        for _ in range(times):
            status, answer = self.call("POST", "/sessions?max_cells=1", body)
            statuses.append(status)
            if status == 201:
                self.call("GET", f"/sessions/{answer['id']}?max_cells=1")
        return statuses


@pytest.mark.parametrize(
    ("body", "times"), [(LARGE, 60), ({"preset": "fig-5-25"}, 60)], ids=["large", "many"]
)
def test_a_flood_moves_nobody_elses_session(running: Running, body: object, times: int) -> None:
    idle, learner = Learner(running), Learner(running)
    attacker = Attacker(running, ATTACKER)
    before = memory(running)

    # The idle one's session is older than any of the attacker's all the time.
    with learning(learner) as seconds:
        statuses = attacker.flood(body, times)

    assert set(statuses) <= {201, 503}
    assert idle.step() < 5
    assert max(seconds) < 5
    assert memory(running) - before < 300
    # And there is room for others, whatever the attacker has.
    assert idle.call("POST", "/sessions?max_cells=1", LARGE)[0] == 201
    assert Learner(running, "127.0.0.3").step() < 5
