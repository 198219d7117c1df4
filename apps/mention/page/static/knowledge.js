// The server's side of the page, one function per question, and the addresses of the views.

import { ask } from "/page/element.js";

const query = (path, values) => `${path}?${new URLSearchParams(values)}`;

export const overview = () => ask("/api/overview");
export const people = (prefix, signal) => ask(query("/api/people", { prefix }), undefined, signal);
export const person = (entity) => ask(query("/api/person", { entity }));
export const texts = () => ask("/api/texts");
export const read = (text) => ask("/api/read", { text });
export const link = (text, start, end) => ask("/api/link", { text, start, end });
export const near = (entity, filters, signal) => ask("/api/near", { entity, ...filters }, signal);
export const heard = (entity, mentions, signal) => ask("/api/heard", { entity, mentions }, signal);
export const category = (name) => ask(query("/api/category", { name }));
export const remember = (mention) => changed(ask("/api/remember", mention));
export const forget = (entity, mention) => changed(ask("/api/forget", { entity, mention }));
export const teach = (name, examples) => changed(ask("/api/teach", { name, examples }));
export const withdraw = (name) => changed(ask("/api/withdraw", { name }));

async function changed(asked) {
  const answer = await asked;
  document.dispatchEvent(new Event("changed"));
  return answer;
}

/** The address of a view: address("person", "Alan Turing"). */
export function address(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** What an address asks for: the parts that `address` was given; parts that are no text are taken as they stand. */
export function parsed(hash) {
  return hash.replace(/^#\/?/, "").split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
}

/** "4.2 ms" */
export const milliseconds = (ms) => `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
