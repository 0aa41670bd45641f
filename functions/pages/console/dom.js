// Elements from data. Text becomes text nodes and never markup, so nothing that a caller wrote is run.

/** A node, a text, a number, or a list of them; what is null, undefined or false is left out. @typedef {any} Child */

/**
 * Make an element: `h("a.quiet", {href}, "Text")`. A function is a listener; null and false leave an attribute out.
 * @param {string} name @param {Record<string, any>} [attributes] @param {...Child} children
 */
function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key, value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...nodes(children));
  return element;
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function nodes(children) {
  return children.flatMap((child) => {
    if (Array.isArray(child)) return nodes(child);
    return child === null || child === undefined || child === false ? [] : [typeof child === "number" ? `${child}` : child];
  });
}

/** @template {Element} [T=HTMLElement] @param {string} selector @returns {T} */
function the(selector) {
  return /** @type {T} */ (document.querySelector(selector));
}

/** Announce what has happened to people who use a screen reader. @param {string} text */
function announce(text) {
  the("#announcement").textContent = text;
}

/** A link out of the console, if it is one that a browser may open safely. @param {string | null} url @param {Child} [text] */
function externalLink(url, text = url) {
  if (!url || !/^https:\/\//i.test(url)) return url;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text, h("span.unseen", {}, " (opens a new tab)"));
}

/** @param {string} text @param {string} what */
function copyButton(text, what) {
  return h("button.quiet", {
    type: "button",
    "aria-label": `Copy ${what}`,
    click: async (/** @type {Event} */ event) => {
      const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
        announce(`${what} copied`);
      } catch {
        button.textContent = "Not copied";
        announce(`This browser does not let the page copy ${what}`);
      }
      setTimeout(() => (button.textContent = "Copy"), 2000);
    },
  }, "Copy");
}

/** A list of terms and what they are; pairs without a value are left out. @param {[string, Child][]} pairs */
function terms(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return h("dl", {}, known.map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
}

/** Texts, each on a line of its own; false without any. @param {string[]} [texts] */
function listed(texts = []) {
  return texts.length > 0 && texts.map((each) => h("div", {}, each));
}

/**
 * A table that becomes a list of blocks on a narrow screen; the roles keep it a table for screen readers there too.
 * @param {string} caption @param {string[]} columns @param {Child[][]} rows
 */
function table(caption, columns, rows) {
  const cells = (/** @type {Child[]} */ row) =>
    row.map((cell, n) => h("td", { role: "cell", "data-label": columns[n] }, h("div", {}, cell)));
  return h("table.stacked", { role: "table" },
    h("caption.unseen", {}, caption),
    h("thead", { role: "rowgroup" },
      h("tr", { role: "row" }, columns.map((each) => h("th", { role: "columnheader", scope: "col" }, each)))),
    h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row" }, cells(row)))));
}

/** @param {string} heading @param {...Child} children */
function card(heading, ...children) {
  return h("section.card", {}, h("h2", {}, heading), children);
}

/** @param {string} heading @param {Child} [lead] */
function title(heading, lead) {
  document.title = `${heading} – Convene`;
  return h("div.title", {}, h("h1", { tabindex: "-1" }, heading), lead && h("p", {}, lead));
}

/** @param {string} text @param {...Child} remedy */
function empty(text, ...remedy) {
  return h("div.empty", {}, h("p", {}, text), remedy);
}
