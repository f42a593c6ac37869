"""Functions that NumPy lines call and NumPy does not have, as the text that a script begins with.

Written as the book would: each is a few lines, of NumPy alone.
"""

import re
from collections.abc import Mapping

HELPERS: Mapping[str, str] = {
    "softmax": '''
def softmax(a):
    """exp(a) over the sum of all exp(a) of a row, without overflow."""
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
''',
    "log_softmax": '''
def log_softmax(a):
    """log y, which never meets log 0."""
    z = a - a.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))
''',
    "normal_share": '''
def normal_share(x):
    """The share of the standard normal distribution below x."""
    return np.vectorize(lambda v: math.erfc(-v / math.sqrt(2)) / 2, otypes=[float])(x)
''',
    "gelu": """
def gelu(x):
    return x * normal_share(x)
""",
    "gelu_slope": """
def gelu_slope(x):
    return normal_share(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
""",
    "gelu_tanh": """
def gelu_tanh(x):
    u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    return x / 2 * (1 + np.tanh(u))
""",
    "gelu_tanh_slope": """
def gelu_tanh_slope(x):
    u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    du = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x * x)
    return (1 + np.tanh(u)) / 2 + x / 2 * (1 - np.tanh(u) ** 2) * du
""",
    "first_largest": '''
def first_largest(x, axis):
    """True where the largest along the axes stands: of equals, the first."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    kept = [k for k in range(x.ndim) if k not in axes]
    order = [*kept, *axes]
    turned = x.transpose(order)
    rows = turned.reshape(-1, int(np.prod([x.shape[k] for k in axes], dtype=int)))
    mask = np.zeros(rows.shape, dtype=bool)
    mask[np.arange(len(rows)), rows.argmax(axis=1)] = True
    return mask.reshape(turned.shape).transpose(np.argsort(order))
''',
    "placed": '''
def placed(part, shape, index):
    """Zeros of a shape, with a part at an index."""
    whole = np.zeros(shape)
    whole[index] = part
    return whole
''',
    "added": '''
def added(rows, shape, chosen):
    """Zeros of a shape, with each row added where it was taken from."""
    whole = np.zeros(shape)
    np.add.at(whole, chosen.astype(int), rows)
    return whole
''',
    "windows": '''
def windows(x, size, stride, pad, value=0.0):
    """The windows of images: (N, C, OH, OW, KH, KW)."""
    edges = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    whole = np.pad(x, edges, constant_values=value)
    found = np.lib.stride_tricks.sliding_window_view(whole, size, axis=(2, 3))
    return found[:, :, ::stride, ::stride]
''',
    "put_back": '''
def put_back(parts, shape, stride, pad):
    """What each cell of each window hands back, added where it came from."""
    n, c, height, width = shape
    whole = np.zeros((n, c, height + 2 * pad, width + 2 * pad))
    rows, columns = parts.shape[2:4]
    for u, v in np.ndindex(*parts.shape[4:]):
        down = slice(u, u + stride * rows, stride)
        across = slice(v, v + stride * columns, stride)
        whole[:, :, down, across] += parts[..., u, v]
    return whole[:, :, pad : pad + height, pad : pad + width]
''',
    "conv2d": """
def conv2d(x, w, stride=1, pad=0):
    return np.einsum("ncijuv,hcuv->nhij", windows(x, w.shape[2:], stride, pad), w)
""",
    "conv2d_dx": """
def conv2d_dx(dy, w, shape, stride=1, pad=0):
    return put_back(np.einsum("nhij,hcuv->ncijuv", dy, w), shape, stride, pad)
""",
    "conv2d_dw": """
def conv2d_dw(dy, x, shape, stride=1, pad=0):
    return np.einsum("nhij,ncijuv->hcuv", dy, windows(x, shape[2:], stride, pad))
""",
    "max_pool": """
def max_pool(x, size, stride=None, pad=0):
    return windows(x, (size, size), stride or size, pad, -np.inf).max(axis=(4, 5))
""",
    "max_pool_dx": """
def max_pool_dx(dy, x, size, stride=None, pad=0):
    stride = stride or size
    mask = first_largest(windows(x, (size, size), stride, pad, -np.inf), (4, 5))
    return put_back(np.where(mask, dy[..., None, None], 0), x.shape, stride, pad)
""",
}


def needed(text: str, helpers: Mapping[str, str] = HELPERS) -> str:
    """The functions that a text calls, and those that they call, in the order of the table."""
    found: set[str] = set()
    waiting = [text]
    while waiting:
        read = waiting.pop()
        for name, source in helpers.items():
            if name not in found and re.search(rf"(?<![\w.]){name}\(", read):
                found.add(name)
                waiting.append(source)
    return "\n\n\n".join(source.strip() for name, source in helpers.items() if name in found)
