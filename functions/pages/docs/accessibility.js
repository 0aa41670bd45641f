// What a screen reader and the keyboard need and Swagger UI leaves out, added to each part as it appears.

const DARK = matchMedia("(prefers-color-scheme: dark)");
const showScheme = () => document.documentElement.classList.toggle("dark-mode", DARK.matches);
DARK.addEventListener("change", showScheme);
showScheme();

/** What an element is called, and how it is reached. @type {[string, (element: Element) => void][]} */
const REPAIRS = [
  ["#servers", (each) => each.setAttribute("aria-label", "Server")],
  [".examples-select-element", (each) => each.setAttribute("aria-label", "Example")],
  ["select.content-type", (each) => each.setAttribute("aria-label", "Media type")],
  [".parameters select", (each) => each.setAttribute("aria-label", nameOf(each))],
  ["textarea.body-param__text", (each) => each.setAttribute("aria-label", "Request body")],
  [".parameters input", (each) => each.setAttribute("aria-label", nameOf(each))],
  // A link within a button can be reached by nobody who uses the keyboard: the button does the same.
  [".opblock-summary-control a[href]", (each) => each.removeAttribute("href")],
  [".information-container", (each) => (each.setAttribute("role", "region"), each.setAttribute("aria-label", "About this API"))],
  [".scheme-container", (each) => (each.setAttribute("role", "region"), each.setAttribute("aria-label", "Server and key"))],
  [".opblock h4", (each) => each.setAttribute("aria-level", "3")],
  [".models h4", (each) => each.setAttribute("aria-level", "2")],
  [".opblock h5", (each) => each.setAttribute("aria-level", "4")],
  [".opblock-tag", (each) => (each.setAttribute("role", "heading"), each.setAttribute("aria-level", "2"))],
  [".opblock-tag a[href]", (each) => each.removeAttribute("href")],
  ["pre", (each) => each.setAttribute("tabindex", "0")],
];

/** @param {Element} element */
function nameOf(element) {
  return element.closest("tr")?.getAttribute("data-param-name") ?? "Value";
}

const repair = () => {
  for (const [selector, change] of REPAIRS)
    for (const element of document.querySelectorAll(selector))
      if (!element.hasAttribute("data-repaired") || element.hasAttribute("href")) {
        element.setAttribute("data-repaired", "");
        change(element);
      }
};
new MutationObserver(repair).observe(document.body, { childList: true, subtree: true });
