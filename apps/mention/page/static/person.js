// One person: what is said of them, what follows from it, and who is nearest.

import { byId } from "/page/element.js";
import { forget, milliseconds, person, remember } from "/knowledge.js";
import { guarded } from "/notice.js";
import * as categories from "/categories.js";
import * as mentions from "/mentions.js";
import * as near from "/near.js";
import * as play from "/play.js";

let entity = null;
let rows = []; // {id, text, start, end, source, date, counted}: in the memory, or left out and kept by this page

export function begin() {
  categories.begin((chosen) => mentions.speak(chosen));
  mentions.begin({ count, leave, remove });
  near.begin();
  play.begin(draw);
}

export async function show(asked) {
  entity = asked ?? "";
  play.pause();
  const left = kept();
  const answer = await person(entity);
  const inside = new Set(answer.mentions.map((one) => one.id));
  rows = [...answer.mentions.map((one) => ({ ...one, counted: true })), ...left.filter((one) => !inside.has(one.id))];
  byId("person-title").textContent = entity;
  byId("absorbed").textContent = "";
  categories.forget();
  play.over(entity, counted());
  draw(answer.knowledge, null);
  await near.show(entity, answer.knowledge !== null);
}

const counted = () => rows.filter((row) => row.counted);

/** What is known now, from which of the mentions (null: from all that count), and how that came to be. */
function draw(knowledge, heard, words = null) {
  categories.draw(knowledge);
  mentions.draw(rows, heard);
  mentions.speak(categories.chosen());
  if (words !== null) byId("absorbed").textContent = words;
  byId("knowledge-title").textContent = said(heard ?? counted());
  byId("person-words").textContent = categories.words(knowledge);
}

const said = (of) => (of.length === 1 ? "What one mention says" : `What ${of.length} mentions say`);

async function count(row) {
  const answer = await remember({ entity, text: row.text, start: row.start, end: row.end, source: row.source, date: row.date });
  row.counted = true;
  settle(answer, `remembered and read again in ${milliseconds(answer.ms)}`);
}

async function leave(row) {
  const answer = await forget(entity, row.id);
  row.counted = false;
  settle(answer, `forgotten and read again in ${milliseconds(answer.ms)}`);
}

async function remove(row) {
  if (row.counted) {
    const answer = await forget(entity, row.id);
    rows = rows.filter((other) => other !== row);
    return settle(answer, `removed and read again in ${milliseconds(answer.ms)}`);
  }
  rows = rows.filter((other) => other !== row);
  keep();
  mentions.draw(rows, null);
}

function settle(answer, words) {
  play.pause();
  play.over(entity, counted());
  keep();
  draw(answer.knowledge, null, words);
  guarded(() => near.show(entity, answer.knowledge !== null));
}

function keep() {
  const left = rows.filter((row) => !row.counted);
  if (left.length) sessionStorage.setItem(`left out: ${entity}`, JSON.stringify(left));
  else sessionStorage.removeItem(`left out: ${entity}`);
}

function kept() {
  return JSON.parse(sessionStorage.getItem(`left out: ${entity}`) ?? "[]");
}
