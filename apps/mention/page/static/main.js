// The views of the page and the way between them: the address after # says what is shown, so that back works.

import { byId, element, fill } from "/page/element.js";
import { guarded, hush } from "/notice.js";
import { overview, parsed } from "/knowledge.js";
import * as people from "/people.js";
import * as person from "/person.js";
import * as reading from "/reading.js";
import * as teaching from "/teaching.js";

const VIEWS = { read: reading, people, person, teach: teaching };

async function show(first) {
  const [asked, ...rest] = parsed(location.hash);
  const name = asked in VIEWS ? asked : "read";
  hush();
  for (const other of Object.keys(VIEWS)) byId(other).hidden = other !== name;
  for (const link of document.querySelectorAll("nav [data-view]")) {
    const here = link.dataset.view === name || (name === "person" && link.dataset.view === "people");
    here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  await guarded(async () => VIEWS[name].show(...rest));
  const title = byId(`${name}-title`);
  document.title = `${title.textContent} · mention`;
  if (!first) {
    scrollTo(0, 0);
    title.focus({ preventScroll: true });
  }
}

async function count() {
  const { people: known, mentions } = await overview();
  fill(byId("known"), element("b", {}, known.toLocaleString("en")), " people, ", element("b", {}, mentions.toLocaleString("en")), " mentions");
}

addEventListener("hashchange", () => show(false));
document.addEventListener("changed", () => guarded(count));
for (const view of Object.values(VIEWS)) view.begin();
await guarded(count);
await show(true);
