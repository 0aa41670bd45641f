// Receives Convene's events as a webhook of Event Grid: `node receiver.mjs [PORT]`. Needs only Node 20 or later.
//
// WEBHOOK_SECRET is the secret that the event subscription sends as `Authorization: Bearer SECRET`. While you replace
// it, set both, separated by a comma. Event Grid delivers over https only: put this behind your gateway, or your framework.
// An event comes at least once, in any order: `source` and `id` identify it, and a meeting's `version` says which of two
// is later.
import { createHash, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const origin = process.env.WEBHOOK_ORIGIN ?? "eventgrid.azure.net";
const secrets = (process.env.WEBHOOK_SECRET ?? "").split(",").map((each) => each.trim()).filter(Boolean);
const handled = process.env.WEBHOOK_HANDLED ?? "handled-events";
const largest = 1024 * 1024;
const [one, batch] = ["application/cloudevents+json", "application/cloudevents-batch+json"];

// Do what your system does with an event; here, print it. If it throws, Event Grid delivers the event again.
async function handle(event) {
  const { reference, joinUrl, error } = event.data;
  console.log(event.type, reference, joinUrl ?? error?.code);
}

// Handles an event unless it was handled before; a database's unique key does the same.
async function take(event) {
  const mark = join(handled, sha256(JSON.stringify([event.source, event.id])).toString("hex"));
  if (existsSync(mark)) return;
  await handle(event);
  writeFileSync(mark, "");
}

// https://learn.microsoft.com/azure/event-grid/webhook-event-delivery: Event Grid asks before it sends the first event.
function agree(request) {
  if (request.headers["webhook-request-origin"] !== origin) return [403];
  const rate = request.headers["webhook-request-rate"] ?? "*";
  return [200, { Allow: "POST", "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": rate }];
}

// https://learn.microsoft.com/azure/event-grid/delivery-and-retry: 400, 401, 403 and 413 go to the dead letters;
// anything else is delivered again.
async function receive(request) {
  if (!/^\d+$/.test(request.headers["content-length"] ?? "")) return [411];
  if (Number(request.headers["content-length"]) > largest) return [413];
  const parts = [];
  for await (const part of request) parts.push(part);
  const sent = sha256(request.headers.authorization ?? "");
  if (!secrets.some((secret) => timingSafeEqual(sent, sha256(`Bearer ${secret}`)))) return [401];
  const mediaType = (request.headers["content-type"] ?? "").split(";")[0].trim().toLowerCase();
  if (![one, batch].includes(mediaType)) return [415];
  let document;
  try {
    document = JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return [400];
  }
  const events = mediaType === batch ? document : [document];
  if (!Array.isArray(events) || !events.every(isCloudEvent)) return [400];
  for (const event of events) await take(event);
  return [200];
}

function isCloudEvent(event) {
  const named = ["id", "source", "type"].every((name) => typeof event?.[name] === "string");
  return named && event.specversion === "1.0" && typeof event.data === "object" && event.data !== null;
}

function sha256(text) {
  return createHash("sha256").update(text).digest();
}

async function answer(request) {
  if (request.method === "OPTIONS") return agree(request);
  return request.method === "POST" ? receive(request) : [405, { Allow: "OPTIONS, POST" }];
}

if (!secrets.length) {
  console.error("Set WEBHOOK_SECRET to the secret that the event subscription sends.");
  process.exit(1);
}
mkdirSync(handled, { recursive: true });
const server = createServer(async (request, response) => {
  let status = 500;
  let headers = {};
  try {
    [status, headers = {}] = await answer(request);
  } catch (error) {
    console.error(error);
  }
  // A body that was not read ends with its connection.
  if ([411, 413].includes(status)) headers.Connection = "close";
  response.writeHead(status, headers).end();
});
server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
