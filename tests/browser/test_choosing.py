"""Choosing files: none is lost without a word, and what quotes a name or a word is kept from translators."""

import pytest
from playwright.sync_api import expect

from tests.support.browsers import Started
from tests.support.newsroom import Newsroom

# A drop as the browser would hand it over: one file that can be read, and one that cannot.


DROP = """
const file = (name, readable) => ({
  isFile: true, name, file: (good, bad) => readable ? good(new File(["x"], name)) : bad(new Error("no")),
});
const entries = [file("open.txt", true), file("locked.pdf", false)];
const event = new Event("drop", { cancelable: true });
const items = entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry, getAsFile: () => null }));
event.dataTransfer = { types: ["Files"], items, files: [] };
window.dispatchEvent(event);
"""


def test_what_could_not_be_read_of_a_drop_is_named_until_files_are_chosen_again(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    page.evaluate(DROP)
    expect(page.locator(".files li")).to_have_count(1)
    expect(page.locator("#missed")).to_contain_text("locked.pdf")
    page.fill("#message", "typing does not take it away")
    expect(page.locator("#missed")).to_contain_text("locked.pdf")
    page.set_input_files("#files", {"name": "locked.pdf", "mimeType": "", "buffer": b"%PDF"})
    expect(page.locator("#missed")).to_be_empty()
    page.context.close()


# What a browser sends while text is dragged over the message; a page that takes the event leaves the text nowhere.
TEXT = """() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.setData("text/plain", "a sentence from elsewhere");
  return ["dragover", "drop"].map((type) => {
    const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
    document.querySelector("#message").dispatchEvent(event);
    return event.defaultPrevented || document.documentElement.hasAttribute("data-dragging");
  });
}"""


def test_text_dragged_into_the_message_is_left_to_the_browser(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    assert page.evaluate(TEXT) == [False, False]
    page.context.close()


def test_two_files_alike_in_name_and_size_are_both_kept(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    for text in (b"one", b"two"):
        page.set_input_files("#files", {"name": "scan.txt", "mimeType": "", "buffer": text})
    assert page.locator(".files .name").all_inner_texts() == ["scan.txt", "scan (2).txt"]
    page.context.close()


@pytest.mark.whole
def test_what_quotes_a_name_or_a_word_is_not_for_translators(browser: Started, room: Newsroom) -> None:
    page = browser.composing(room.url)
    quoting = ["problem", "missed", "live"]
    assert [page.get_attribute(f"#{name}", "translate") for name in quoting] == ["no"] * 3
    page.click("#way-back")
    assert page.get_attribute("#codename-aid", "translate") == "no"
    page.click("#way-new")
    twins = [{"name": name, "mimeType": "", "buffer": bytes(1_200_000)} for name in ("a.bin", "b.bin")]
    page.set_input_files("#files", twins)  # type: ignore[arg-type]
    page.click("#send")
    page.wait_for_selector("#same")
    assert [page.get_attribute(f"#{name}", "translate") for name in ("problem", "same", "what")] == ["no"] * 3
    page.context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_whoever_comes_sees_what_this_is(browser: Started, room: Newsroom, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 640})
    page = context.new_page()
    page.goto(room.url)
    page.wait_for_selector("main[data-state=compose]")
    assert page.evaluate("window.scrollY") == 0
    assert page.locator("h1").is_visible()
    context.close()
