// Azurite, for local/storage.py: it starts without telemetry and ends with the process that started it.

// The libraries of the telemetry, which is off, take two thirds of Azurite's start: it gets an empty module instead.
// https://nodejs.org/api/modules.html#requirecache
require.cache[require.resolve("applicationinsights")] = { exports: {} };

// Standard input is a pipe from that process: when it ends in any way, the pipe closes.
process.stdin
  .on("end", () => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(process.exit, 2000).unref();
  })
  .resume()
  .unref();

require("azurite/dist/src/azurite.js");
