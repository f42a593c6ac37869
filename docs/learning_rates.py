"""Three learning rates, side by side: a page of notes for an editor that knows cells, `# %%`.

The book's network for digits (784-50-10, section 4.5) is trained three times, from the same first
weights and on the same mini-batches; only the learning rate differs. All cells at once:
`python docs/learning_rates.py`, with the address of the explorer where it is not the usual one.
"""

# %%
import json
import sys
import time
from urllib.request import Request, urlopen

try:
    import pandas as pd
except ImportError:
    sys.exit("This page of notes needs pandas: python -m pip install pandas")

HOST = sys.argv[1] if sys.argv[1:] and sys.argv[1].startswith("http") else "http://127.0.0.1:8000"
STEPS = 1000
RATES = (0.01, 0.1, 1.0)


def call(method, path, body=None, token=""):
    """One call of the API, answered as JSON."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{HOST}/api/v1{path}", data, headers, method=method)) as answer:
        return json.load(answer)


# %% [markdown]
# A session names the data set; nothing of it is copied. A run learns from all 8,000 digits.


# %%
def history(rate):
    """What a training with this rate notes of its steps, one row a step."""
    layers = [{"type": "affine", "units": 50}, {"type": "relu"}, {"type": "affine", "units": 10}]
    body = {
        "network": {"input_size": 784, "layers": layers, "loss": {"type": "softmax_cross_entropy"}},
        "initializer": {"type": "normal", "std": 0.01},
        "data": {"dataset": "mnist", "split": "train"},
    }
    session = call("POST", "/sessions", body)
    path, token = f"/sessions/{session['id']}", session["edit_token"]
    plan = {"optimizer": {"type": "sgd", "learning_rate": rate}, "batch_size": 100, "steps": STEPS}
    run = f"{path}/runs/{call('POST', f'{path}/runs', plan, token)['id']}"
    while call("GET", run)["state"] != "finished":
        time.sleep(0.1)
    noted = call("GET", f"{run}/history")
    columns = {name: noted[name] for name in ("step", "loss", "accuracy")}
    # Numbers that are none come as texts.
    return pd.DataFrame(columns).set_index("step").apply(pd.to_numeric, errors="coerce")


runs = pd.concat({rate: history(rate) for rate in RATES}, axis="columns")

# %% [markdown]
# The loss over every hundred steps: a rate ten times as large learns much faster, up to a point.

# %%
loss = runs.xs("loss", axis="columns", level=1)
hundreds = loss.groupby((loss.index - 1) // 100 * 100 + 100).mean()
print(hundreds.round(3).rename_axis("step").rename_axis("rate", axis="columns").to_string())

# %% [markdown]
# With matplotlib installed, `loss.rolling(50).mean().plot(logy=True)` draws the three curves.
