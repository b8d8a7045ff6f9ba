"""The page in a real browser: what is seen, at which widths, in light and dark, by keyboard."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import studies
from examinations import circuit_facts, examination

from scrutable.report import circuit_html, render, study_html

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = {
    "found": lambda: render(studies.study()),
    "nothing": lambda: render(studies.nothing_found()),
    "asked": lambda: render(studies.asked()),
    "hostile": lambda: render(studies.hostile()),
    "met": lambda: render(studies.study(circuit=circuit_facts())),
    "circuit": lambda: circuit_html(examination()),
}
CONTRAST = """
const linear = (x) => x / 255 <= 0.03928 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4;
const lum = (c) => { const v = c.map(linear);
  return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
const rgb = (s) => s.match(/[\\d.]+/g).map(Number);
const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
let worst = [99, ""];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode, e = node.parentElement;
  if (!node.data.trim() || ["SCRIPT", "STYLE", "TITLE", "DESC"].includes(e.tagName.toUpperCase())) continue;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (!box.width || style.visibility === "hidden") continue;
  const front = rgb(e.closest("svg") ? style.fill : style.color).slice(0, 3);
  const back = e.closest("svg.flow") ? rgb(getComputedStyle(document.body).backgroundColor) : behind(e);
  const [a, b] = [lum(front), lum(back)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
  if (ratio < worst[0]) worst = [ratio, `${e.tagName}.${e.className}: ${node.data.trim().slice(0, 40)}`];
}
return worst;
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        BROWSER is None or DRIVER is None, reason="no Chromium with its driver was found on this machine"
    ),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.chrome.service.Service(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    addresses = {}
    for name, make in PAGES.items():
        path: Path = folder / f"{name}.html"
        path.write_text(make(), encoding="utf-8")
        addresses[name] = path.as_uri()
    return addresses


def show(browser: Any, address: str, *, width: int = 1280, scheme: str = "light") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(address)


@pytest.mark.parametrize("name", PAGES)
def test_no_errors_and_no_requests(browser: Any, pages: dict[str, str], name: str) -> None:
    browser.get_log("browser"), browser.get_log("performance")
    show(browser, pages[name])
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("file:", "data:", "chrome:"))] == []  # chrome: the empty tab
    assert [url for url in asked if url.startswith("file:")] == [pages[name]]
    assert browser.title.endswith("Scrutable")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 390, 700, 980, 1280])
def test_nothing_runs_over_the_side(browser: Any, pages: dict[str, str], name: str, width: int) -> None:
    show(browser, pages[name], width=width)
    browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    wide = browser.execute_script(
        "return [...document.querySelectorAll('main *')].filter((e) => !e.closest('.scroll, pre, svg, .hide'))"
        ".filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))"
    )
    assert wide == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(("name", "word"), [("found", "Supported"), ("nothing", "No short program found")])
def test_the_verdict_is_seen_first(browser: Any, pages: dict[str, str], name: str, word: str, width: int) -> None:
    show(browser, pages[name], width=width)
    heading = browser.find_element("css selector", "h1")
    assert heading.text == word
    assert heading.rect["y"] + heading.rect["height"] < 300
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('main *')].map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert float(re.sub("px", "", heading.value_of_css_property("font-size"))) == max(sizes)


def test_headings_in_order(browser: Any, pages: dict[str, str]) -> None:
    show(browser, pages["found"])
    names = browser.execute_script("return [...document.querySelectorAll('h1,h2,h3,h4')].map((e) => e.tagName)")
    assert names[0] == "H1" and set(names[1:]) == {"H2"}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(browser: Any, pages: dict[str, str], name: str, scheme: str) -> None:
    show(browser, pages[name], scheme=scheme)
    browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    ratio, where = browser.execute_script(CONTRAST)
    assert ratio >= 4.5, where


def test_dark_differs_from_light(browser: Any, pages: dict[str, str]) -> None:
    def colours(scheme: str) -> list[str]:
        show(browser, pages["found"], scheme=scheme)
        return browser.execute_script(
            "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color,"
            " getComputedStyle(document.querySelector('h1')).color]"
        )

    assert all(a != b for a, b in zip(colours("light"), colours("dark"), strict=True))


def test_copying_copies_the_program(browser: Any, pages: dict[str, str]) -> None:
    show(browser, pages["found"])
    browser.execute_script(
        "window.copied = []; Object.defineProperty(navigator, 'clipboard', {configurable: true,"
        " value: {writeText: async (text) => { window.copied.push(text); }}})"
    )
    button = browser.find_element("css selector", "button[data-copy=source]")
    assert button.is_displayed()
    button.click()
    assert browser.execute_async_script("setTimeout(() => arguments[0](window.copied), 50)") == [
        studies.study().best.program.source
    ]
    assert button.text == "Copied"


def test_copying_selects_the_text_where_there_is_no_clipboard(browser: Any, pages: dict[str, str]) -> None:
    show(browser, pages["found"])
    browser.execute_script(
        "Object.defineProperty(navigator, 'clipboard', {configurable: true, value: undefined});"
        " document.execCommand = () => false"
    )
    button = browser.find_element("css selector", "button[data-copy=source]")
    button.click()
    selected = browser.execute_async_script("setTimeout(() => arguments[0](getSelection().toString()), 50)")
    assert selected.split() == studies.study().best.program.source.split()
    assert button.text == "Press Ctrl+C"


def test_everything_can_be_reached_by_keyboard(browser: Any, pages: dict[str, str]) -> None:
    show(browser, pages["found"])
    reached = set()
    for _ in range(60):
        browser.switch_to.active_element.send_keys("\ue004")
        reached.add(browser.execute_script("return document.activeElement.outerHTML.slice(0, 60)"))
    text = " ".join(reached)
    for part in ('class="skip"', 'href="#evidence"', "data-copy", "download", "<pre", "<summary", 'class="scroll"'):
        assert part in text


@pytest.mark.parametrize("name", PAGES)
def test_it_prints(browser: Any, pages: dict[str, str], name: str) -> None:
    show(browser, pages[name])
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF") and len(pdf) > 5000
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not browser.find_element("css selector", "nav").is_displayed()
    assert browser.find_element("css selector", "h1").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_notebook_form_fits_and_is_silent(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "cell.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{study_html(studies.study())}", encoding="utf-8")
    browser.get_log("browser")
    show(browser, path.as_uri(), width=700)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 700
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [390, 1280])
def test_connections_are_read_of_without_opening_anything(browser: Any, pages: dict[str, str], width: int) -> None:
    show(browser, pages["met"], width=width)
    section = browser.find_element("css selector", "section[aria-labelledby=circuit]")
    for text in ("4 of the 5 connections", "zero ablation", "0.543 [0.500, 0.600]", "no part of the verdict"):
        assert text in section.text, text
    drawings = section.find_elements("css selector", "svg.flow")
    assert len(drawings) == 1 and drawings[0].is_displayed()
    assert not section.find_element("css selector", "details table").is_displayed()
    ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    section.find_element("css selector", "summary").click()
    table = section.find_element("css selector", "table.claims")
    assert table.is_displayed()
    cells = table.find_elements("css selector", "tbody td:nth-child(3)")
    assert all(cell.size["height"] < 80 for cell in cells)
