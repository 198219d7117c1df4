// The page: one text field with completions under it, a choice of languages, a choice of groups with counts.
import { ask, byId, element, fill, roving } from "/page/element.js";

const EXAMPLES = [ // what is typed, and the language of the completions
  ["softw dev", "both"], ["verpleegk", "both"], ["nurse", "nl"], ["vrachtwagenchauffeur", "en"],
  ["elektrcien", "both"], ["We zoeken een ervaren verp", "nl"],
];
const KINDS = {
  title: "occupation", alternative: "also called", vacancy: "vacancy title", phrase: "phrase", sentence: "sentence",
};

const field = byId("text");
const list = byId("completions");
let names = new Map(); // group → name
let shown = []; // the completions in the list
let active = -1; // which of them is selected
let asking = null; // the request under way; an answer that is not to the latest question is dropped

async function begin() {
  const about = await ask("/api/about");
  names = new Map(about.groups.map(({ group, name }) => [String(group), name]));
  byId("phrases").textContent = `${about.phrases.toLocaleString("en")} phrases`;
  fill(byId("group-list"), group("", "All groups"), ...[...names].map(([number, name]) => group(number, name)));
  document.querySelector("#groups input").checked = true;
  byId("examples").append(...EXAMPLES.map(([text, language]) =>
    element("button", { class: "chip", type: "button", onclick: () => example(text, language) }, text)));
  roving(byId("examples"), "button");
  field.addEventListener("input", question);
  field.addEventListener("keydown", key);
  field.addEventListener("blur", () => close());
  byId("languages").addEventListener("change", question);
  byId("groups").addEventListener("change", question);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  await question();
}

/** Ask about the text before the cursor; newer questions abort older ones. */
async function question() {
  asking?.abort();
  const mine = asking = new AbortController();
  const from = performance.now();
  const chosen = document.querySelector("#groups input:checked").value;
  const language = document.querySelector("#languages input:checked").value;
  const text = field.value.slice(0, field.selectionStart ?? field.value.length);
  const body = { text, language, group: chosen === "" ? null : Number(chosen) };
  try {
    const answer = await ask("/api/complete", body, mine.signal);
    if (mine !== asking) return;
    byId("problem").hidden = true;
    draw(answer, text, performance.now() - from);
  } catch (error) {
    if (error.name === "AbortError" || mine !== asking) return;
    close();
    byId("problem").hidden = false;
    byId("problem").textContent = error.message;
  }
}

function draw(answer, text, whole) {
  shown = answer.completions;
  active = shown.length ? 0 : -1;
  fill(list, ...shown.map(option));
  list.hidden = !shown.length;
  field.setAttribute("aria-expanded", String(shown.length > 0));
  point();
  const empty = text.trim() === "";
  byId("nothing").hidden = empty || shown.length > 0;
  byId("took").textContent = empty ? "" : `${answer.took_ms.toFixed(1)} ms to find, ${whole.toFixed(0)} ms in all`;
  byId("said").textContent = empty ? "" : `${shown.length} completions`;
  count(answer.groups);
}

function option(one, place) {
  const badges = element("span", { class: "badges" },
    one.by === "meaning" ? element("span", { class: "badge warm" }, "by meaning") : null,
    element("span", { class: "badge" }, one.language));
  const about = [KINDS[one.kind], one.group === null ? null : names.get(String(one.group))].filter(Boolean).join(" · ");
  return element("li", {
    class: "option", role: "option", id: `completion-${place}`, "aria-selected": "false", onclick: () => accept(place),
  },
  element("span", { class: "text", lang: one.language }, ...emphasised(one)),
  badges,
  element("span", { class: "about" }, about));
}

/** The text in pieces, those that were typed marked. Places count characters, not UTF-16 units. */
function emphasised({ text, marks }) {
  const characters = [...text];
  const pieces = [];
  let at = 0;
  for (const [from, to] of marks) {
    pieces.push(characters.slice(at, from).join(""), element("mark", {}, characters.slice(from, to).join("")));
    at = to;
  }
  return [...pieces, characters.slice(at).join("")];
}

function group(number, name) {
  return element("label", { class: "option", data: { group: number } },
    element("input", { type: "radio", name: "group", value: number }),
    element("span", { class: "name" }, name),
    element("span", { class: "count" }),
    element("span", { class: "bar" }));
}

/** Write the counts of an answer beside the groups. */
function count(counts) {
  const total = Object.values(counts).reduce((sum, one) => sum + one, 0);
  for (const row of byId("group-list").children) {
    const own = row.dataset.group === "" ? total : counts[row.dataset.group] ?? 0;
    row.classList.toggle("none", own === 0);
    row.querySelector(".count").textContent = own.toLocaleString("en");
    row.querySelector(".bar").style.setProperty("--share", total ? own / total : 0);
  }
}

function key(event) {
  if (event.isComposing) return;
  const open = !list.hidden;
  if (event.key === "Escape") {
    event.preventDefault();
    if (open) close();
    else { field.value = ""; question(); }
  } else if (event.key === "ArrowDown" && !open && shown.length) {
    event.preventDefault();
    reopen();
  } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    active = (active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length;
    point();
  } else if (open && (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey))) {
    event.preventDefault();
    accept(active);
  }
}

/** Say which option is selected, to the eye and to assistive technology. */
function point() {
  for (const [place, one] of [...list.children].entries()) one.setAttribute("aria-selected", String(place === active));
  if (active < 0 || list.hidden) field.removeAttribute("aria-activedescendant");
  else {
    field.setAttribute("aria-activedescendant", `completion-${active}`);
    list.children[active].scrollIntoView({ block: "nearest" });
  }
}

/** Put a completion in place of what it continues; what stands behind the cursor stays. */
function accept(place) {
  const one = shown[place];
  const cursor = field.selectionStart ?? field.value.length;
  const kept = [...field.value.slice(0, cursor)].slice(0, one.start).join("");
  field.value = kept + one.text + field.value.slice(cursor);
  field.setSelectionRange(kept.length + one.text.length, kept.length + one.text.length);
  asking?.abort();
  close();
  shown = [];
  byId("said").textContent = `${one.text} accepted`;
}

function close() {
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
  point();
}

function reopen() {
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
  point();
}

function example(text, language) {
  document.querySelector(`#languages input[value="${language}"]`).checked = true;
  field.value = text;
  field.focus();
  field.setSelectionRange(text.length, text.length);
  question();
}

begin().catch((error) => {
  byId("problem").hidden = false;
  byId("problem").textContent = error.message;
});
