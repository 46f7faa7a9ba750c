"""The sandbox's page for somebody new to it: it says what one may do, keeps one's place and words, and fits a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox_stage import person, post
from sandbox_tabs import INCIDENT, NEEDS_CHROMIUM, House, Page, console
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from core.incident.document import Choice, Document, Post, Who, line
from transports.sandbox.page import serve

pytest_plugins = ["conftest_sandbox"]
pytestmark = NEEDS_CHROMIUM


@pytest.fixture
def phone(chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    yield chromium
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_board_says_what_its_reactions_do(chromium: webdriver.Chrome, house: House) -> None:
    leah = Page(chromium, house).enter("Leah")
    leah.go(INCIDENT)
    chips = leah.texts(leah.message(house.board, ".chip[data-emoji]"))
    assert chips == [
        "🧭commander1", "🔎diagnosis1", "📣updates1", "⏪recovery1", "✍️scribe", "🧊freeze changes1", "🆘widen the circle",
    ]  # fmt: skip
    chip = leah.one(leah.message(house.board, '.chip[data-emoji="✍️"]'))
    assert chip.get_attribute("title") == "✍️ claim scribe (/inc claim scribe)"


def test_a_hint_says_what_to_do_until_it_is_closed(chromium: webdriver.Chrome, house: House) -> None:
    page = Page(chromium, house).enter("Jon")
    assert "⏪ recovery" in page.one("#hint").text
    assert "/inc help" in page.one("#hint").text
    page.one("#hint-close").click()
    page.until(lambda: not page.one("#hint").is_displayed())
    chromium.refresh()
    page.until(lambda: page.all("#messages .message"))
    assert not page.one("#hint").is_displayed()


def test_words_stay_where_they_are_being_typed(chromium: webdriver.Chrome, house: House) -> None:
    mia = Page(chromium, house).enter("Mia")

    def typed(composer: str = "#composer") -> str:
        return str(mia.run("return document.querySelector(`${arguments[0]} textarea`).value", composer))

    mia.one("#composer textarea").send_keys("for triage")
    mia.go(INCIDENT)
    assert typed() == ""
    mia.one("#composer textarea").send_keys("for the incident")
    mia.one(".talk").click()
    mia.until(lambda: mia.one("#thread").is_displayed())
    mia.one("#thread-composer textarea").send_keys("for H2")
    mia.type(Keys.ESCAPE)
    mia.one(mia.message(house.board)).click()
    mia.type("t")
    mia.until(lambda: mia.one("#thread").is_displayed())
    assert typed("#thread-composer") == ""
    mia.type(Keys.ESCAPE)
    mia.go("triage")
    assert typed() == "for triage"
    mia.go(INCIDENT)
    assert typed() == "for the incident"
    mia.one(".talk").click()
    mia.until(lambda: typed("#thread-composer") == "for H2")
    mia.one("#thread-composer textarea").send_keys("\n")
    mia.until(lambda: "for H2" in mia.texts("#thread-messages .text"))
    mia.until(lambda: typed("#thread-composer") == "")
    assert typed() == "for the incident"

    # An edit borrows the field and gives it back.
    said = house.at_once(lambda: house.stage.world.say(house.stage.mia, house.room, "helo"))
    mia.until(lambda: mia.all(mia.message(said)))
    mia.one(mia.message(said)).click()
    mia.type("e")
    assert typed() == "helo"
    mia.type(Keys.ESCAPE)
    assert typed() == "for the incident"


def test_a_reload_comes_back_to_the_same_channel_and_thread(chromium: webdriver.Chrome, house: House) -> None:
    leah = Page(chromium, house).enter("Leah")
    leah.go(INCIDENT)
    leah.one(".talk").click()
    leah.until(lambda: len(leah.all("#thread-messages .message")) == 3)
    chromium.refresh()
    leah.until(lambda: INCIDENT in leah.one("#name").text)
    leah.until(lambda: len(leah.all("#thread-messages .message")) == 3)


def test_a_sandbox_started_anew_says_so_in_an_old_tab(chromium: webdriver.Chrome, house: House) -> None:
    ann = Page(chromium, house).enter("Ann")
    port = house.site.port
    house.do(house.site.close())
    ann.until(lambda: "Connection lost" in ann.one("#offline").text)
    house.site = house.do(serve(house.stage.world, "127.0.0.1", port, "another"))
    ann.until(lambda: ann.one("#offline").text == "Tocsin was started anew. Open the address that it printed.")
    # The address in another tab brings the cookie, and the old tab is back as well.
    again = Page(chromium, house, new_tab=True)
    chromium.close()
    chromium.switch_to.window(ann.handle)
    assert again.handle != ann.handle
    ann.until(lambda: not ann.one("#offline").is_displayed())
    console(chromium)  # refused connections are what this test is about


def test_what_a_card_offered_once_is_no_button_any_more(chromium: webdriver.Chrome, house: House) -> None:
    choices = (Choice("📤", "publish", "publish"), Choice("❌", "discard", "discard"))
    bot, room = house.stage.bot, house.room
    draft = house.do(bot.send(room, post("a draft", "draft/2", choices=choices), "draft"))
    for choice in choices:
        house.do(bot.react(draft, choice.emoji, f"draft{choice.emoji}"))
    house.at_once(lambda: house.stage.world.react(house.stage.jon, draft, "📤"))
    jon = Page(chromium, house).enter("Jon")
    jon.go(INCIDENT)
    assert jon.texts(jon.message(draft, ".choice")) == ["📤publish1", "❌discard"]
    house.do(bot.edit(draft, post("published", "draft/2"), "published"))
    jon.until(lambda: "published" in jon.one(jon.message(draft)).text)
    assert jon.all(jon.message(draft, ".choice")) == []
    assert jon.texts(jon.message(draft, ".chip[data-emoji]")) == ["📤1"]


def test_nobody_is_named_twice(chromium: webdriver.Chrome, house: House) -> None:
    ann, jon = person(house.stage.ann), person(house.stage.jon)
    asked = Post(Document((line(Who(ann), ": will you?"),)), INCIDENT, "prompt/1", pings=(ann, jon))
    sent = house.do(house.stage.bot.send(house.room, asked, "asked"))
    page = Page(chromium, house).enter("Ann")
    page.go(INCIDENT)
    assert page.texts(page.message(sent, ".card p")) == ["Ann: will you?", "@Jon"]
    assert page.all('.message.pinged[data-id="' + sent.id + '"]')


def test_who_begins_to_type_a_name_means_the_name(chromium: webdriver.Chrome, house: House) -> None:
    page = Page(chromium, house)
    page.run("document.querySelector('#cast button').focus()")
    page.type("Zoe", Keys.ENTER)
    page.until(lambda: page.one("#me b").text == "Zoe")


def test_a_phone_shows_news_elsewhere_and_the_list_fits(phone: webdriver.Chrome, house: House) -> None:
    jon = Page(phone, house)
    next(button for button in jon.all("#cast button") if button.text.endswith("Jon")).click()
    jon.until(lambda: jon.texts("#me b") == ["Jon"] and jon.all("#messages .message"))
    assert jon.all("#menu .dot, #menu .pings") == []
    world = house.stage.world
    house.at_once(lambda: world.say(house.stage.mia, house.room, "news"))
    jon.until(lambda: jon.all("#menu .dot"))
    house.at_once(lambda: world.say(house.stage.mia, house.room, "@Jon can you look?"))
    jon.until(lambda: jon.texts("#menu .pings") == ["1"])
    assert jon.one("#menu").get_attribute("aria-label") == "Channels, 2 new elsewhere, 1 for you"

    wide = "return Math.max(document.documentElement.scrollWidth, document.querySelector('#head').scrollWidth) - innerWidth"
    assert jon.run(wide) <= 0
    jon.one("#menu").click()
    jon.until(lambda: jon.one("#side").is_displayed())
    assert jon.run(wide) <= 0
    assert jon.run("return document.querySelector('#menu').getBoundingClientRect().right <= innerWidth")
    jon.one(f'[data-channel="{INCIDENT}"]').click()
    jon.until(lambda: not jon.one("#side").is_displayed())
    assert jon.all("#menu .dot, #menu .pings") == []
    assert jon.run(wide) <= 0
