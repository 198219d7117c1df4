// Text with spans in it. The server counts characters (code points), the browser halves of some of them (UTF-16): the
// two are translated here and nowhere else.

import { element } from "/page/element.js";

/** How many characters lie before the browser's place `unit` in the text. */
export function charactersBefore(text, unit) {
  return [...text.slice(0, unit)].length;
}

/** [before, inside, behind] a span that is given in characters. */
export function cut(text, start, end) {
  const characters = [...text];
  return [characters.slice(0, start), characters.slice(start, end), characters.slice(end)].map((part) => part.join(""));
}

/** A sentence with its name marked, as nodes. */
export function marked(text, start, end) {
  const [before, name, behind] = cut(text, start, end);
  return [before, element("mark", {}, name), behind];
}

/** Nodes of a text in which `made(name, surface)` stands for each of `names` ({start, end}, in order, apart). */
export function woven(text, names, made) {
  const characters = [...text];
  const nodes = [];
  let at = 0;
  for (const name of names) {
    nodes.push(characters.slice(at, name.start).join(""), made(name, characters.slice(name.start, name.end).join("")));
    at = name.end;
  }
  nodes.push(characters.slice(at).join(""));
  return nodes;
}
