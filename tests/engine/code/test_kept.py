"""What is kept of programs is bounded by its numbers, not by how many they are."""

import pytest

from app.engine.code.kept import Kept


def test_the_last_used_stay_as_long_as_there_is_room() -> None:
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text

    kept: Kept[str] = Kept(len, 10)
    for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa"):
        assert kept.get(text, lambda text=text: make(text)) == text  # type: ignore[misc]
    assert made == ["aaaa", "bbbb", "cccc"]
    kept.get("bbbb", lambda: make("bbbb"))
    assert made[-1] == "bbbb"
    # One that is larger than all the room is kept until the next comes.
    large = "d" * 99
    for _ in range(2):
        kept.get(large, lambda: make(large))
    assert made.count(large) == 1
    kept.get("aaaa", lambda: make("aaaa"))
    kept.get(large, lambda: make(large))
    assert made.count(large) == 2


def test_what_cannot_be_made_is_not_kept() -> None:
    kept: Kept[str] = Kept(len, 10)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            kept.get("a", lambda: str(1 // 0))
    assert kept.get("a", lambda: "a") == "a"
