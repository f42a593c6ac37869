"""Topology to picture: layout, labels and formulas; sees no number of a pass."""
