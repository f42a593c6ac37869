"""The page as a learner meets it: what they do, and what they can read from the figure."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Frame, Page

Shown = dict[str, dict[int, str]]

READ_FIGURE = """() => Object.fromEntries(
  [...document.querySelectorAll("#figure [data-key]")].map((label) => [
    label.dataset.key,
    Object.fromEntries(
      [...label.querySelectorAll("[data-full]")]
        .map((cell) => [cell.dataset.cell, cell.dataset.full])
    ),
  ])
)"""
READ_RANGES = """() => Object.fromEntries(
  [...document.querySelectorAll("#figure [data-range]")].map((label) => [
    label.dataset.key, label.dataset.range.split(" ").map(Number)
  ])
)"""


WALK = f"""([button, times]) => Array.from({{ length: times }}, () => {{
  document.getElementById(button).click();
  return {{
    seq: Number(document.getElementById("slider").value),
    at: new URLSearchParams(location.search).get("at"),
    figure: ({READ_FIGURE})(),
    ranges: ({READ_RANGES})(),
  }};
}})"""


class Explorer:
    """The page of one learner."""

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.server = server.rstrip("/")
        self.id = ""
        self.token = ""

    def open(self, search: str = "") -> "Explorer":
        """Open an address, wait until it stands with all its parts, and note its session."""
        self.page.on("response", self._note)
        self.page.goto(f"{self.server}/{search}")
        self.page.wait_for_selector("body[data-ready]")
        # The first stir of the mouse brings what the first picture does without.
        self.page.evaluate("dispatchEvent(new Event('pointermove'))")
        # The page is ready before it has a session of its own, or the driver has told us of it.
        for _ in range(500):
            if self.id or "session=" in search:
                break
            self.page.wait_for_timeout(20)
        self.page.wait_for_selector("body[data-whole]")
        return self

    def _note(self, response: Any) -> None:
        path = urlsplit(response.url).path
        if response.request.method == "POST" and path.endswith(("/sessions", "/fork")):
            made = response.json() if response.ok else {}
            self.id = made.get("id", self.id)
            self.token = made.get("edit_token", self.token)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def next(self, times: int = 1) -> None:
        for _ in range(times):
            self.press(".")

    def stride(self, name: str) -> None:
        self.page.select_option("#stride", name)

    def walk(self, button: str, times: int) -> list[Any]:
        """Click a button of the timeline and read the figure after each click.

        All in one call: over the driver each click and each reading takes a while of its own.
        """
        steps: list[Any] = self.page.evaluate(WALK, [button, times])
        return [step | {"figure": numbered(step["figure"])} for step in steps]

    def figure(self) -> Shown:
        """Every number that the figure shows, in full: key -> position (row-major) -> digits."""
        return numbered(self.page.evaluate(READ_FIGURE))

    def ranges(self) -> dict[str, list[float]]:
        """The range that every heat map shows."""
        found: dict[str, list[float]] = self.page.evaluate(READ_RANGES)
        return found

    def numbers(self, key: str) -> list[float]:
        """The numbers shown at one edge."""
        cells = self.figure()[key]
        return [float(cells[position]) for position in sorted(cells)]

    def slider(self) -> int:
        return int(self.page.input_value("#slider"))

    def sentence(self) -> str:
        return self.page.inner_text("#sentence")

    def type(self, tensor: str, index: str, text: str) -> None:
        """Type a number into the data table and press Enter."""
        field = self.page.locator(f'[data-tensor="{tensor}"] [data-index="{index}"]')
        field.fill(text)
        field.press("Enter")

    def until(self, holds: str | Callable[[], Any]) -> None:
        """Wait until a JavaScript expression, or something outside the page, holds.

        Playwright's own wait_for_function compiles text in the page, which our CSP forbids.
        """
        for _ in range(100):
            if self.page.evaluate(holds) if isinstance(holds, str) else holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never came to hold: {holds}")

    def expect(self, refusal: str) -> None:
        """Let a refusal pass that this test provokes on purpose."""
        self.page.watch.expect(refusal)  # type: ignore[attr-defined]

    def settle(self) -> None:
        """Wait until nothing shown is stale."""
        self.page.wait_for_selector('#figure[aria-busy="false"]')

    def get(self, path: str) -> Any:
        """An answer of REST about the page's own session."""
        answer = self.page.request.get(f"{self.server}/api/v1/sessions/{self.id}{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def step(self, direction: str, granularity: str) -> Any:
        """Move the session's own cursor by REST."""
        answer = self.page.request.post(
            f"{self.server}/api/v1/sessions/{self.id}/step",
            data={"direction": direction, "granularity": granularity},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.ok, answer.text()
        return answer.json()


def numbered(figure: Mapping[str, Mapping[str, str]]) -> Shown:
    """What `READ_FIGURE` gives, its positions as numbers."""
    return {key: {int(i): full for i, full in cells.items()} for key, cells in figure.items()}


class Common:
    """One browser context for all tests of a process, which keeps what it has loaded and compiled.

    A context of its own costs a test as much processor time as all else that it does, and a tab of
    its own, which has a process to start, a third of it: they have one tab, too.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        # A tab that stays, to speak through.
        self._blank = context.new_page()
        self._storage = context.new_cdp_session(self._blank)
        self._visited = set[str]()
        self._tab: Page | None = None
        self._listeners: list[tuple[Any, Callable[..., Any]]] = []
        context.on("page", lambda page: page.on("framenavigated", self._note))

    def _note(self, frame: Frame) -> None:
        address = urlsplit(frame.url)
        if address.scheme == "http":
            self._visited.add(f"http://{address.netloc}")

    def tab(self) -> Page:
        """The tab of all tests that do not ask for one of their own."""
        if self._tab is None:
            self._tab = self.context.new_page()
            self._size = self._tab.viewport_size
            self._history = self.context.new_cdp_session(self._tab)
            self._guard(self._tab)
        return self._tab

    def _guard(self, tab: Page) -> None:
        """See to it that nothing of a test can stay in its tab."""
        listen = tab.on

        def on(event: Any, handler: Callable[..., Any]) -> None:
            self._listeners.append((event, handler))
            listen(event, handler)

        def refuse(*_: Any, **__: Any) -> None:
            raise AssertionError("what a tab never loses needs the mark own_tab")

        for name, instead in (("on", on), *((name, refuse) for name in LASTING)):
            setattr(tab, name, instead)

    def _empty(self, tab: Page) -> None:
        """Make a tab as good as new."""
        for event, handler in self._listeners:
            tab.remove_listener(event, handler)
        self._listeners.clear()
        tab.unroute_all(behavior="ignoreErrors")
        tab.set_extra_http_headers({})
        tab.emulate_media(
            media="null", color_scheme="null", reduced_motion="reduce", forced_colors="null"
        )
        for origin in self._visited:
            # Of the same origin, so that its process stays.
            tab.goto(f"{origin}/livez")
            tab.evaluate("sessionStorage.clear()")
        if tab.viewport_size != self._size and self._size:
            tab.set_viewport_size(self._size)
        tab.mouse.move(0, 0)
        self._history.send("Page.resetNavigationHistory")

    def forget(self) -> None:
        """Close the tabs of a test, but for the common one, and empty what they have stored."""
        if self._tab is not None:
            try:
                self._empty(self._tab)
            except Error:
                # It was closed, or has been where nobody answers any more.
                self._listeners.clear()
                self._tab = None
        for page in self.context.pages:
            if page not in (self._blank, self._tab):
                page.close()
        for origin in self._visited:
            kinds = "local_storage,indexeddb,cache_storage"
            self._storage.send(
                "Storage.clearDataForOrigin", {"origin": origin, "storageTypes": kinds}
            )
        self._visited.clear()
        self.context.clear_cookies()


# Of a page, what would stay with it.
LASTING = ("add_init_script", "expose_binding", "expose_function")


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Nothing moves, unless a test asks for it: to paint what moves takes a third of all the time.

    The figure is the same in the end, and it is there at once.
    """
    return {**browser_context_args, "reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def common(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Common]:
    context = browser.new_context(**browser_context_args)
    yield Common(context)
    context.close()


@pytest.fixture
def context(request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A test finds nothing stored.

    With the mark ``own_context`` nothing is cached either. What holds for a whole context needs
    it too: a clock, permissions, being offline.
    """
    if request.node.get_closest_marker("own_context"):
        own: BrowserContext = request.getfixturevalue("new_context")()
        yield own
    else:
        common: Common = request.getfixturevalue("common")
        yield common.context
        common.forget()


@pytest.fixture
def page(request: pytest.FixtureRequest, context: BrowserContext) -> Page:
    """A tab that is as good as new; with the mark ``own_tab`` it is."""
    marks = (request.node.get_closest_marker(name) for name in ("own_context", "own_tab"))
    if any(marks):
        tab = context.new_page()
    else:
        common: Common = request.getfixturevalue("common")
        tab = common.tab()
    if request.node.get_closest_marker("motion"):
        tab.emulate_media(reduced_motion="no-preference")
    return tab


@pytest.fixture
def explorer(watched_page: Page, server: str) -> Explorer:
    return Explorer(watched_page, server)


@pytest.fixture
def learning(explorer: Explorer) -> Callable[[dict[str, Any]], Page]:
    """The panel Learning of a session of one's own that REST makes of a body."""

    def opened(body: dict[str, Any]) -> Page:
        page = explorer.page
        answer = page.request.post(f"{explorer.server}/api/v1/sessions", data=body)
        assert answer.ok, answer.text()
        made = answer.json()
        explorer.id, explorer.token = made["id"], made["edit_token"]
        own = {"id": made["id"], "token": made["edit_token"], "preset": None, "version": 1}
        # Where nothing of the page runs that would write there too.
        page.goto(f"{explorer.server}/livez")
        kept = json.dumps([own | {"changed": 1}])
        page.evaluate("own => localStorage.setItem('backprop-explorer.own', own)", kept)
        explorer.open(f"?session={made['id']}&lang=en")
        page.click("#tab-learn")
        page.wait_for_selector(".learning-looks")
        return page

    return opened


@pytest.fixture
def run_module(page: Page, modules: str) -> Callable[[str, str], Any]:
    """Evaluate an expression with a module of the page imported as ``m``."""
    page.goto(f"{modules}/")
    page.wait_for_selector("body[data-ready]")

    def run(module: str, expression: str) -> Any:
        return page.evaluate(
            f"async () => {{ const m = await import('/static/js/{module}'); return {expression}; }}"
        )

    return run
