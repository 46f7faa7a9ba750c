"""A file in the sandbox: in the message, on the page as a download, and never a page itself."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from hostile import words as attacks
from hypothesis import given
from hypothesis import strategies as st
from sandbox_stage import person, post
from sandbox_tabs import INCIDENT, NEEDS_CHROMIUM, House, Page
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from test_sandbox_page import TOKEN, Tab, opened, told

from core.incident.document import File, Post
from core.incident.vocabulary import MessageRef
from transports.sandbox.files import disposition

pytest_plugins = ["conftest_sandbox"]

NAME = "Zahlung „fällt“ aus; 100 %.md"
TEXT = "# Checkout fails — 🔥\r\nline\n"
EVIL = (
    '<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "run"; fetch("/acts")</script>'
    '<image href="http://127.0.0.1:9/x"/></svg>'
)


def file(name: str = NAME, media_type: str = "text/markdown", text: str = TEXT) -> File:
    return File(name, media_type, lambda: text)


def card(sent: File | None, words: str = "the record") -> Post:
    return post(words, card="postmortem", file=sent)


async def said(tab: Tab, sent: File | None = None) -> MessageRef:
    return await tab.stage.bot.send(tab.stage.triage, card(sent or file()), "key")


async def got(tab: Tab, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    async with tab.session.get(tab.origin + path, headers=headers) as response:
        return response.status, dict(response.headers), await response.read()


async def test_it_comes_down_as_it_was_sent_and_as_a_download() -> None:
    async with opened() as tab:
        ref = await said(tab)
        status, headers, body = await got(tab, f"/files/{ref.id}?as=ann&token={TOKEN}")
    assert (status, body) == (200, TEXT.encode())
    assert headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox;")
    assert headers["Content-Disposition"] == (
        'attachment; filename="Zahlung _f_llt_ aus; 100 _.md"; '
        "filename*=UTF-8''Zahlung%20%E2%80%9Ef%C3%A4llt%E2%80%9C%20aus%3B%20100%20%25.md"
    )


@given(st.text() | attacks())
def test_any_name_is_one_header_in_ascii_that_reads_back(name: str) -> None:
    name = File(name, "text/plain", str).name
    header = disposition(name)
    found = re.fullmatch(r'attachment; filename="([^"\\%]*)"; filename\*=UTF-8\'\'([A-Za-z0-9!#$&+.^_`|~%-]*)', header)
    assert found is not None
    assert header.isascii()
    assert header.isprintable()
    assert unquote(found[2]) == name


async def test_it_is_told_with_its_name_and_size_and_an_edit_leaves_it() -> None:
    async with opened() as tab:
        async with tab.live("ann") as (_, socket):
            ref = await said(tab)
            assert (await told(socket))["messages"][0]["file"] == {"name": NAME, "size": len(TEXT.encode())}
            await tab.stage.bot.edit(ref, card(file(text="other"), "out since 10:05"), "edit")
            (edited,) = (await told(socket))["messages"]
        assert edited["card"]["lines"][0]["spans"][0]["text"] == "out since 10:05"
        assert edited["file"] == {"name": NAME, "size": len(TEXT.encode())}
        assert (await got(tab, f"/files/{ref.id}?as=ann&token={TOKEN}"))[2] == TEXT.encode()


async def test_it_is_for_those_alone_who_may_read_the_message() -> None:
    async with opened() as tab:
        stage = tab.stage
        letter = replace(card(file()), private_to=person(stage.ann))
        private = await stage.bot.send(stage.triage, letter, "letter")
        bare = await stage.bot.send(stage.triage, card(None), "bare")
        gone = await said(tab)
        stage.world.delete(stage.ann, gone)
        stage.world.create_person("Zoe", channels=())
        here = await stage.bot.send(stage.triage, card(file()), "here")
        assert (await got(tab, f"/files/{private.id}?as=ann&token={TOKEN}"))[0] == 200
        refused = {
            await _words(tab, f"/files/{ref}?as={who}&token={TOKEN}")
            for ref, who in [
                (private.id, "jon"),
                (bare.id, "ann"),
                (gone.id, "ann"),
                (here.id, "zoe"),
                (here.id, "nobody"),
                (here.id, ""),
                ("m999", "ann"),
            ]
        }
        assert refused == {(404, b"There is no such file.\n")}


async def _words(tab: Tab, path: str) -> tuple[int, bytes]:
    status, _, body = await got(tab, path)
    return status, body


async def test_it_is_guarded_like_every_address_of_the_page() -> None:
    async with opened() as tab:
        ref = await said(tab)
        path = f"/files/{ref.id}?as=ann"
        assert (await got(tab, path))[0] == 403
        assert (await got(tab, f"{path}&token=wrong"))[0] == 403
        assert (await got(tab, path, Cookie=f"tocsin-{tab.site.port}={TOKEN}"))[0] == 200
        assert (await got(tab, f"{path}&token={TOKEN}", Origin=tab.origin))[0] == 200
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
            assert (await got(tab, f"{path}&token={TOKEN}", Origin=origin))[0] == 403
        assert (await got(tab, f"{path}&token={TOKEN}", Host="evil.example"))[0] == 403


# In Chromium


def downloads(chromium: webdriver.Chrome, folder: Path) -> None:
    where = {"behavior": "allow", "downloadPath": str(folder)}
    chromium.execute_cdp_cmd("Browser.setDownloadBehavior", where)


@NEEDS_CHROMIUM
def test_a_click_keeps_it_and_opens_nothing(chromium: webdriver.Chrome, house: House, tmp_path: Path) -> None:
    downloads(chromium, tmp_path)
    ann = Page(chromium, house).enter("Ann")
    ann.go(INCIDENT)
    stage = house.stage
    ref = house.do(stage.bot.send(house.room, card(file()), "postmortem"))
    drawn = house.do(
        stage.bot.send(house.room, post("drawn", card="course", file=file("a.svg", "image/svg+xml", EVIL)), "c")
    )
    link = ann.message(ref, "a.file")
    ann.until(lambda: ann.one(link).text.split("\n") == [NAME, "32 B"])
    assert ann.one(link).get_attribute("aria-label") == f"Download {NAME}, 32 B"
    for each in (link, ann.message(drawn, "a.file")):
        ann.one(each).click()
    ann.until(lambda: {each.name for each in tmp_path.iterdir()} == {NAME, "a.svg"})
    assert (tmp_path / NAME).read_bytes() == TEXT.encode()
    assert (tmp_path / "a.svg").read_text() == EVIL
    assert len(chromium.window_handles) == 1
    assert ann.one("#me b").text == "Ann"


@NEEDS_CHROMIUM
def test_it_is_reached_with_the_keyboard(chromium: webdriver.Chrome, house: House, tmp_path: Path) -> None:
    downloads(chromium, tmp_path)
    ann = Page(chromium, house).enter("Ann")
    ann.go(INCIDENT)
    ref = house.do(house.stage.bot.send(house.room, card(file("a.md")), "postmortem"))
    ann.until(lambda: ann.all(ann.message(ref, "a.file")))
    ann.run("document.querySelector(arguments[0]).focus()", ann.message(ref))
    for _ in range(8):
        ann.type(Keys.TAB)
        if ann.focused("return document.activeElement.dataset.part || ''") == "file":
            break
    assert ann.focused("return document.activeElement.dataset.part || ''") == "file"
    ann.type(Keys.ENTER)
    ann.until(lambda: [each.name for each in tmp_path.iterdir()] == ["a.md"])


@NEEDS_CHROMIUM
def test_a_picture_whose_address_is_opened_runs_nothing(
    chromium: webdriver.Chrome, house: House, tmp_path: Path
) -> None:
    downloads(chromium, tmp_path)
    page = Page(chromium, house).enter("Ann")
    ref = house.do(
        house.stage.bot.send(house.room, post("x", card="course", file=file("a.svg", "image/svg+xml", EVIL)), "c")
    )
    before = chromium.current_url
    page.run("location.href = arguments[0]", f"/files/{ref.id}?as=ann")
    page.until(lambda: [each.name for each in tmp_path.iterdir()] == ["a.svg"])
    assert chromium.current_url == before
    assert chromium.title != "run"
