"""`uv run poe screenshot-status`: makes the status page of the samples and takes the README's picture of it in Chromium."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from screenshot import FLAGS
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from status_samples import AT, SHOP, checkout, past

from bot.web.status.page import files

PICTURE = Path(__file__).parent / "screenshots" / "status.png"

SIZE = {"width": 960, "height": 835}


def main() -> None:
    """Opens the page as a reader in Berlin has it, from the state down to the components."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    with tempfile.TemporaryDirectory() as folder:
        for flag in (*FLAGS, "--hide-scrollbars", f"--user-data-dir={folder}/chromium"):
            options.add_argument(flag)
        for name, content in files(SHOP, [checkout(), *past()], AT).items():
            file = Path(folder) / "page" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Europe/Berlin"})
            metrics = {**SIZE, "deviceScaleFactor": 0.75, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            driver.get((Path(folder) / "page" / "index.html").as_uri())
            taken = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
            PICTURE.write_bytes(base64.b64decode(taken["data"]))
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
