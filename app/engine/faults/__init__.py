"""Mistakes that people make in a backward pass: what number each of them gives, and where.

A mistake is one small function of a recorded step (`table`). From that one declaration come the
passes of a network that has it (`passes`) and the name of a wrong number (`naming`).
"""

from app.engine.faults.fault import Context, Fault, Step
from app.engine.faults.naming import Named, compared, named
from app.engine.faults.passes import Site, sites, wrong_gradients
from app.engine.faults.table import FAULTS

__all__ = [
    "FAULTS",
    "Context",
    "Fault",
    "Named",
    "Site",
    "Step",
    "compared",
    "named",
    "sites",
    "wrong_gradients",
]
