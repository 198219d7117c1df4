// "Who is it?": a text, the names in it, whom they mean, and remembering what was said.

import { byId, element, fill, roving } from "/page/element.js";
import { address, link, milliseconds, read, remember, texts } from "/knowledge.js";
import { hush, listener, tell } from "/notice.js";
import { charactersBefore, marked, woven } from "/passage.js";

let text = "";
let names = []; // {start, end, surface, sentence, span, candidates, remembered}, in the order of the text
let current = null;
let selection = null; // [start, end] in characters of the text

export function begin() {
  byId("read-form").addEventListener("submit", (event) => event.preventDefault());
  byId("read-form").addEventListener("submit", listener(find));
  byId("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("read-form").requestSubmit();
  });
  document.addEventListener("selectionchange", select);
  byId("text").addEventListener("select", select);
  byId("mark").addEventListener("click", listener(mark));
  roving(byId("texts"), "button");
}

export async function show() {
  if (byId("texts").childElementCount) return;
  const { texts: offered } = await texts();
  fill(byId("texts"), ...offered.map(({ title, text: own }) =>
    element("button", { class: "chip", type: "button", onclick: listener(() => begun(own)) }, title)));
}

async function begun(own) {
  byId("text").value = own;
  await find();
}

async function find() {
  const asked = byId("text").value;
  if (!asked.trim()) return void byId("text").focus();
  const answer = await read(asked);
  [text, names, current] = [asked, answer.names, null];
  byId("reading").hidden = false;
  const count = names.length === 1 ? "one name" : `${names.length || "no"} names`;
  byId("read-time").textContent = `${count} in ${milliseconds(answer.ms)}`;
  draw();
  fill(byId("panel-body"), element("p", { class: "meta" }, names.length
    ? "Choose one of the marked names, or select others and mark them."
    : "No name of a person was found. Select one in the text and mark it."));
  byId("panel-title").textContent = names.length ? "Choose a name" : "Nobody found";
}

function draw() {
  fill(byId("passage"), ...woven(text, names, (name, surface) => {
    const [best] = name.candidates;
    const whom = best && (best.entity === surface ? best.score.toFixed(2) : `${best.entity} ${best.score.toFixed(2)}`);
    const words = name.remembered ? `remembered: ${name.remembered}` : (whom ?? "nobody we know");
    return element("button", {
      class: `name ${name.remembered ? "remembered" : best ? "linked" : "unknown"}`,
      type: "button",
      "aria-expanded": String(name === current),
      "aria-controls": "panel",
      onclick: () => open(name, true),
    }, element("span", { class: "surface" }, surface), element("span", { class: "who" }, words));
  }));
}

function select() {
  const box = byId("text");
  const chosen = getSelection();
  if (byId("passage").contains(chosen?.anchorNode ?? null) && !chosen.isCollapsed) {
    selection = inPassage(chosen.getRangeAt(0));
  } else if (box.selectionStart < box.selectionEnd) { // stays while the focus moves on to the button
    selection = [box.value, charactersBefore(box.value, box.selectionStart), charactersBefore(box.value, box.selectionEnd)];
  } else {
    selection = null;
  }
  byId("mark").disabled = selection === null;
}

/** The selected part of the passage, if it is plain text between two names. */
function inPassage(range) {
  if (range.startContainer !== range.endContainer || range.startContainer.parentNode !== byId("passage")) return null;
  let before = 0;
  for (const node of byId("passage").childNodes) {
    if (node === range.startContainer) break;
    before += [...(node.querySelector?.(".surface") ?? node).textContent].length;
  }
  const [start, end] = [range.startOffset, range.endOffset].map((unit) => before + charactersBefore(range.startContainer.data, unit));
  return [text, start, end];
}

async function mark() {
  if (selection === null) return;
  const [whole, from, until] = selection;
  const characters = [...whole];
  let [start, end] = [from, until];
  while (start < end && !characters[start].trim()) start += 1;
  while (start < end && !characters[end - 1].trim()) end -= 1;
  if (start === end) return tell("The selection holds no name. Select the letters of a name.");
  if (whole !== text) [text, names] = [whole, []];
  const name = await link(text, start, end);
  names = [...names.filter((other) => other.end <= start || end <= other.start), name].sort((a, b) => a.start - b.start);
  byId("reading").hidden = false;
  open(name, true);
}

function open(name, focus) {
  current = name;
  draw();
  byId("panel-title").textContent = name.surface;
  const box = element("input", { class: "field", id: "new-name", maxlength: 200, autocomplete: "off", dir: "auto" });
  box.value = name.surface;
  const form = element("form", { class: "stack", onsubmit: (event) => event.preventDefault() },
    element("div", {}, element("label", { class: "label", for: "new-name" }, "Somebody else, or somebody new"), box),
    element("button", { class: "button", type: "submit" }, "Remember under this name"));
  form.addEventListener("submit", listener(() => keep(name, box.value)));
  fill(byId("panel-body"),
    element("blockquote", { dir: "auto" }, ...marked(name.sentence, ...name.span)),
    name.remembered ? kept(name) : null,
    name.candidates.length
      ? element("ol", { class: "candidates" }, ...name.candidates.map((candidate) => candidateRow(name, candidate)))
      : element("p", { class: "meta" }, "Nobody we know goes by this name, or nothing we know of them fits."),
    form);
  if (focus) byId("panel").focus({ preventScroll: matchMedia("(min-width: 56rem)").matches });
}

function candidateRow(name, candidate) {
  const [voice] = candidate.mentions;
  return element("li", { class: "candidate" },
    element("div", { class: "row spread" },
      element("a", { href: address("person", candidate.entity), dir: "auto" }, candidate.entity),
      element("span", { class: "count" }, candidate.score.toFixed(2))),
    element("div", { class: "bar", style: { "--share": candidate.score } }),
    voice ? element("p", { class: "meta", dir: "auto" }, ...marked(voice.text, voice.start, voice.end)) : null,
    element("button", { class: "button", type: "button", onclick: listener(() => keep(name, candidate.entity)) },
      `Remember as ${candidate.entity}`));
}

async function keep(name, entity) {
  const [start, end] = name.span;
  const answer = await remember({ entity, text: name.sentence, start, end, source: "this page" });
  Object.assign(name, { remembered: answer.entity, ms: answer.ms });
  hush();
  open(name, true);
}

function kept(name) {
  return element("p", { class: "notice", role: "status" }, `Remembered in ${milliseconds(name.ms)}: `,
    element("a", { href: address("person", name.remembered), dir: "auto" }, `see ${name.remembered}`));
}
