// Mentions one after another: a slider to step, a button that steps by itself. Nothing in the memory changes by it.

import { byId } from "/page/element.js";
import { heard, milliseconds } from "/knowledge.js";
import { guarded } from "/notice.js";

const MILLISECONDS = 900; // between two mentions

let draw = () => {};
let entity = "";
let mentions = [];
let timer = null;
let asking = null;

export function begin(drawn) {
  draw = drawn;
  byId("heard").addEventListener("input", () => {
    pause();
    guarded(step);
  });
  byId("play").addEventListener("click", () => (timer === null ? start() : pause()));
}

/** The mentions to be heard; all of them have been. */
export function over(person, counted) {
  [entity, mentions] = [person, counted];
  const slider = byId("heard");
  slider.max = String(Math.max(1, mentions.length));
  slider.value = slider.max;
  slider.disabled = byId("play").disabled = mentions.length < 2;
  label();
}

export function pause() {
  clearTimeout(timer);
  timer = null;
  asking?.abort();
  byId("play").textContent = "Play";
}

function start() {
  byId("play").textContent = "Pause";
  if (position() >= mentions.length) byId("heard").value = "1";
  else byId("heard").stepUp();
  timer = setTimeout(tick, 0);
}

async function tick() {
  const mine = timer;
  const done = await guarded(step);
  if (timer !== mine) return;
  if (!done || position() >= mentions.length) return pause();
  timer = setTimeout(() => {
    byId("heard").stepUp();
    tick();
  }, MILLISECONDS);
}

async function step() {
  label();
  asking?.abort();
  asking = new AbortController();
  const some = mentions.slice(0, position());
  const answer = await heard(entity, some.map((row) => row.id), asking.signal);
  draw(answer.knowledge, some, `${some.length === 1 ? "one mention" : `${some.length} mentions`} read in ${milliseconds(answer.ms)}`);
  return true;
}

const position = () => Number(byId("heard").value);

function label() {
  byId("heard-count").textContent = mentions.length ? `${position()} of ${mentions.length}` : "none";
  byId("heard").setAttribute("aria-valuetext", `${position()} of ${mentions.length} mentions`);
}
