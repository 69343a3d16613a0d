"""The page in every language: one page for everybody in it, whatever a visitor's browser says of its own."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from knothole_keys.errors import Refused
from knothole_keys.languages import LANGUAGES, SOURCE, TRANSLATED
from knothole_keys.page import ANSWER, PADDED, TEMPLATE, Catalogue, Template, answer_page, pages
from knothole_server import page
from knothole_server.page import read_template
from tests.server.serving import Served
from tests.support.drop import Drop

ASKED = ["", "de", "ar-EG,ar;q=0.9", "zh-Hans-CN,zh;q=0.8,en;q=0.1", "*"]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.code)
def test_a_page_is_the_same_bytes_whatever_language_a_browser_asks_for(served: Served, language) -> None:
    answers = [served.http.get(language.address, headers={"Accept-Language": asked, "Cookie": "lang=fr"}) for asked in ASKED]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert not {"vary", "set-cookie", "content-language", "location"} & set(answers[0].headers)


def test_a_language_has_one_address_and_no_other_is_there(served: Served) -> None:
    others = ["/en", "/zh", "/zh-Hans", "/DE", "/de/", "/it", "/page.de.html", "/form.html", "/texts.json", "/?lang=xx/de"]
    assert [path for path in others if path[1] != "?" and served.http.get(path).status_code != 404] == []
    assert served.http.get("/?lang=de").content == served.http.get("/").content


def test_codes_are_addresses_that_mean_nothing_else() -> None:
    assert len({one.address for one in LANGUAGES}) == len(LANGUAGES) == 8
    assert all(re.fullmatch(r"/[a-z]{2}(-[a-z]+)?", one.address) for one in TRANSLATED)
    assert SOURCE.address == "/"


def template(**texts: dict[str, str]) -> Template:
    return Template(
        '<p>{{ t("a", "x") }}</p>', {one.code: Catalogue(False, texts.get(one.code, {"a": "y"})) for one in TRANSLATED}
    )


def test_one_languages_length_is_all_languages_length(small_drop: Drop) -> None:
    shown = pages(template(fa={"a": "z" * PADDED}), small_drop.chain)
    assert {len(page) for page in shown.values()} == {2 * PADDED}


def test_a_page_with_a_hole_is_not_rendered_and_a_text_is_never_markup(small_drop: Drop) -> None:
    with pytest.raises(Refused, match="Deutsch"):
        pages(template(de={}), small_drop.chain)
    assert b"<script" not in b"".join(pages(template(de={"a": "<script>"}), small_drop.chain).values())


BUILT = Path(page.__file__).parent / "built"
FORM_FACTS = [
    {"stored": stored, "already": stored, "number": 2 * stored + 1, "kind": kind, "message": "x" * 300}
    for stored in (0, 1, 10**6)
    for kind in ("", "unsealed", "epoch", "no_room", "busy", "permit", "sealing_off", "empty", "other")
]


def test_every_page_and_every_answer_to_a_form_has_the_one_length_of_json_answers() -> None:
    """With the real texts and the longest name that a drop can have: a second unit in one language would make two lengths."""
    # A quotation mark is what takes most bytes in HTML.
    longest: Any = SimpleNamespace(current=SimpleNamespace(drop='"' * 64), drop_id=bytes(32))
    for name in (TEMPLATE, ANSWER):
        made = read_template(BUILT, name)
        if name == TEMPLATE:
            lengths = {len(body) for body in pages(made, longest).values()}
        else:
            lengths = {len(answer_page(made, longest, language, facts)) for language in LANGUAGES for facts in FORM_FACTS}
        assert lengths == {PADDED}, name
