"""Speed, as ratios inside one run: `python -m benchmarks.training`, `-m benchmarks.trace`."""

import app  # noqa: F401 - one BLAS thread, set before NumPy is loaded
