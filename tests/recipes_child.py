"""What `test_recipes` runs in a copy of the app with a new function, op and layer in it."""

from typing import Any

from starlette.testclient import TestClient

from app.server import Settings, create_app

API = "/api/v1"
NETWORK = {
    "input_size": 2,
    "layers": [{"type": "affine", "units": 3}, {"type": "softsign"}, {"type": "scale"}],
}
CODE = "h = softsign(x * w)\nL = np.sum(average(h, 0.25))"


def derived(client: TestClient, url: str, tensor: str, index: str) -> None:
    answer = client.get(f"{url}/explain", params={"tensor": tensor, "index": index}).json()
    total = sum(term["value"] for term in answer["terms"]) * answer["scale"]
    assert answer["rule"], tensor
    assert abs(total - answer["value"]) < 1e-12, tensor


def session(client: TestClient, body: dict[str, Any]) -> tuple[str, dict[str, str]]:
    answer = client.post(f"{API}/sessions", json=body)
    assert answer.status_code == 201, answer.text
    token = {"Authorization": f"Bearer {answer.json()['edit_token']}"}
    return str(answer.headers["location"]), token


def main() -> None:
    with TestClient(create_app(Settings()), base_url="http://127.0.0.1") as client:
        catalogue = client.get(f"{API}/catalogue").json()
        layers = {layer["name"] for layer in catalogue["layers"]}
        assert {"softsign", "scale"} <= layers, layers
        document = client.get("/openapi.json").text
        assert '"softsign"' in document
        assert '"scale"' in document

        url, token = session(
            client,
            {
                "network": NETWORK,
                "x": [[1.0, -2.0], [0.5, 3.0]],
                "grad_output": [[1, 2, 3], [4, 5, 6]],
            },
        )
        for level in ("network", "layer", "op", "element"):
            drawn = client.get(f"{url}/graph?level={level}").json()
            titles = {node["title"] or node["symbol"] for node in drawn["nodes"]}
            assert "Softsign" in titles, (level, titles)
            # Opened, a scale is the product of its input and its weights.
            assert ("Scale" if level in ("network", "layer") else "x") in titles, (level, titles)
        derived(client, url, "softsign1.output", "0,1")
        derived(client, url, "softsign1.output.grad", "1,2")
        derived(client, url, "scale1.w.grad", "2")
        check = client.post(f"{url}/check", json={}, headers=token).json()
        assert set(check["parameters"]) == {"affine1.W", "affine1.b", "scale1.w"}
        assert all(one["passed"] for one in check["parameters"].values()), check

        url, token = session(client, {"code": CODE, "values": {"x": [3.0, 0.1], "w": [1.0, 2.0]}})
        derived(client, url, "w.grad", "1")
        derived(client, url, "L", "")
        rules = {event["rule_name"] for event in client.get(f"{url}/trace").json()["events"]}
        assert {"softsign.forward", "average.forward", "average.gradient.0"} <= rules, rules


main()
