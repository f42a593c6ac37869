"""The network itself: passes, op graphs, traces and derivations, in NumPy alone.

Nothing here knows the web, a pixel or a language. Rows are samples everywhere: an Affine layer
computes ``x . W + b`` with x ``(N, D)``, W ``(D, H)`` and b ``(H,)``.
"""
