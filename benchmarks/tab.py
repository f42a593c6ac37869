"""A tab that the driver does not listen to, for measuring memory.

Playwright listens to the network of every page that it opens, and Chromium keeps the answers for
it, in the page's own process: hundreds of megabytes that no reader's page has. A tab in a browser
context of its own stays unknown to it, and is spoken to through the browser.
"""

import json
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession

PATIENCE_SECONDS = 600.0


class Tab:
    """One page by Chromium's own protocol."""

    def __init__(self, browser: CDPSession, width: int, height: int) -> None:
        """Open an empty tab.

        Args:
            browser: From `Browser.new_browser_cdp_session`.
            width: Of the window, in px.
            height: The same.
        """
        self._browser = browser
        self._asked = 0
        self._answers: dict[int, Any] = {}
        context = browser.send("Target.createBrowserContext")
        made = {"url": "about:blank", "width": width, "height": height, **context}
        target = browser.send("Target.createTarget", made)
        self._target = target["targetId"]
        browser.on("Target.receivedMessageFromTarget", self._receive)
        attached = browser.send("Target.attachToTarget", target | {"flatten": False})
        self._session = attached["sessionId"]
        self.send("Page.enable")
        self.send("Performance.enable", {"timeDomain": "threadTicks"})

    def close(self) -> None:
        """Close it, and with it its process."""
        self._browser.send("Target.closeTarget", {"targetId": self._target})

    def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """The result of one command.

        Raises:
            RuntimeError: Chromium refuses it.
        """
        self._asked += 1
        id = self._asked
        message = json.dumps({"id": id, "method": method, "params": params or {}})
        sent = {"sessionId": self._session, "message": message}
        self._browser.send("Target.sendMessageToTarget", sent)
        while id not in self._answers:
            # Answers come while the driver waits for one of its own.
            self._browser.send("Browser.getVersion")
            time.sleep(0.002)
        answer = self._answers.pop(id)
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def run(self, expression: str) -> Any:
        """What a JavaScript expression, or its promise, comes to.

        Raises:
            RuntimeError: it throws.
        """
        params = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        found = self.send("Runtime.evaluate", params)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"]["description"])
        return found["result"].get("value")

    def until(self, selector: str) -> None:
        """Wait for an element.

        Raises:
            TimeoutError: it does not come.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.run(f"document.querySelector({json.dumps(selector)}) !== null"):
            if time.monotonic() > end:
                raise TimeoutError(selector)
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click an element, once it is there."""
        self.until(selector)
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.run(
            f"(() => {{ const field = document.querySelector({json.dumps(selector)});"
            f" field.value = {json.dumps(text)};"
            ' field.dispatchEvent(new Event("input", { bubbles: true })); })()'
        )

    def metrics(self) -> dict[str, float]:
        """Chromium's own counters."""
        found = self.send("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in found}

    def memory(self) -> dict[str, float]:
        """Megabytes: of JavaScript's heap after a collection, of its process for itself alone.

        Of all pages' processes it is the largest; where it is the only page that is used, its own.
        """
        self.send("HeapProfiler.collectGarbage")
        told = self._browser.send("SystemInfo.getProcessInfo")["processInfo"]
        pids = [int(one["id"]) for one in told if one["type"] == "renderer"]
        return {
            "heap": self.metrics()["JSHeapUsedSize"] / 1e6,
            "process": max(map(private_megabytes, pids)),
        }

    def _receive(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self._answers[message["id"]] = message


def private_megabytes(pid: int) -> float:
    """Memory that no other process has a share in (Linux)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
    return sum(kilobytes) * 1024 / 1e6
