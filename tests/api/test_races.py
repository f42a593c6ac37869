from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.testclient import TestClient

from tests.api.conftest import Owner

CLERKS = 8
EDITS = 200


def test_of_200_racing_edits_none_is_silently_lost(client: TestClient) -> None:
    """Clerks count up one cell each; whoever is told of a newer version looks and tries again."""
    owner = Owner(client, {"preset": "two-layer"})
    state = owner.state
    cells = [(row, column) for row in range(2) for column in range(4)]
    refused = 0

    def count_up(cell: tuple[int, int]) -> int:
        stale = 0
        for _ in range(EDITS // CLERKS):
            while True:
                current = owner.get()
                value = current.json()["parameters"]["affine1.W"][cell[0]][cell[1]] + 1
                edit = {"op": "set", "tensor": "affine1.W", "index": list(cell), "value": value}
                headers = owner.token | {"If-Match": current.headers["etag"]}
                answer = client.patch(owner.url, json=[edit], headers=headers)
                if answer.status_code == 200:
                    break
                assert answer.status_code == 412
                assert answer.headers["etag"]
                stale += 1
        return stale

    with ThreadPoolExecutor(CLERKS) as pool:
        refused = sum(pool.map(count_up, cells))

    after = owner.state
    print(f"{EDITS} edits kept, {refused} refused as stale")
    assert after["version"] == state["version"] + EDITS
    for row, column in cells:
        before = state["parameters"]["affine1.W"][row][column]
        assert round(after["parameters"]["affine1.W"][row][column] - before) == EDITS // CLERKS


def test_of_edits_for_the_same_version_exactly_one_wins(client: TestClient) -> None:
    owner = Owner(client, {"preset": "two-layer"})

    def edit(value: int) -> Any:
        return owner.patch(
            {"op": "set", "tensor": "affine1.b", "index": [0], "value": value}, version=1
        )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(edit, range(16)))

    winners = [answer for answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    assert {answer.status_code for answer in answers} == {200, 412}
    assert owner.state["parameters"] == winners[0].json()["parameters"]


def test_racing_steps_without_a_condition_all_count(client: TestClient) -> None:
    owner = Owner(client, {"preset": "two-layer"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: owner.post("/step"), range(10)))

    assert sorted(answer.json()["cursor"]["seq"] for answer in answers) == list(range(1, 11))
