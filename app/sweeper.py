"""Sessions that nobody uses are let go, and the room that they took is given back, now and then."""

import asyncio
import logging

from app.sessions.service import Service
from app.sessions.store.store import StoreError

log = logging.getLogger(__name__)

SWEEP_SECONDS = 300.0


async def sweep_for_ever(service: Service, seconds: float = SWEEP_SECONDS) -> None:
    """Sweep at once, and then every so many seconds; a sweep that fails is tried again."""
    while True:
        try:
            await asyncio.to_thread(service.sweep)
        except StoreError as error:
            log.error("idle sessions stay for now: %s", error)
        except Exception:
            log.exception("idle sessions stay for now")
        await asyncio.sleep(seconds)
