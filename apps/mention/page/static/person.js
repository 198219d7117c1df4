// One person: what is said of them, what follows from it, and who is nearest.

import { byId } from "/page/element.js";
import { forget, milliseconds, person, remember } from "/knowledge.js";
import { guarded } from "/notice.js";
import * as categories from "/categories.js";
import * as mentions from "/mentions.js";
import * as near from "/near.js";
import * as play from "/play.js";

// rows: {id, text, start, end, source, date, counted}: in the memory, or left out and kept by this page. An answer that
// comes when somebody else is shown already belongs to the old one and draws nothing.
let shown = { entity: "", rows: [] };

export function begin() {
  categories.begin((chosen) => mentions.speak(chosen));
  mentions.begin({ count, leave, remove });
  near.begin();
  play.begin(draw);
}

export async function show(entity) {
  const here = { entity: entity ?? "", rows: [] };
  shown = here;
  play.pause();
  const answer = await person(here.entity);
  if (shown !== here) return;
  const inside = new Set(answer.mentions.map((one) => one.id));
  here.rows = [...answer.mentions.map((one) => ({ ...one, counted: true })), ...kept(here).filter((one) => !inside.has(one.id))];
  byId("person-title").textContent = here.entity;
  byId("lately").textContent = "";
  categories.forget();
  play.over(here.entity, counted());
  draw(answer.knowledge, null);
  await near.show(here.entity, answer.knowledge !== null);
}

const counted = () => shown.rows.filter((row) => row.counted);

/** What is known now, from which of the mentions (null: from all that count), and how that came to be. */
function draw(knowledge, heard, words = null) {
  categories.draw(knowledge);
  mentions.draw(shown.rows, heard);
  mentions.speak(categories.chosen());
  if (words !== null) byId("lately").textContent = words;
  byId("knowledge-title").textContent = said(heard ?? counted());
  byId("person-words").textContent = categories.words(knowledge);
}

const said = (of) => (of.length === 1 ? "What one mention says" : `What ${of.length} mentions say`);

async function count(row) {
  const here = shown;
  const { text, start, end, source, date } = row;
  const answer = await remember({ entity: here.entity, text, start, end, source, date });
  row.counted = true;
  settle(here, answer, "remembered");
}

async function leave(row) {
  const here = shown;
  const answer = await forget(here.entity, row.id);
  row.counted = false;
  settle(here, answer, "forgotten");
}

async function remove(row) {
  const here = shown;
  const answer = row.counted ? await forget(here.entity, row.id) : null;
  here.rows = here.rows.filter((other) => other !== row);
  if (answer !== null) return settle(here, answer, "removed");
  keep(here);
  return mentions.draw(here.rows, null);
}

function settle(here, answer, done) {
  keep(here);
  if (shown !== here) return;
  play.pause();
  play.over(here.entity, counted());
  draw(answer.knowledge, null, `${done} and read again in ${milliseconds(answer.ms)}`);
  guarded(() => near.show(here.entity, answer.knowledge !== null));
}

const place = (here) => `left out: ${here.entity}`;

function keep(here) {
  const left = here.rows.filter((row) => !row.counted);
  if (left.length) sessionStorage.setItem(place(here), JSON.stringify(left));
  else sessionStorage.removeItem(place(here));
}

function kept(here) {
  return JSON.parse(sessionStorage.getItem(place(here)) ?? "[]");
}
