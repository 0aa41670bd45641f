// Questions before actions, and how errors are shown.

/**
 * Ask before something is done.
 * @param {{heading: string, text: string, action: string, danger?: boolean, comment?: string}} question
 * @returns {Promise<{comment: string} | null>} null if the answer is no.
 */
function ask({ heading, text, action, danger = false, comment }) {
  const field = h("textarea", { id: "answer", maxlength: "4000" });
  const dialog = h("dialog", { "aria-labelledby": "question", "aria-describedby": "consequence" },
    h("form", { method: "dialog" },
      h("h2", { id: "question" }, heading),
      h("p", { id: "consequence" }, text),
      comment && h("div.field", {}, h("label", { for: "answer" }, comment), field),
      h("div.row", {},
        h("button", { value: "no", autofocus: !comment }, "Keep as it is"),
        h(danger ? "button.danger" : "button.main", { value: "yes" }, action))));
  document.body.append(dialog);
  const shown = /** @type {HTMLDialogElement} */ (dialog);
  return new Promise((resolve) => {
    shown.addEventListener("close", () => {
      shown.remove();
      resolve(shown.returnValue === "yes" ? { comment: /** @type {HTMLTextAreaElement} */ (field).value.trim() } : null);
    });
    // A form of the method "dialog" sends nothing, but the policy of this page counts it as sent.
    shown.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      shown.close(/** @type {HTMLButtonElement} */ (event.submitter)?.value ?? "no");
    });
    shown.showModal();
  });
}

/** @param {unknown} error */
function failure(error) {
  const known = error instanceof ApiError ? error : null;
  const text = error instanceof Error ? error.message : String(error);
  const heading = known?.title ?? "This page has a defect";
  return h("div.notice.bad", { role: "alert" },
    h("strong", {}, heading),
    text !== heading && h("p", {}, text),
    known && known.faults.length > 0 && h("ul", {}, known.faults.map((each) => h("li", {}, h("code", {}, each.pointer || "/"), " ", each.message))),
    known?.moreFaults && h("p", {}, "There are more faults than these."),
    known?.remedy && h("p", {}, known.remedy),
    known?.code && h("p.soft.small", {}, `Code ${known.code}${known.status ? `, HTTP ${known.status}` : ""}`));
}

/**
 * A button that does something after a question, and says what came of it in the place beside it.
 * @param {string} text @param {Parameters<typeof ask>[0]} question
 * @param {(answer: {comment: string}) => Promise<void>} action
 */
function actionButton(text, question, action) {
  const button = /** @type {HTMLButtonElement} */ (h(question.danger ? "button.danger" : "button", {
    type: "button",
    click: async () => {
      const answer = await ask(question);
      if (!answer) return;
      await attempt(button, () => action(answer));
    },
  }, text));
  return button;
}

/** Do something that takes a moment: the button waits meanwhile, and an error is shown after it. @param {HTMLButtonElement} button @param {() => Promise<void>} action */
async function attempt(button, action) {
  const place = button.closest("form, .actions") ?? button;
  the("#main").querySelectorAll(".attempt").forEach((each) => each.remove());
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    const shown = failure(error);
    shown.classList.add("attempt");
    place.after(shown);
    if (error instanceof ApiError && error.status === 401) signIn(error);
  } finally {
    button.disabled = false;
  }
}
