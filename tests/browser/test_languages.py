"""Three languages: complete, alike in their keys, and never mixed on the screen."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.engine.optimizers import OPTIMIZERS

STATIC = Path(__file__).parents[2] / "static"
LANGUAGES = ("en", "ko", "ja")
OWN_LETTERS = {"ko": re.compile("[\uac00-\ud7a3]"), "ja": re.compile("[\u3040-\u30ff]")}
OPS = (
    "dot", "add", "subtract", "multiply", "exp", "log", "reciprocal", "sum", "max", "relu",
    "sigmoid", "tanh",
)  # fmt: skip
TWO_INPUTS = ("dot", "add", "subtract", "multiply")

# [1] of figure 5-25, as it is read aloud.
FORMULA = {
    "en": "d L by d X equals d L by d Y dot W transposed",
    "ko": "L의 X에 대한 미분 이퀄 L의 Y에 대한 미분 닷 W 전치",
    "ja": "L の X に関する微分 イコール L の Y に関する微分 ドット W の転置",
}


def catalogue(language: str) -> dict[str, str]:
    read: dict[str, str] = json.loads((STATIC / f"lang/{language}.json").read_text("utf-8"))
    return read


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_the_same_keys_and_placeholders(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    assert list(other) == list(english)
    for key, text in other.items():
        assert text.strip(), key
        names = set(re.findall(r"\{(\w+)\}", english[key]))
        assert set(re.findall(r"\{(\w+)\}", text)) == names, key


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_nothing_is_left_untranslated(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    same = {key for key in english if other[key] == english[key]}
    optimizers = {"optimizer.sgd", "optimizer.adagrad", "optimizer.adam"}
    initializers = {"network.initializer.he", "network.initializer.xavier"}
    names = optimizers | initializers | {"data.updated.sum", "code.form.torch", "skill.difference"}
    # The Japanese edition writes the one as the English one does, the Korean the other.
    assert same - {"optimizer.momentum", "mistakes.place"} == names


def test_every_rule_of_a_trace_has_a_sentence() -> None:
    keys = set(catalogue("en"))
    names = [f"{op}.forward" for op in OPS]
    names += [f"{op}.gradient.{k}" for op in OPS for k in range(1 + (op in TWO_INPUTS))]
    names += ["seed.loss", "seed.given"]
    names += [f"{kind}.update" for kind in OPTIMIZERS]
    names += [f"softmax_with_loss.{part}" for part in ("probabilities", "loss", "gradient")]
    # + and x have one sentence for all their inputs.
    alike = {f"rule.{name}" for name in names if re.sub(r"\.\d$", "", f"rule.{name}") in keys}
    assert [name for name in names if f"rule.{name}" not in keys | alike] == []


def test_every_string_that_a_module_asks_for_is_there() -> None:
    source = "".join(path.read_text("utf-8") for path in (STATIC / "js").rglob("*.js"))
    asked = set(re.findall(r'\bt(?:Parts)?\(\s*"([\w.-]+)"', source))
    assert len(asked) > 50
    assert asked - set(catalogue("en")) == set()


def visible_text(explorer: Any) -> str:
    """All text and accessible names, without the names that languages have for themselves."""
    text: str = explorer.page.evaluate(
        """() => {
          const copy = document.body.cloneNode(true);
          const left = copy.querySelectorAll("#language, script, noscript, .skip");
          left.forEach((one) => one.remove());
          const names = [...copy.querySelectorAll("[aria-label], [title], [alt]")].flatMap((one) =>
            ["aria-label", "title", "alt"].map((name) => one.getAttribute(name) ?? ""));
          return copy.textContent + " " + names.join(" ");
        }"""
    )
    return text


def test_switching_leaves_no_string_of_another_language(explorer: Any) -> None:
    explorer.open("?lang=en&at=5")
    page = explorer.page
    for language in ("ko", "ja", "en"):
        page.select_option("#language", language)
        explorer.until(f"document.documentElement.lang === '{language}'")
        for tab in ("#tab-data", "#tab-table", "#tab-explain"):
            page.click(tab)
            text = visible_text(explorer)
            if tab == "#tab-explain":
                assert FORMULA[language] in text
            for other in LANGUAGES:
                if other == language:
                    continue
                if other in OWN_LETTERS:
                    assert not OWN_LETTERS[other].search(text), f"{other} on the {language} page"
                else:
                    assert_no_english(text, language)
        assert page.title().endswith(catalogue(language)["app.title"])


def assert_no_english(text: str, language: str) -> None:
    """No longer English string of the catalogue stands on the page of another language."""
    english, own = catalogue("en"), catalogue(language)
    for key, phrase in english.items():
        for part in re.split(r"\{\w+\}", phrase):
            words = part.strip(" .:,;")
            if key.startswith("stride."):
                continue
            if len(words) >= 4 and words not in own[key]:
                # Softmax-with-Loss is a name in every language.
                found = re.search(rf"(?<![\w.-]){re.escape(words)}(?![\w.-])", text)
                assert not found, f"{key}: {words!r} on the {language} page"


def test_the_browser_s_language_picks_and_a_choice_is_kept(explorer: Any) -> None:
    page = explorer.page
    page.set_extra_http_headers({"Accept-Language": "ja,en;q=0.5"})
    explorer.open()
    assert page.evaluate("document.documentElement.lang") == "ja"
    page.select_option("#language", "ko")
    explorer.until("location.search.includes('lang=ko')")
    page.goto(explorer.server + "/")
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate("document.documentElement.lang") == "ko"
    assert page.inner_text("#next").strip() == catalogue("ko")["timeline.next"]
