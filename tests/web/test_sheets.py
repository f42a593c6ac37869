"""A sheet of exercises as a page: what is given suffices, and the key is right."""

import re

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.api.papers import number
from app.engine.practice import SKILLS, exercise, on_paper
from app.web.languages import LANGUAGES


@pytest.mark.parametrize("skill", SKILLS)
def test_a_sheet_has_each_exercise_once_with_its_address_and_its_answer(
    client: TestClient, skill: str
) -> None:
    page = client.get("/sheet", params={"skill": skill, "n": 12, "seed": 4, "lang": "en"}).text

    seeds = re.findall(rf'<a class="address" href="/\?practice={skill}\.(\d+)"', page)
    assert len(set(seeds)) == 12
    key = re.findall("<li>(.*?)</li>", page.partition('class="key"')[2])
    rights = [exercise(skill, int(seed)).right for seed in seeds]
    assert key == [str(r) if isinstance(r, tuple) else number(r) for r in rights]
    # Every exercise has a blank for its answer, and none is filled in.
    blanks = re.findall(r'<td class="blank wanted"></td>|<span class="line"></span>', page)
    assert len(blanks) == 12


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sheet_speaks_one_language(client: TestClient, language: str) -> None:
    page = client.get(f"/sheet?lang={language}").text
    assert f'<html lang="{language}"' in page
    assert "{" not in re.sub(r"<pre>.*?</pre>", "", page.partition("<body>")[2], flags=re.S)


def test_what_makes_no_sense_is_as_by_default(client: TestClient) -> None:
    usual = client.get("/sheet?lang=en").text
    odd = client.get("/sheet?lang=en&skill=<b>&seed=-1&n=9999999999999").text
    assert odd == usual


def test_what_is_given_suffices() -> None:
    for seed in range(12):
        names = {skill: dict(on_paper(exercise(skill, seed)).given) for skill in SKILLS}
        dw = exercise("dW", seed)
        x, above = names["dW"]["X"], names["dW"]["∂L/∂Y"]
        assert np.isclose((x.T @ above)[dw.index], dw.right)
        slope, of = names["sigmoid"], exercise("sigmoid", seed)
        y = slope["Y"]
        assert np.isclose((slope["∂L/∂Y"] * y * (1 - y))[of.index], of.right)
        mean, share = names["mean"], exercise("mean", seed)
        assert np.isclose(((mean["Y"] - mean["T"]) / len(mean["T"]))[share.index], share.right)
        update, step = names["update"], exercise("update", seed)
        (_, old), (_, gradient) = update.items()
        assert step.rate is not None
        assert np.isclose((old - step.rate * gradient)[step.index], step.right)
