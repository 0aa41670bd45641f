// The API, asked by the operation ids of its own description: what the app does not offer has no button here.

const STORED_KEY = "convene.functionKey";
const TIMEOUT_MS = 70_000;
/** @type {Map<string, {method: string, path: string, parameters: Set<string>}>} */
const operations = new Map();

/** What the API refused, or why it did not answer. */
class ApiError extends Error {
  /** @param {number} status @param {any} problem */
  constructor(status, problem) {
    super(problem.detail ?? problem.title);
    this.status = status;
    this.title = problem.title ?? `The app answered ${status}`;
    /** @type {string} */
    this.code = problem.code ?? "";
    /** @type {string | null} */
    this.remedy = problem.remedy ?? null;
    /** @type {{pointer: string, message: string}[]} */
    this.faults = problem.errors ?? [];
    /** @type {boolean} */
    this.moreFaults = problem.moreFaults ?? false;
  }
}

/** @param {string} operation */
const can = (operation) => operations.has(operation);

/** @param {string} operation @param {string} parameter */
const takes = (operation, parameter) => operations.get(operation)?.parameters.has(parameter) ?? false;

/** Read the description of the interface, with the key of this tab if it has one. */
async function connect() {
  const { data } = await send("GET", "openapi.json", {});
  operations.clear();
  for (const [path, methods] of Object.entries(data.paths))
    for (const [method, operation] of Object.entries(methods))
      if (operation.operationId)
        operations.set(operation.operationId, {
          method: method.toUpperCase(),
          path: path.slice(1),
          parameters: new Set((operation.parameters ?? []).map((/** @type {any} */ each) => resolved(data, each).name)),
        });
}

/** @param {any} description @param {any} value */
function resolved(description, value) {
  const steps = value.$ref?.split("/").slice(1) ?? [];
  return steps.length ? steps.reduce((/** @type {any} */ found, /** @type {string} */ step) => found[step], description) : value;
}

/**
 * @typedef {{path?: Record<string, string>, query?: Record<string, string>, body?: any, headers?: Record<string, string>, type?: string, signal?: AbortSignal}} Options
 * @param {string} operation @param {Options} [options]
 * @returns {Promise<{status: number, headers: Headers, data: any}>}
 * @throws {ApiError}
 */
async function call(operation, options = {}) {
  const found = operations.get(operation);
  if (!found) throw new ApiError(404, { title: `This app does not offer ${operation}` });
  const path = found.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(options.path?.[name] ?? ""));
  const query = new URLSearchParams(Object.entries(options.query ?? {}).filter(([, value]) => value !== ""));
  return send(found.method, query.size ? `${path}?${query}` : path, options);
}

/** @param {string} method @param {string} target @param {Options} options */
async function send(method, target, { body, headers = {}, type = "application/json", signal }) {
  const key = sessionStorage.getItem(STORED_KEY);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(new URL(target, location.href), {
      method,
      headers: { ...(key ? { "x-functions-key": key } : {}), ...(body === undefined ? {} : { "content-type": type }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      // The sign-in page of App Service authentication is on another host, where no script may follow.
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, { title: "The app does not answer", detail: "Check the network, then try again." });
  }
  if (answer.type === "opaqueredirect")
    throw new ApiError(0, { title: "Your session has ended", detail: "Load this page again to sign in." });
  const text = await answer.text();
  const data = answer.headers.get("content-type")?.includes("json") && text ? JSON.parse(text) : text;
  if (!answer.ok && answer.status !== 207) throw new ApiError(answer.status, data || {});
  return { status: answer.status, headers: answer.headers, data };
}

/**
 * Read a list to its end, or up to a limit.
 * @param {string} operation @param {Record<string, string>} query @param {string} member
 * @param {{limit: number, signal: AbortSignal, progress?: (count: number) => void}} options
 * @returns {Promise<{found: any[], more: boolean}>}
 */
async function collect(operation, query, member, { limit, signal, progress }) {
  /** @type {any[]} */
  const found = [];
  let continuationToken = "";
  do {
    const { data } = await call(operation, { query: { ...query, top: "100", continuationToken }, signal });
    found.push(...data[member]);
    progress?.(found.length);
    continuationToken = data.continuationToken ?? "";
  } while (continuationToken && found.length < limit);
  return { found, more: continuationToken !== "" };
}
