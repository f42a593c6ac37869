"""Every string a person sees: in the language files, used, said once, and written in one way."""

import json
import re
from pathlib import Path

import pytest

from app.api.problem import KINDS
from app.drawing.formulas.spoken import ENGLISH
from app.engine.ops import OPS
from app.web.files import STATIC
from app.web.languages import LANGUAGES

ROOT = STATIC.parent
MODULES = sorted(path for path in (STATIC / "js").rglob("*.js") if path.name != "types.js")
# What a pattern such as `files.${code}` of the page stands for, where that can be read elsewhere.
_CODES = re.search(
    r"@typedef \{(.*?)\} Code", (STATIC / "js/matrices/refusal.js").read_text(), re.S
)
CODES = set(re.findall(r'"(\w+)"', _CODES[1] if _CODES else ""))
FAMILIES = {
    "paste.": CODES, "files.": CODES, "number.": CODES, "problem.": {*KINDS, "offline"},
    "spoken.": set(ENGLISH),
}  # fmt: skip

JAPANESE = "[\u3041-\u30fa\u30fc\u4e00-\u9fff]"
# A particle of Korean that depends on the sound before it: no placeholder knows its sound.
PARTICLE = re.compile(
    r"\}(?:[은는이가을를와과](?![가-힣])|으?로(?![가-힣])|이?[어여]야|이?라)|[가-힣]?\([으이은을와는가를과]\)"
)


def words(language: str) -> dict[str, str]:
    read: dict[str, str] = json.loads((STATIC / f"lang/{language}.json").read_text("utf-8"))
    return read


def source(*paths: Path) -> str:
    """Program text without its comments."""
    text = "\n".join(path.read_text("utf-8") for path in paths)
    return re.sub(r"/\*.*?\*/|^\s*//.*?$", "", text, flags=re.S | re.M)


def test_every_string_is_asked_for_somewhere() -> None:
    text = source(*MODULES, *(ROOT / "app/web").glob("*.py"))
    templates = source(*(ROOT / "templates").glob("*.html"))
    named = set(re.findall(r'"([\w.-]+)"', text + templates))
    joined = re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "*", text)
    patterns = set(re.findall(r"`((?:[a-z]+|\*)\.[\w.*-]+)`", joined))
    patterns |= {
        f"{before}*{after}"
        for before, after in re.findall(r'"([a-z.]+\.)" ~ \w+(?: ~ "([\w.]+)")?', templates)
    }

    def is_asked_for(key: str) -> bool:
        # Variants of a rule's sentence: of one sample, for rows, for many inputs.
        plain = re.sub(r"\.(one|rows|many|branches)$", "", key) if key.startswith("rule.") else key
        for pattern in patterns:
            family = FAMILIES.get(pattern.rstrip("*"))
            form = re.escape(pattern).replace(r"\*", "[\\w.-]+")
            if re.fullmatch(form, plain) and (
                family is None or plain.partition(".")[2] in family or pattern[-1] != "*"
            ):
                return True
        return key in named

    assert len(patterns) > 10
    assert [key for key in words("en") if not is_asked_for(key)] == []


def test_formulas_are_read_with_the_same_words_by_the_page_and_by_tools() -> None:
    ours = {key: text for key, text in words("en").items() if key.startswith("spoken.")}
    assert ours == {f"spoken.{name}": text for name, text in ENGLISH.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_stands_twice(language: str) -> None:
    keys: dict[str, list[str]] = {}
    for key, text in words(language).items():
        if text.endswith((".", "。", "다")) or len(text.split()) > 3:
            keys.setdefault(text, []).append(key)

    assert len(keys) > 150
    assert [several for several in keys.values() if len(several) > 1] == []


def test_korean_never_guesses_a_particle() -> None:
    assert {key: text for key, text in words("ko").items() if PARTICLE.search(text)} == {}


# Names that a translator may think of, for what has another one everywhere.
OTHER_NAMES = {
    "ko": (
        "유닛 레이어 파라미터 모수 그래디언트 업데이트 순방향 역방향 표본 학습율 바이어스 네트워크 "
        # A layer is a 계층, but for the name of a network of two.
        r"간선 클릭 드래그 단추 (?<![계\d])층"
    ),
    "ja": (
        "ユニット レイヤー パラメーター 傾き アップデート 順方向 逆方向 標本 学習係数 正解率 "
        r"エッジ ブラウザ(?!ー) サーバ(?!ー) コンピュータ(?!ー) を押す (?<!\d.)層"
    ),
}


@pytest.mark.parametrize("language", OTHER_NAMES)
def test_a_language_has_one_name_for_one_thing(language: str) -> None:
    other = OTHER_NAMES[language].replace(" ", "|")
    assert {key: text for key, text in words(language).items() if re.search(other, text)} == {}


SPEAKS = {"ko": r"(?:니다|세요)$", "ja": r"(?:ます|です|ません|ください|でした|ました)$"}
STOP = {"ko": r"(?<=[가-힣])\.(?=\s|$)", "ja": "。"}


@pytest.mark.parametrize("language", SPEAKS)
def test_a_language_speaks_to_the_learner_in_one_way(language: str) -> None:
    other = [
        (key, sentence)
        for key, text in words(language).items()
        for sentence in re.split(STOP[language], text)[:-1]
        if not re.search(SPEAKS[language], re.sub(r"[」』）)]+$", "", sentence))
    ]
    assert other == []


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_a_list_or_a_formula_at_the_end_takes_no_full_stop(language: str) -> None:
    assert [key for key, text in words(language).items() if re.search(r"\}[.。]$", text)] == []


def test_japanese_has_its_own_signs_and_blanks_around_other_letters() -> None:
    beside = rf"{JAPANESE}[A-Za-z0-9(:;,!?{{]|[A-Za-z0-9):;,!?}}]{JAPANESE}"

    assert {key: text for key, text in words("ja").items() if re.search(beside, text)} == {}
    assert {
        key: text for key, text in words("ja").items() if re.search("[Ａ-Ｚａ-ｚ０-９]", text)
    } == {}


def test_english_has_real_apostrophes_and_quotation_marks() -> None:
    assert [key for key, text in words("en").items() if re.search(r"['\"]", text)] == []


# What the book calls it, and what else it has been called.
ONE_NAME = {
    "en": r"d half\b|(?<!all the )way back|\bslope|[Cc]ross(?: entropy\b|-entropy loss)",
    "ko": r"되돌아가는 길|교차 엔트로피(?! 오차)|분류|국면|걸음(?!씩)|데이터 N",
    "ja": r"教師|交差エントロピー(?!誤差)|行列積|ゲート|因数",
}


@pytest.mark.parametrize("language", ONE_NAME)
def test_one_thing_has_one_name(language: str) -> None:
    assert {k: v for k, v in words(language).items() if re.search(ONE_NAME[language], v)} == {}


def test_no_number_that_may_be_1_stands_before_an_english_plural() -> None:
    # An array of one dimension is read; places and inputs are told where there are several; the
    # rest are limits, and numbers of cells in a large array.
    never = {
        "edge.many", "files.rank", "network.layersHint", "network.layersLimit",
        "rule.add.forward.many", "rule.exp.gradient.0.branches", "sample.alone",
        "rule.reciprocal.gradient.0.branches", "samples.limit", "csv.fault.column_name",
        "csv.fault.label",
        "invalid.digits.size", "invalid.digits.classes", "invalid.limit.layers",
        "invalid.limit.samples", "passed.phase.backward", "passed.phase.update",
    }  # fmt: skip
    plural = r"\{(?:count|found|wanted|steps?|m\w+imum)\} (?:more |other )?[a-z]+s\b(?<!is)"
    assert {key for key, text in words("en").items() if re.search(plural, text)} <= never


def test_an_ellipsis_stands_right_after_its_word() -> None:
    found = [(key, text) for one in LANGUAGES for key, text in words(one).items()]
    assert [key for key, text in found if " …" in text or "..." in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_op_of_the_table_has_its_sentences(language: str) -> None:
    known = words(language)
    missing = []
    for name, op in OPS.items():
        if op.closed is not None:
            said = op.closed.said_as
            ways: list[dict[str, bool]] = [{}, {"total": True}]
            names = {result.name(way) for result in op.closed.results for way in ways}
            if op.closed.gradient_reads:
                names |= {op.closed.gradient_name(way) for way in ways}
            missing += [one for one in names if f"rule.{said}.{one}" not in known]
            continue
        if f"rule.{name}.forward" not in known:
            missing.append(f"{name}.forward")
        for k in range(3):
            is_shown = op.reaches(k) and op.form_of(k, {}) == k
            names = {f"rule.{name}.gradient.{k}", f"rule.{name}.gradient"}
            if is_shown and not names & known.keys():
                missing.append(f"{name}.gradient.{k}")
    assert missing == []
