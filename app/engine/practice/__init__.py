"""Practice: small questions without end, each a real pass with small numbers, and their judging.

A skill (`skills`) draws a pass and one number or shape of it to ask for; what is right comes from
the trace, and what an answer shows of its author from the table of mistakes.
"""

from app.engine.practice.answers import Typed, read_number, read_shape
from app.engine.practice.blame import blamed
from app.engine.practice.exercise import Exercise
from app.engine.practice.judging import Judged, judged, judged_in
from app.engine.practice.paper import Paper, on_paper
from app.engine.practice.skills import MAX_SEED, SKILLS, exercise, sheet

__all__ = [
    "MAX_SEED",
    "SKILLS",
    "Exercise",
    "Judged",
    "Paper",
    "Typed",
    "blamed",
    "exercise",
    "judged",
    "judged_in",
    "on_paper",
    "read_number",
    "read_shape",
    "sheet",
]
