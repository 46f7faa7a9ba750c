"""The sandbox's page in Chromium: two tabs are two people, everything works with the keyboard, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from sandbox_stage import post
from sandbox_tabs import INCIDENT, NEEDS_CHROMIUM, House, Page, console, last_said
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from transports.sandbox.page import serve

pytest_plugins = ["conftest_sandbox"]
pytestmark = NEEDS_CHROMIUM


def test_two_tabs_are_two_people(chromium: webdriver.Chrome, house: House) -> None:
    ann = Page(chromium, house).enter("Ann")
    jon = Page(chromium, house, new_tab=True).enter("Jon")
    assert "token" not in ann.run("return location.href")

    ann.one("#composer textarea").send_keys("is the status page up, @Jon?\n")
    jon.until(lambda: "is the status page up, @Jon?" in jon.texts("#messages .text"))
    said = last_said(house, house.stage.triage)
    assert said.author == house.stage.ann
    assert jon.texts(".message.pinged .ping.you") == ["@Jon"]
    assert ann.texts(".message.pinged") == []

    jon.go("support")
    ann.one("#composer textarea").send_keys("anyone?\n")
    jon.until(lambda: jon.all('.channel.unread[data-channel="triage"]'))
    jon.go("triage")
    assert jon.all(".channel.unread") == []

    chromium.switch_to.window(jon.handle)
    chromium.close()
    chromium.switch_to.window(ann.handle)


def test_a_new_name_is_a_new_person(chromium: webdriver.Chrome, house: House) -> None:
    page = Page(chromium, house)
    page.one("#newcomer").send_keys("Tocsin\n")
    page.until(lambda: "choose another name" in page.one("#who-answer").text)
    page.one("#newcomer").clear()
    page.one("#newcomer").send_keys("Zoë Quinn\n")
    page.until(lambda: page.one("#me b").text == "Zoë Quinn")
    page.until(lambda: page.all("#messages .message"))
    chromium.refresh()
    page.until(lambda: page.one("#me b").text == "Zoë Quinn")


def test_a_reaction_is_one_click_on_and_one_click_off(chromium: webdriver.Chrome, house: House) -> None:
    leah = Page(chromium, house).enter("Leah")
    leah.go(INCIDENT)
    world = house.stage.world
    chip = leah.message(house.board, '.chip[data-emoji="🆘"]')
    assert leah.one(chip).get_attribute("aria-pressed") == "false"
    leah.one(chip).click()
    leah.until(lambda: leah.one(chip).get_attribute("aria-pressed") == "true")
    assert world.look(house.board).who("🆘") == ("tocsin", "leah")
    leah.one(chip).click()
    leah.until(lambda: leah.one(chip).get_attribute("aria-pressed") == "false")
    assert world.look(house.board).who("🆘") == ("tocsin",)

    choice = '.choice[data-emoji="⏪"]'
    assert leah.one(choice).text == "⏪\nroll back"
    assert leah.one(choice).get_attribute("aria-label") == "roll back"
    leah.one(choice).click()
    leah.until(lambda: leah.one(choice).get_attribute("aria-pressed") == "true")
    assert last_said(house, house.room).who("⏪") == ("leah",)


def test_the_board_stands_in_columns_and_is_pinned(chromium: webdriver.Chrome, house: House) -> None:
    ann = Page(chromium, house).enter("Ann")
    ann.go(INCIDENT)
    columns = (
        "return [...document.querySelectorAll('[data-card=board] dd')].map(one => one.getBoundingClientRect().left)"
    )
    assert len(set(ann.run(columns))) == 1
    assert ann.texts("#pins button") == ["SEV1 · investigating · Checkout fails after payment"]
    ann.one("#pins button").click()
    ann.until(lambda: ann.focused("return document.activeElement.dataset.id") == house.board.id)

    house.do(house.stage.bot.edit(house.board, post("all is well"), "edited"))
    ann.until(lambda: "all is well" in ann.one('[data-card="board"]').text)
    assert ann.texts(ann.message(house.board, ".edited")) == ["edited"]
    # The message was drawn anew; whoever was reading it with the keyboard still is.
    assert ann.focused("return document.activeElement.dataset.id") == house.board.id


def test_a_thread_stands_beside_its_channel(chromium: webdriver.Chrome, house: House) -> None:
    mia = Page(chromium, house).enter("Mia")
    mia.go(INCIDENT)
    mia.one(".talk").click()
    mia.until(lambda: len(mia.all("#thread-messages .message")) == 3)
    mia.one("#thread-composer textarea").send_keys("rounding mode is the difference\n")
    mia.until(lambda: "rounding mode is the difference" in mia.texts("#thread-messages .text"))
    assert "rounding mode is the difference" not in mia.texts("#messages .text")
    root = next(one for one in house.stage.world.said(house.room) if one.mark == (INCIDENT, "item/H2"))
    assert last_said(house, house.room).thread == root.ref
    # The channel has become narrower, and whoever read its newest message still does.
    gap = "const list = document.querySelector('#messages'); return list.scrollHeight - list.scrollTop - list.clientHeight"
    mia.until(lambda: mia.run(gap) < 5)
    mia.until(lambda: mia.texts(".talk b") == ["3 replies"])
    mia.type(Keys.ESCAPE)
    mia.until(lambda: not mia.one("#thread").is_displayed())


def test_everything_can_be_done_with_the_keyboard(chromium: webdriver.Chrome, house: House) -> None:
    jon = Page(chromium, house)
    jon.type(Keys.TAB, Keys.TAB)
    assert jon.focused("return document.activeElement.textContent") == "JOJon"
    jon.type(Keys.ENTER)
    jon.until(lambda: jon.focused("return document.activeElement.tagName") == "TEXTAREA")

    # To the incident, write, go up to the message, react, undo nothing with Escape, open its thread, answer there.
    ActionChains(chromium).key_down(Keys.ALT).send_keys(Keys.ARROW_DOWN).key_up(Keys.ALT).perform()
    jon.until(lambda: INCIDENT in jon.one("#name").text)
    jon.type("/inc board", Keys.ENTER)
    jon.until(lambda: "/inc board" in jon.texts("#messages .text"))
    jon.until(lambda: jon.run("return document.querySelector('#composer textarea').value") == "")
    said = last_said(house, house.room)
    assert said.text == "/inc board"

    jon.type(Keys.ARROW_UP)
    jon.until(lambda: jon.focused("return document.activeElement.dataset.id") == said.ref.id)
    jon.type(Keys.ARROW_UP, Keys.ARROW_UP)
    assert jon.focused("return document.activeElement.dataset.id") != said.ref.id
    jon.type(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert jon.focused("return document.activeElement.dataset.id") == said.ref.id

    jon.type("r")
    jon.until(lambda: jon.one("#picker").is_displayed())
    jon.type(Keys.ESCAPE)
    jon.until(lambda: not jon.one("#picker").is_displayed())
    assert jon.focused("return document.activeElement.dataset.id") == said.ref.id
    jon.type("r", "observ", Keys.ENTER)
    jon.until(lambda: jon.texts(jon.message(said.ref, ".chip .emoji")) == ["📌"])
    jon.until(lambda: jon.focused("return document.activeElement.dataset.id") == said.ref.id)

    jon.type("t")
    jon.until(lambda: jon.one("#thread").is_displayed())
    jon.type("in the thread", Keys.ENTER)
    jon.until(lambda: "in the thread" in jon.texts("#thread-messages .text"))
    assert last_said(house, house.room).thread == said.ref
    jon.type(Keys.ESCAPE)
    jon.until(lambda: jon.focused("return document.activeElement.dataset.id") == said.ref.id)

    jon.type("q")
    jon.type("as asked", Keys.ENTER)
    jon.until(lambda: jon.texts(".context span")[-1:] == ["/inc board"])
    jon.type(Keys.ARROW_UP)
    jon.until(lambda: "message" in jon.focused())
    jon.type("/")
    jon.until(lambda: jon.focused("return document.activeElement.tagName") == "TEXTAREA")


def test_any_emoji_can_be_typed_and_ones_own_words_edited(chromium: webdriver.Chrome, house: House) -> None:
    mia = Page(chromium, house).enter("Mia")
    said = house.at_once(lambda: house.stage.world.say(house.stage.mia, house.stage.triage, "helo"))
    mia.until(lambda: mia.all(mia.message(said)))
    mia.one(mia.message(said)).click()
    mia.type("r")
    # chromedriver types only the basic plane; an input method does this.
    mia.run("const f = document.querySelector('#picker input'); f.value = '🦊'; f.dispatchEvent(new Event('input'))")
    mia.type(Keys.ENTER)
    mia.until(lambda: mia.texts(mia.message(said, ".chip .emoji")) == ["🦊"])
    mia.type("e", Keys.BACKSPACE, "lo", Keys.ENTER)
    mia.until(lambda: mia.texts(mia.message(said, ".text")) == ["hello"])
    assert mia.texts(mia.message(said, ".edited")) == ["edited"]


def test_a_locked_channel_says_so_and_a_refusal_is_read_aloud(chromium: webdriver.Chrome, house: House) -> None:
    ann = Page(chromium, house).enter("Ann")
    ann.go(INCIDENT)
    house.do(house.stage.bot.set_locked(house.room, True))
    ann.until(lambda: not ann.one("#composer textarea").is_enabled())
    assert "read-only" in str(ann.one("#composer textarea").get_attribute("placeholder"))
    ann.one(ann.message(house.board, '.chip[data-emoji="🆘"]')).click()
    ann.until(lambda: "read-only" in ann.one("#composer [role=alert]").text)


def test_words_are_words_whatever_is_in_them(chromium: webdriver.Chrome, house: House) -> None:
    hostile = '<img src=x onerror="document.title=1"><b>bold</b> & [link](javascript:alert(1)) @everyone'
    ann = Page(chromium, house).enter("Ann")
    house.at_once(lambda: house.stage.world.say(house.stage.mia, house.stage.triage, hostile))
    house.do(house.stage.bot.send(house.stage.triage, post(hostile), "hostile"))
    ann.until(lambda: hostile in ann.texts("#messages .card p"))
    assert hostile in ann.texts("#messages .text")
    assert ann.all("#messages .text b, #messages .text img") == []
    ann.until(lambda: hostile in str(ann.run("return document.querySelector('#said').textContent")))


def test_the_page_comes_back_when_the_sandbox_does(chromium: webdriver.Chrome, house: House) -> None:
    ann = Page(chromium, house).enter("Ann")
    port = house.site.port
    house.do(house.site.close())
    ann.until(lambda: ann.one("#offline").is_displayed())
    house.at_once(lambda: house.stage.world.say(house.stage.mia, house.stage.triage, "meanwhile"))
    house.site = house.do(serve(house.stage.world, "127.0.0.1", port, "token"))
    ann.until(lambda: "meanwhile" in ann.texts("#messages .text"))
    assert not ann.one("#offline").is_displayed()
    console(chromium)  # a refused connection is what this test is about


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_legible(chromium: webdriver.Chrome, house: House, scheme: str, tmp_path: Path) -> None:
    chromium.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    leah = Page(chromium, house).enter("Leah")
    leah.go(INCIDENT)
    for css in (".author", ".message time", ".rows dt", ".choice", ".channel", ".pinged .title", "#topic", ".badge"):
        assert leah.run(CONTRAST, css) >= 4.5, css
    leah.one(".talk").click()
    assert chromium.save_screenshot(str(tmp_path / f"{scheme}.png"))
    assert leah.run("return document.documentElement.scrollWidth <= innerWidth")


CONTRAST = """
// WCAG 2.2, 1.4.3: (lighter + .05) / (darker + .05), against the nearest background that is not transparent.
const node = document.querySelector(arguments[0]);
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
let behind = node;
while (behind && (parse(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
  .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
  .reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
const pair = [light(parse(getComputedStyle(node).color)), light(parse(getComputedStyle(behind).backgroundColor))].sort();
return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
"""
