// Pages that keep themselves up to date, while somebody can see them.

const TICK_MS = 10_000;

/**
 * @typedef {object} View
 * @property {string[]} path What stands after the name of the view in the address.
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal Ends with the view.
 * @property {(children: Child[]) => void} draw
 */

/**
 * Do something again and again until the view ends; a page that is hidden asks nothing, and asks when it is shown again.
 * @param {AbortSignal} signal @param {() => number} seconds @param {() => Promise<void>} refresh
 * @returns {() => Promise<void>} Does it at once, for what an action has changed.
 */
function poll(signal, seconds, refresh) {
  let timer = 0;
  let running = false;
  const wait = () => {
    clearTimeout(timer);
    if (!signal.aborted && !document.hidden) timer = window.setTimeout(run, seconds() * 1000);
  };
  const run = async () => {
    clearTimeout(timer);
    if (running) return;
    running = true;
    try {
      await refresh();
      stale(null);
    } catch (error) {
      if (!signal.aborted) stale(error);
    }
    running = false;
    wait();
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : run()), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  wait();
  return run;
}

/** Say that what is shown is of an earlier time, or take that back. @param {unknown} error */
function stale(error) {
  the("#main > .stale")?.remove();
  if (error === null) return;
  if (error instanceof ApiError && error.status === 401) return signIn(error);
  const notice = failure(error);
  notice.classList.add("stale");
  notice.append(h("p", {}, "What you see is from the last answer. The page keeps trying."));
  the("#main").prepend(notice);
}

/**
 * Put elements onto the page; the focus, what is unfolded and what is scrolled stay as they are.
 * @param {Child[]} children
 */
function redraw(children) {
  const main = the("#main");
  const mark = (/** @type {Element} */ each) => `${each.tagName} ${each.id} ${each.textContent}`;
  const focused = main.contains(document.activeElement) ? mark(/** @type {Element} */ (document.activeElement)) : null;
  const unfolded = new Set([...main.querySelectorAll("details[open] > summary")].map(mark));
  main.replaceChildren(...nodes(children));
  main.querySelectorAll("details > summary").forEach((each) => {
    if (unfolded.has(mark(each))) each.parentElement?.setAttribute("open", "");
  });
  if (focused === null || focused === mark(main)) return;
  const again = [...main.querySelectorAll("a, button, input, select, textarea, summary, pre, h1")].find((each) => mark(each) === focused);
  /** @type {HTMLElement} */ (again ?? main).focus({ preventScroll: true });
}

setInterval(() => {
  if (document.hidden) return;
  for (const each of document.querySelectorAll("time.ago")) {
    const text = distance(new Date(each.getAttribute("datetime") ?? ""));
    if (each.textContent !== text) each.textContent = text;
  }
}, TICK_MS);
