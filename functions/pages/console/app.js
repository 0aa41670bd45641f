// The frame: which view the address names, and the key of this tab.

/** @type {Record<string, {operation: string, text?: string, list: (view: View) => Promise<void>, one?: (view: View) => Promise<void>}>} */
const VIEWS = {
  "": { operation: "listMeetings", text: "Overview", list: overview },
  meetings: { operation: "listMeetings", text: "Meetings", list: search, one: oneMeeting },
  failed: { operation: "listMeetings", list: overview, one: failedByCause },
  schedules: { operation: "listSchedules", text: "Schedules", list: schedules, one: oneSchedule },
  readiness: { operation: "getReadiness", text: "Readiness", list: readiness },
  availability: { operation: "findAvailability", text: "Availability", list: availability },
  new: { operation: "createMeeting", text: "New meeting", list: create },
};
let shownView = new AbortController();

/** @param {string} address */
function go(address) {
  if (location.hash === address) show();
  else location.hash = address;
}

async function show() {
  shownView.abort();
  const { signal } = (shownView = new AbortController());
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").map(decodeURIComponent);
  const view = VIEWS[name];
  navigation(name);
  const draw = (/** @type {Child[]} */ children) => {
    if (!signal.aborted) redraw(children);
  };
  draw([h("p.wait", {}, "Loading …")]);
  try {
    if (!view || !can(view.operation)) draw([title("Not found"), empty("There is no such page.", h("a", { href: "#/" }, "Back to the overview"))]);
    else await (rest[0] && view.one ? view.one : view.list)({ path: rest, query: new URLSearchParams(query), signal, draw });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ApiError && error.status === 401) return signIn(error);
    if (!(error instanceof ApiError)) console.error(error);
    the("#main > .wait")?.remove();
    if (!the("#main h1")) the("#main").append(title(error instanceof ApiError && error.status === 404 ? "Not found" : "Not available"));
    the("#main").append(failure(error), h("div", {}, h("button", { type: "button", click: show }, "Try again")));
  }
  if (!signal.aborted && !the("#main").contains(document.activeElement)) the("#main h1")?.focus({ preventScroll: true });
}

/** @param {string | null} current */
function navigation(current) {
  const links = Object.entries(VIEWS).filter(([, view]) => view.text && can(view.operation));
  the("#navigation").replaceChildren(...links.map(([name, view]) => h("a", { href: `#/${name}`, "aria-current": name === current && "page" }, view.text)));
  the("#sign-out").hidden = sessionStorage.getItem(STORED_KEY) === null;
}

/** Ask for the key. @param {ApiError} [refused] */
function signIn(refused) {
  shownView.abort();
  const wrong = refused && sessionStorage.getItem(STORED_KEY) !== null;
  sessionStorage.removeItem(STORED_KEY);
  operations.clear();
  navigation(null);
  const key = /** @type {HTMLInputElement} */ (h("input", { id: "key", type: "password", required: true, autocomplete: "off", spellcheck: "false" }));
  const form = h("form.card", { submit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    sessionStorage.setItem(STORED_KEY, key.value.trim());
    start();
  } },
  field("Function key", key, "It is kept for this tab only, and sent to this app only."),
  h("div", {}, h("button.main", {}, "Open the console")));
  redraw([title("Sign in", "The console asks the API with your key."), wrong && h("div.notice.bad", { role: "alert" }, h("strong", {}, "The app does not accept this key.")), form]);
  key.focus();
}

async function start() {
  redraw([h("p.wait", {}, "Loading …")]);
  try {
    await connect();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return signIn(error);
    return redraw([title("Not available"), failure(error), h("div", {}, h("button", { type: "button", click: start }, "Try again"))]);
  }
  await show();
}

the("#sign-out").addEventListener("click", () => {
  signIn();
  announce("The key is forgotten");
});
the(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  the("#main").focus();
});
addEventListener("hashchange", show);
start();
