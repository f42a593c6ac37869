"""What the language files say of the rows of the engine's tables, for the catalogue."""

from collections.abc import Iterable, Mapping

from app.engine.op import Op

# The languages of the page.
LANGUAGES = ("en", "ko", "ja")
# All words by language, and by their key there.
Words = Mapping[str, Mapping[str, str]]
Texts = dict[str, dict[str, str]]


def of_op(words: Words, name: str, op: Op) -> Texts:
    """The sentences of an op: of its results, and of each gradient."""
    if op.closed is None:
        return _under(words, f"rule.{name}.")
    names = tuple(f"rule.{op.closed.said_as}.{one.name({})}" for one in op.closed.results)
    if op.closed.gradient_reads:
        names += (f"rule.{op.closed.said_as}.{op.closed.gradient_name({})}",)
    return _under(words, f"rule.{op.closed.said_as}.", names)


def of_fields(words: Words, names: Iterable[str]) -> Texts:
    """What each field is called."""
    return {
        # That of layers in a layer is called as those of a network are.
        language: {
            name: known.get(f"network.field.{name}") or known[f"network.{name}"] for name in names
        }
        for language, known in words.items()
    }


def of_level(words: Words, name: str) -> Texts:
    """What a level is called."""
    return {language: {"name": known[f"level.{name}"]} for language, known in words.items()}


def _under(words: Words, prefix: str, begins: tuple[str, ...] = ("",)) -> Texts:
    return {
        language: {
            key.removeprefix(prefix): text
            for key, text in known.items()
            if key.startswith(prefix) and key.startswith(begins)
        }
        for language, known in words.items()
    }
