"""The page in every language: one page for everybody in it, whatever a visitor's browser says of its own."""

import re

import pytest

from knothole_keys.errors import Refused
from knothole_keys.languages import LANGUAGES, SOURCE, TRANSLATED
from knothole_keys.page import PADDED, Catalogue, Template, pages
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
