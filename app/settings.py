"""What an operator may set: every limit once, as an option and as an environment variable.

A limit is a field of the dataclass that it belongs to, made by `limit`; `told` reads them, so that
the command line, the environment and docs/limits.md cannot differ. ``--head-seconds 5`` and
``BACKPROP_HEAD_SECONDS=5`` say the same; the command line has the last word.
"""

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

PREFIX = "BACKPROP_"
T = TypeVar("T")


def limit(default: float, least: float, meaning: str) -> Any:
    """A field that an operator may set.

    Args:
        default: A whole number for what is counted, a float for seconds and shares.
        least: The smallest that makes sense.
        meaning: What it bounds, in one line.
    """
    return field(default=default, metadata={"least": least, "meaning": meaning})


@dataclass(frozen=True)
class Told:
    """One limit as it is told: its field's name, its default, and the least it may be."""

    name: str
    default: float
    least: float
    meaning: str

    @property
    def option(self) -> str:
        """On the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """In the environment."""
        return PREFIX + self.name.upper()

    def read(self, text: str) -> float:
        """The value that a text says.

        Raises:
            ArgumentTypeError: it is no number, or too small.
        """
        try:
            value = type(self.default)(text)
        except ValueError:
            kind = "a whole number" if isinstance(self.default, int) else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {kind}") from None
        if not self.least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"it is at least {self.least:g}")
        return value


def told(kind: type[Any]) -> Iterator[Told]:
    """The limits of a dataclass, in their order."""
    for one in fields(kind):
        if "least" in one.metadata:
            yield _told(one)


def _told(one: Field[Any]) -> Told:
    assert isinstance(one.default, int | float)
    return Told(one.name, one.default, one.metadata["least"], one.metadata["meaning"])


def add_limits(parser: argparse.ArgumentParser, kinds: Mapping[str, type[Any]]) -> None:
    """An option for each limit, in a group for each kind under its title."""
    for title, kind in kinds.items():
        group = parser.add_argument_group(title)
        for one in told(kind):
            group.add_argument(
                one.option,
                type=one.read,
                default=one.default,
                metavar="N",
                help=f"{one.meaning} (%(default)s)",
            )


def chosen(kind: type[T], options: argparse.Namespace, **others: Any) -> T:
    """The dataclass with the limits that were chosen, and other fields as given."""
    return kind(**{one.name: getattr(options, one.name) for one in told(kind)}, **others)


def take_environment(parser: argparse.ArgumentParser) -> None:
    """Let every option without a word on the command line be what the environment says."""
    for action in parser._actions:
        long = [name for name in action.option_strings if name.startswith("--")]
        if not long or action.dest in ("help", "version"):
            continue
        text = os.environ.get(PREFIX + action.dest.upper(), "")
        if not text:
            continue
        if action.nargs == 0:
            action.default = text.lower() in ("1", "true", "yes", "on")
        else:
            # argparse reads a default that is a text as it reads the command line.
            action.default = text
