"""Speed, as ratios in one run: `python -m benchmarks.X`, X a module of this package."""

import app  # noqa: F401 - one BLAS thread, set before NumPy is loaded
