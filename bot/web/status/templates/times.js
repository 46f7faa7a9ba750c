// Puts the reader's own time before UTC, wherever they differ. What an update says is never touched.
"use strict";
{
  const show = (at, shape) => new Intl.DateTimeFormat("en-GB", shape).format(at);
  const hour = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const date = { day: "numeric", month: "long", year: "numeric" };
  let abroad = false;
  for (const time of document.querySelectorAll("time[datetime$=Z]")) {
    const at = new Date(time.dateTime);
    if (!at.getTimezoneOffset()) continue;
    abroad = true;
    const [, day, utc] = /^(.*, )?(.* UTC)$/.exec(time.textContent);
    const here = show(at, date);
    const moved = here !== show(at, { ...date, timeZone: "UTC" });
    const lead = moved || day ? `${here}, ` : "";
    time.textContent = `${lead}${show(at, hour)} (${moved && day ? day : ""}${utc})`;
  }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (abroad) document.getElementById("zone").textContent = `Times are those of ${zone}, with UTC in brackets.`;
}
