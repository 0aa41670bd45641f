// Reads {"folder", "tables": {name: "column:type, ..."}, "queries": {name: text}} from standard input and prints a fault
// a line, as JSON: {"query", "line", "column", "severity", "message"}. Run by test_kusto.py, with Kusto's own parser:
// https://www.npmjs.com/package/@kusto/language-service-next
"use strict";
const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
const packageFolder = input.folder + "/@kusto/language-service-next/";
require(packageFolder + "bridge.js");
require(packageFolder + "Kusto.Language.Bridge.js");

const { KustoCode, GlobalState, Symbols } = Kusto.Language;
const tables = Object.entries(input.tables).map(([name, columns]) =>
  Symbols.TableSymbol.From(`(${columns})`).WithName(name));
const workspace = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1("workspace", tables));

for (const [query, text] of Object.entries(input.queries)) {
  const diagnostics = KustoCode.ParseAndAnalyze(text, workspace).GetDiagnostics();
  for (let index = 0; index < diagnostics.Count; index++) {
    const { Start, Severity, Message } = diagnostics.getItem(index);
    const before = text.slice(0, Start).split("\n");
    const fault = { query, line: before.length, column: before.at(-1).length + 1, severity: Severity, message: Message };
    console.log(JSON.stringify(fault));
  }
}
