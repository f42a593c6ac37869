"""Runs where sessions are in PostgreSQL: asked for by replicas, trained by workers.

Which runs there are to train stands beside their sessions (attachment ``active``), written with
them at once; a row in ``claims`` says who has one, with the fence that all his writes and words
carry, and what is asked of him.
"""
