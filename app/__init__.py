"""Backprop Explorer: watch a neural network's backward pass happen, with real numbers."""

import os

__version__ = "0.1.0"

# NumPy reads these once, when it is first imported. The products here are small: a second BLAS
# thread costs more in waiting than it saves in multiplying, ten times over.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
