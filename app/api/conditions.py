"""Headers that stand before a call: the edit token, If-Match, If-None-Match, Prefer."""

import re

from starlette.requests import Request

from app.api.problem import FieldError, Problem

# RFC 9110, section 8.8.3; a list may have empty places.
_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_TAGS = re.compile(rf"[ \t,]*{_TAG.pattern}[ \t]*(?:,[ \t]*(?:{_TAG.pattern}[ \t]*)?)*")
# Caddy and Apache add the name of their compression: ``"2-gzip"``.
_PACKED = re.compile(r"-(?:gzip|zstd|br|deflate)$")
_VERSION = re.compile(r"([0-9]{1,15})(?:\.[a-z]+)?")
_RETURN = re.compile(r'\s*return\s*=\s*"?([a-z]+)"?\s*(?:;.*)?', re.IGNORECASE)

MINIMAL = {"Preference-Applied": "return=minimal"}


def etag(version: int, form: str = "") -> str:
    """The entity tag of a session's version, or of ``form`` of it: ``"2"``, ``"2.npy"``.

    What can be had in several forms has a tag for each, JSON's being the version alone: a client
    that has one form is never told that it has another.
    """
    return f'"{version}.{form}"' if form else f'"{version}"'


def bearer_token(request: Request) -> str:
    """The edit token in ``Authorization: Bearer``.

    Raises:
        Problem: 401, there is none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(
            "unauthorized",
            "Send the session's edit token as Authorization: Bearer ...",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token.strip()


def if_match(request: Request, required: bool = False) -> tuple[int, ...] | None:
    """The versions that If-Match allows; None where any will do.

    A weak tag counts as its strong one, though RFC 9110 would not have it: proxies that compress
    weaken the tags that they pass on, or add to them, and a version is the same however it was
    sent.

    Raises:
        Problem: 428, it is ``required`` and absent; 400, it is no list of tags.
    """
    header = _joined(request, "if-match")
    if header is None:
        if required:
            raise Problem(
                "precondition-required",
                "Send If-Match with the ETag of the session that the edits are for.",
            )
        return None
    if header.strip() == "*":
        return None
    tags = _tags(header)
    if not tags:
        message = 'If-Match is an ETag in its quotes, such as "2", or several with commas, or *.'
        raise Problem("bad-request", message, [FieldError("/If-Match", "header", message)])
    # A tag that is no version of a session is no fault: it matches nothing.
    found = (_VERSION.fullmatch(tag) for tag in tags)
    return tuple(int(match[1]) for match in found if match)


def is_fresh(request: Request, tag: str) -> bool:
    """Whether If-None-Match says that the client has this already; tags are compared weakly."""
    header = _joined(request, "if-none-match")
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return _tags(tag)[0] in _tags(header)


def wants_minimal(request: Request) -> bool:
    """Whether ``Prefer: return=minimal`` asks for the shortest answer there is (RFC 7240)."""
    preferences = (_joined(request, "prefer") or "").split(",")
    # Of a preference that stands twice, the first counts.
    found = (_RETURN.fullmatch(preference) for preference in preferences)
    word = next((match[1] for match in found if match), "")
    return word.lower() == "minimal"


def _joined(request: Request, name: str) -> str | None:
    """All of a header's lines as one list; None where there is none."""
    lines = request.headers.getlist(name)
    return ",".join(lines) if lines else None


def _tags(header: str) -> list[str]:
    """What stands between the quotes of each tag; empty if the header is not a list of tags.

    What a proxy has added to it for its compression is left out.
    """
    if not _TAGS.fullmatch(header):
        return []
    return [_PACKED.sub("", match[1]) for match in _TAG.finditer(header)]
