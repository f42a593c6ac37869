"""Our layout against Graphviz, which places labels on edges too: `python -m benchmarks.layout`.

Graphviz runs as WASM in Node, warm, in the same run: `npm install @hpcc-js/wasm-graphviz` into a
directory of its own, outside the project, by this script. Where `dot` is installed, it is timed as
a process too, which is how Python packages call it.
"""

import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from app.drawing.figure.figure import fill
from app.drawing.figure.plan import Plan
from app.drawing.layout.geometry import Extent, Group, Item, Link
from app.drawing.layout.layout import lay_out
from app.engine.build import build_graph
from app.engine.spec import NetworkSpec
from benchmarks.painting_graph import layered
from benchmarks.pairs import seconds

ROUNDS = 9
PACKAGE = "@hpcc-js/wasm-graphviz@1"
SERVER = """
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { createInterface } from "readline";
const graphviz = await Graphviz.load();
for await (const line of createInterface({ input: process.stdin })) {
  const start = performance.now();
  graphviz.layout(JSON.parse(line), "plain", "dot");
  console.log((performance.now() - start) / 1e3);
}
"""
Graph = tuple[list[Item], list[Link], list[Group]]


def opened_loss(classes: int) -> Graph:
    """Figure 5-29."""
    spec = NetworkSpec.build(classes, [], "softmax_cross_entropy")
    plan = Plan(build_graph(spec, 1, "element", "opened"), single=False, backward=True)
    fill(plan)
    return plan.items, plan.links, plan.groups


def as_dot(items: Sequence[Item], links: Sequence[Link]) -> str:
    """The same graph for Graphviz, each label a box of its size."""
    lines = ['digraph{rankdir=LR;node[shape=box,fixedsize=true,label=""]']
    lines += [f'"{i.id}"[width={i.width / 72:.3f},height={i.height / 72:.3f}]' for i in items]
    for link in links:
        ends = (link.source or f"from {link.id}", link.target or f"to {link.id}")
        box = link.label or Extent(1, 1, 1)
        label = (
            f'<<table fixedsize="true" border="0" width="{box.width:.0f}" '
            f'height="{box.above + box.below:.0f}"><tr><td></td></tr></table>>'
        )
        lines.append(f'"{ends[0]}"->"{ends[1]}"[label={label}]')
    return "\n".join([*lines, "}"])


def compare(name: str, graph: Graph, wasm: "subprocess.Popen[str]") -> None:
    """Print one line for each of the two ways to run Graphviz."""
    source = as_dot(*graph[:2])

    def in_wasm() -> float:
        assert wasm.stdin is not None
        assert wasm.stdout is not None
        wasm.stdin.write(json.dumps(source) + "\n")
        wasm.stdin.flush()
        return float(wasm.stdout.readline())

    def as_process() -> float:
        run = ["dot", "-Tplain"]
        return seconds(lambda: subprocess.run(run, input=source.encode(), capture_output=True))

    others = {"WASM, warm": in_wasm} | ({"dot, process": as_process} if shutil.which("dot") else {})
    for other, time in others.items():
        lay_out(*graph), time()
        pairs = [(seconds(lambda: lay_out(*graph)), time()) for _ in range(ROUNDS)]
        ours, theirs = (statistics.median(pair[k] for pair in pairs) * 1e3 for k in (0, 1))
        ratio = statistics.median(a / b for a, b in pairs)
        line = f"{ours:8.2f} ms  against {theirs:8.2f} ms  ratio {ratio:5.2f}"
        print(f"layout / Graphviz ({other:>12}), {name:>26}: {line}")


def main() -> None:
    """All comparisons."""
    with tempfile.TemporaryDirectory() as folder:
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", PACKAGE]
        subprocess.run(install, cwd=folder, check=True)
        script = Path(folder, "serve.mjs")
        script.write_text(SERVER, "utf-8")
        pipe = subprocess.PIPE
        with subprocess.Popen(["node", script], stdin=pipe, stdout=pipe, text=True) as wasm:
            compare("figure 5-29", opened_loss(3), wasm)
            compare("figure 5-29 with 10 classes", opened_loss(10), wasm)
            compare("500 nodes", (*layered(500), []), wasm)
            assert wasm.stdin is not None
            wasm.stdin.close()


if __name__ == "__main__":
    main()
