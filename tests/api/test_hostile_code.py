"""Texts that want to be executed, or to cost much: each is told what is wrong, and at once."""

import time
from collections.abc import Iterator
from pathlib import Path

from starlette.testclient import TestClient

from tests.api.conftest import API

# What reaches for more than numbers; {} is put into every place where an expression may stand.
REACHES = (
    "__import__('os').system('touch {file}')",
    "open('{file}', 'w')",
    "exec('1')",
    "eval('1')",
    "compile('1', '', 'eval')",
    "globals()",
    "locals()",
    "vars()",
    "dir()",
    "help()",
    "input()",
    "getattr(x, 'T')",
    "setattr(x, 'a', 1)",
    "breakpoint()",
    "exit()",
    "print(x)",
    "type(x)",
    "x.__class__",
    "x.__class__.__bases__",
    "x.__dict__",
    "().__class__.__mro__",
    "x.tofile('{file}')",
    "x.dump('{file}')",
    "np.load('{file}')",
    "np.save('{file}', x)",
    "np.fromfile('{file}')",
    "np.memmap('{file}')",
    "np.ctypeslib",
    "np.f2py.compile('x')",
    "np.__builtins__",
    "np.lib",
    "np.testing.runstring('1', {{}})",
    "np.random.rand(3)",
    "np.vectorize(x)",
    "np.frompyfunc(x, 1, 1)",
    "np.apply_along_axis(x, 0, x)",
    "np.einsum_path('ij,jk', x, x)",
    "np.sum.__self__",
    "np.exp.at(x, 0)",
    "lambda: x",
    "(lambda y: y)(x)",
    "[y for y in x]",
    "{{y for y in x}}",
    "{{y: y for y in x}}",
    "(y for y in x)",
    "f'{{x}}'",
    "f'{{x.__class__}}'",
    "b'abc'",
    "'abc'",
    "'abc' * 9",
    "...",
    "None",
    "True",
    "not x",
    "x and x",
    "x or x",
    "x if x else x",
    "x is x",
    "x in x",
    "x == x",
    "x != x",
    "x < x < x",
    "x // 2",
    "x % 2",
    "x << 2",
    "x | x",
    "x & x",
    "x ^ x",
    "~x",
    "{{}}",
    "{{1: x}}",
    "{{x}}",
    "(y := x)",
    "*x",
    "x[...]",
    "x[None]",
    "x[x]",
    "x[{{}}]",
    "x[::0]",
    "x[99]",
    "x[0.5]",
    "x['a']",
    "x.T.T.__len__()",
    "x.sum.__call__()",
    "np.sum",
    "np",
    "numpy",
    "sum",
    "np.sum()",
    "np.sum(x, x)",
    "np.sum(x, axis='a')",
    "np.sum(x, axis=99)",
    "np.sum(x, axis=(0, 0, 'a'))",
    "np.sum(x, out=x)",
    "np.sum(*x)",
    "np.sum(**x)",
    "np.reshape(x, (-1, -1))",
    "np.reshape(x, (10**12,))",
    "x.reshape('a')",
    "np.ones((10**9, 10**9))",
    "np.zeros(10**18)",
    "np.ones((2,) * 99)",
    "np.array([[1], [1, 2]])",
    "np.array([])",
    "np.array('a')",
    "np.array([x])",
    "np.concatenate(x)",
    "np.concatenate([x, 'a'])",
    "np.einsum('i...,j->', x, x)",
    "np.einsum('ii->i', x)",
    "np.einsum(x)",
    "np.einsum('->', x)",
    "np.einsum('a' * 99, x)",
    "np.where(x)",
    "np.power(x, x)",
    "x ** x",
    "x ** 'a'",
    "conv2d(x)",
    "conv2d(x, x, stride=0)",
    "conv2d(x, x, stride=10**9)",
    "max_pool(x, 0)",
    "max_pool(x, 10**9)",
    "leaky_relu(x, x)",
    "leaky_relu(x, 'a')",
    "softmax(x, axis=9)",
    "np.transpose(x, (0, 0))",
    "9**9**9",
    "9**9**9**9",
    "2**10**6",
    "1e308 * 10",
    "1e999",
    "-1e999",
    "10**400",
    "1j",
    "1_000j",
    "x" + "[0]" * 40,
    "x" + ".T" * 500,
    "-" * 3000 + "x",
    "(" * 200 + "x" + ")" * 200,
    "[" * 200 + "]" * 200,
    "x" + " + x" * 500,
    "x" + " @ x" * 500,
    "np.exp(" * 500 + "x" + ")" * 500,
    "x.\u006e\u0075\u006c\u006c",
    "\uff58 + 1",
    "\u0445 + 1",
    "x\u200b + 1",
    "x\u0000",
    "\u202ex",
    "\U0001d431 + \u0443",
    "x\\",
    "x;import os",
    "x #" + "a" * 19_000,
    "'" + "a" * 15_000,
    "\t\t\tx",
    "x\x0cy",
    "0x" + "f" * 4000,
    "1" * 5000,
    "1" + "0" * 4999,
)
STATEMENTS = (
    "import os\ny = x",
    "import numpy.random\nfrom os import *\ny = x",
    "from numpy import *\ny = x",
    "def f():\n    return x\ny = f()",
    "class A: pass\ny = x",
    "for i in x:\n    y = i",
    "while True:\n    y = x",
    "if x:\n    y = x",
    "with open('{file}', 'w') as y:\n    pass",
    "try:\n    y = x\nexcept: pass",
    "raise x",
    "assert x",
    "del x",
    "global x\ny = x",
    "nonlocal x",
    "return x",
    "yield x",
    "await x",
    "async def f(): pass",
    "y: int = x",
    "y, z = x",
    "y = z = x",
    "x[0] = 1\ny = x",
    "x.T = 1\ny = x",
    "np = x\ny = np",
    "x += x\ny = x",
    "x = x\ny = x",
    "pass",
    "...",
    "y",
    "print(x)",
    "@x\ndef f(): pass",
    "match x:\n    case _: pass",
    "y = x\n" * 500,
    "type Y = int\ny = x",
    "\n" * 500,
    "",
    " ",
    "\ufeff",
    "#",
    '"""a"""',
    "y = x if",
    "y = (x",
    "y = x)",
    "y == x",
    "\u0000",
    "y = 1",
    "y = np.ones(3)",
    "lambda = x",
    "y = x\n  z = x",
    "\x1b[2J",
    "y = x " + "\\\n" * 300,
)


def texts(file: str) -> Iterator[str]:
    for reach in REACHES:
        # Replaced, not formatted: many of these hold braces of their own.
        reach = reach.replace("{file}", file).replace("{{", "{").replace("}}", "}")
        yield f"y = {reach}"
        yield f"y = np.sum(x * ({reach}))"
    for statement in STATEMENTS:
        yield statement.replace("{file}", file)


# These are read after all: NumPy, written in an unusual way.
READ = {
    f"y = {reach}" if whole else f"y = np.sum(x * ({reach}))"
    for reach, whole in (("\t\t\tx", True), ("\t\t\tx", False), ("x #" + "a" * 19_000, True))
}
# Seconds of the processor that one text may take: a tenth is much, but a machine may be slow.
MOST_SECONDS = 1.0


def test_hundreds_of_hostile_texts_are_refused_and_none_is_executed(
    client: TestClient, tmp_path: Path
) -> None:
    file = f"{tmp_path}/made"
    all_texts = list(texts(file))
    assert len(all_texts) >= 300
    wrong, slow = [], []
    for text in all_texts:
        body = {"code": text, "values": {"x": [[1.0, 2.0], [3.0, 4.0]]}}
        began = time.process_time()
        answer = client.post(f"{API}/evaluate", json=body)
        if time.process_time() - began > MOST_SECONDS:
            slow.append(text[:60])
        if answer.status_code == 200 and text in READ:
            continue
        if not 400 <= answer.status_code < 500 or not answer.json()["errors"]:
            wrong.append((answer.status_code, text[:60]))
    assert wrong == []
    assert slow == []
    assert not Path(file).exists()


def test_a_text_of_ten_megabytes_is_not_even_read(client: TestClient) -> None:
    answer = client.post(f"{API}/evaluate", json={"code": "y = x\n" * 2_000_000})
    assert answer.status_code == 413


def test_values_of_any_depth_are_refused_by_their_depth(client: TestClient) -> None:
    nested = "[" * 100_000 + "1" + "]" * 100_000
    body = '{"code": "y = x", "values": {"x": ' + nested + "}}"
    answer = client.post(
        f"{API}/evaluate", content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
