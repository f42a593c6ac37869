"""Node, for the modules of the page that touch neither the document nor a library."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import playwright

from app.web.files import STATIC

# There is always one: playwright brings its own.
NODE = shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")
CALL = """
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { module, expression, given } = JSON.parse(Buffer.concat(chunks));
const m = await import(module);
const found = new Function("m", "given", `return ${expression}`)(m, given);
process.stdout.write(JSON.stringify(found ?? null));
"""


def call(module: str, expression: str, given: Any = None) -> Any:
    """What an expression gives with a module of the page as ``m`` and some JSON as ``given``."""
    asked = {
        "module": (STATIC / "js" / module).as_uri(),
        "expression": expression,
        "given": given,
    }
    done = run("--input-type=module", "--eval", CALL, sent=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run(*arguments: str, sent: str = "") -> subprocess.CompletedProcess[str]:
    """Run Node once, in UTF-8."""
    return subprocess.run(
        [NODE, *arguments], input=sent, capture_output=True, encoding="utf-8", check=False
    )
