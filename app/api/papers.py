"""Exercises in words, as a sheet on paper has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.practice import MAX_SEED, SKILLS, Exercise, Paper, on_paper, sheet

__all__ = ["MAX_SEED", "SKILLS", "Printed", "number", "printed", "printed_sheet", "rows"]


@dataclass(frozen=True)
class Printed:
    """One exercise of a sheet: what is printed of it, and its answer as text."""

    exercise: Exercise
    paper: Paper
    question: str
    answer: str


def printed_sheet(skill: str, seed: int, count: int, words: Mapping[str, str]) -> Sequence[Printed]:
    """So many exercises of a skill from a seed on, no two the same, in one language."""
    return [printed(one, words) for one in sheet(skill, seed, count)]


def printed(one: Exercise, words: Mapping[str, str]) -> Printed:
    """An exercise with its question and its answer in words."""
    paper = on_paper(one)
    cell = paper.asked + _index(paper.index)
    if paper.index is None:
        question = words["practice.question.shape"].replace("{name}", paper.asked)
    elif one.rate is not None:
        question = words["practice.question.update"].replace("{cell}", cell)
        question = question.replace("{rate}", number(one.rate))
    else:
        question = words["practice.question.number"].replace("{cell}", cell)
    right = one.right
    answer = str(right) if isinstance(right, tuple) else number(right)
    return Printed(one, paper, question, answer)


def number(value: float) -> str:
    """As it is read on paper: no rounding errors of doubles, a real minus."""
    return f"{value + 0.0:.6g}".replace("-", "\N{MINUS SIGN}")


def rows(array: np.ndarray) -> Sequence[Sequence[float]]:
    """Any array of at most two axes as rows; a single number is one of one."""
    made: list[list[float]] = np.atleast_2d(array).tolist()
    return made


def _index(index: tuple[int, ...] | None) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""
