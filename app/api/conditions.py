"""Headers that stand before a call: the edit token, If-Match, If-None-Match."""

import re

from starlette.requests import Request

from app.api.problem import Problem

_TAG = re.compile(r'\s*(W/)?"([^"]*)"\s*(?:,|$)')


def etag(version: int) -> str:
    """The entity tag of a session's version."""
    return f'"{version}"'


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

    Raises:
        Problem: 428, it is ``required`` and absent.
    """
    header = request.headers.get("if-match")
    if header is None:
        if required:
            raise Problem(
                "precondition-required",
                "Send If-Match with the ETag of the session that the edits are for.",
            )
        return None
    if header.strip() == "*":
        return None
    # A weak tag never matches here (RFC 9110, section 13.1.1), nor does a tag that is no version.
    return tuple(
        int(match[2])
        for match in _TAG.finditer(header[:1000])
        if match[1] is None and re.fullmatch(r"[0-9]{1,15}", match[2])
    )


def is_fresh(request: Request, tag: str) -> bool:
    """Whether If-None-Match says that the client has this already."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return any(f'"{match[2]}"' == tag for match in _TAG.finditer(header[:1000]))
