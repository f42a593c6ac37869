"""Speed, as ratios inside one run: `python -m benchmarks.training`, `.trace`, `.layout`, `.painting`."""

import app  # noqa: F401 - one BLAS thread, set before NumPy is loaded
