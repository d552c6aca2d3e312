"""The Dagster UI as a person uses it: pages, buttons, and the lineage graph that is drawn.

Belongs here: how to find one's way. Does not: what is expected to be there (`test_ui.py`).
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, ViewportSize

SLOW_MS = 60_000
BIG_SCREEN: "ViewportSize" = {"width": 3600, "height": 8000}
"""In pixels; on a smaller one, or zoomed out, the graph abbreviates names."""

# An edge starts at the right side of a table's box and ends a few units before the left side of another's.
_LINEAGE = """
names => {
  const text = box => box.textContent.replace(/^Unsynced \\(\\d+\\)/, '')
  const titled = box => names.filter(name => text(box).startsWith(name)).sort((a, b) => b.length - a.length)[0]
  const number = (element, attribute) => Number(element.getAttribute(attribute))
  const boxes = [...document.querySelectorAll('foreignObject')].filter(titled).map(box => ({
    name: titled(box), left: number(box, 'x'), right: number(box, 'x') + number(box, 'width'),
    middle: number(box, 'y') + number(box, 'height') / 2
  }))
  const at = (side, x, y) =>
    boxes.find(box => Math.abs(box[side] - x) < 12 && Math.abs(box.middle - y) < 12)?.name ?? `(${x}, ${y})`
  return [...document.querySelectorAll('path[marker-end]')].map(path => {
    const points = path.getAttribute('d').match(/-?[0-9.]+/g).map(Number)
    return [at('right', ...points.slice(0, 2)), at('left', ...points.slice(-2))]
  })
}
"""


class Ui:
    """A browser's page on the Dagster UI; it notes what goes wrong and who is asked for anything.

    Args:
        page: The browser's page.
        url: Of the UI.
        pictures: The folder that gets screenshots.
    """

    def __init__(self, page: "Page", url: str, pictures: Path) -> None:
        self.page = page
        self.hosts: set[str | None] = set()
        self.errors: list[str] = []
        self._url = url
        self._pictures = pictures
        page.set_default_timeout(SLOW_MS)
        page.on("request", lambda request: self.hosts.add(_host(request.url)))
        page.on("websocket", lambda socket: self.hosts.add(_host(socket.url)))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def url(self, path: str) -> str:
        """The address of a page, such as `/runs`."""
        return self._url + path

    def open_asset(self, key: str, tab: str = "Overview") -> None:
        """Open a tab of an asset's page (`raw/x`)."""
        self.page.goto(f"{self._url}/assets/{key}")
        self.page.get_by_role("tab", name=tab, exact=True).click()

    def open(self, name: str) -> None:
        """Follow a link of the navigation on the left, from the start page."""
        self.page.goto(self._url)
        self.page.get_by_role("navigation").get_by_role("link", name=re.compile(f"{name}$")).click()

    def press(self, button: str, within: "Page | Locator | None" = None) -> None:
        """Press the first button whose label begins so (the names of buttons begin with that of their icon)."""
        (within or self.page).get_by_role("button", name=re.compile(rf"(^| ){button}")).first.click()

    def choose_partitions(self, dialog: "Locator", partitions: str) -> None:
        """Choose partitions in the dialog that launches runs: a day, or `[first...last]`."""
        dialog.get_by_role("button", name="Show all partitions").click()
        shown = dialog.get_by_role("textbox").first
        shown.fill(partitions)
        shown.press("Enter")

    def fact(self, label: str) -> str:
        """What an asset's page shows below a label."""
        shown = self.page.get_by_text(label, exact=True).first.locator(f"xpath=ancestor::*[string()!='{label}'][1]")
        return (shown.text_content() or "").removeprefix(label).strip()

    def switch(self, automation: str) -> "Locator":
        """The switch of a schedule or sensor in the list of automations; before it, its row has a box to select it."""
        row = f"//div[.//*[text()='{automation}'] and count(.//input[@type='checkbox'])=2]"
        return self.page.locator(f"{row}//input[@type='checkbox']").last

    def launched(self) -> str:
        """The id of the run or backfill that the message "... View" after a launch leads to."""
        link = self.page.get_by_role("link", name="View", exact=True).get_attribute("href")
        assert link is not None
        return link.rsplit("/", 1)[1]

    def expand_lineage(self) -> None:
        """Let the global lineage show the tables in its groups."""
        self.page.locator("foreignObject").filter(has_text="analytics").first.wait_for()
        self.page.mouse.click(BIG_SCREEN["width"] / 2, BIG_SCREEN["height"] - 150, button="right")
        self.page.get_by_role("menuitem", name="Expand all groups").click()

    def lineage(self, tables: list[str]) -> set[tuple[str, str]]:
        """The arrows that the graph draws, each from the name of a table to the name of another."""
        return {(source, target) for source, target in self.page.evaluate(_LINEAGE, tables)}

    def picture(self, name: str) -> None:
        """Take a screenshot."""
        self.page.screenshot(path=self._pictures / f"{name}.png")


def _host(url: str) -> str | None:
    """The host that a URL asks; None for data within the page."""
    return urlsplit(url).hostname
