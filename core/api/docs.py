"""The page that shows the description of the API: drawn from openapi.json in the browser, by a script of its own."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · Solar Mining Calculator</title>
<link rel="stylesheet" href="docs/page.css">
</head>
<body>
<main id="page"><p>Reading <a href="openapi.json">openapi.json</a> …</p></main>
<noscript>This page is drawn by a script. The description itself is <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/page.js"></script>
</body>
</html>
"""

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #b45309; }
body { font: 15px/1.55 system-ui, sans-serif; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.9rem; margin: 0; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.2rem; text-transform: capitalize; }
h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
details { border: 1px solid var(--line); border-radius: .6rem; margin: .4rem 0; }
summary { cursor: pointer; padding: .5rem .8rem; display: flex; gap: .8rem; flex-wrap: wrap; align-items: baseline; }
details > div { padding: 0 .8rem .8rem; overflow-x: auto; }
.method { font-weight: 700; color: var(--accent); min-width: 4rem; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: var(--soft); padding: .7rem; border-radius: .5rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; border-top: 1px solid var(--line); padding: .3rem .6rem .3rem 0; }
a { color: var(--accent); }
"""

SCRIPT = """
"use strict";
const make = (tag, text, of = []) => {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  for (const child of of) node.append(child);
  return node;
};
const said = (tag, text) => make(tag, "", (text || "").split("`").map((part, n) => n % 2 ? make("code", part) : part));
const table = (heads, rows) => make("table", "", [
  make("tr", "", heads.map(head => make("th", head))),
  ...rows.map(row => make("tr", "", row.map(cell => make("td", "", [cell])))),
]);
const kind = schema => !schema ? "" : schema.$ref ? schema.$ref.split("/").pop()
  : schema.anyOf ? schema.anyOf.map(kind).join(" or ")
  : schema.enum ? schema.enum.join(", ")
  : schema.type === "array" ? "list of " + kind(schema.items) : schema.type || "";
const bounds = schema => ["minimum", "maximum", "minLength", "maxLength", "pattern", "default"]
  .filter(name => schema && schema[name] !== undefined && typeof schema[name] !== "object").map(name => name + " " + JSON.stringify(schema[name])).join(", ");
const fields = (schema, all) => {
  const known = schema && schema.$ref ? all[schema.$ref.split("/").pop()] : schema;
  if (!known || !known.properties) return make("p", kind(schema));
  return table(["field", "form", "meaning"], Object.entries(known.properties).map(([name, one]) => [
    make("code", name), kind(one),
    said("span", [one.title, one.unit && "[" + one.unit + "]", one.description, bounds(one)].filter(Boolean).join(" · ")),
  ]));
};
const operation = (path, method, told, all) => {
  const inside = make("div");
  if (told.description) inside.append(said("p", told.description));
  if (told.parameters && told.parameters.length) {
    inside.append(make("h3", "Parameters"), table(["name", "in", "form", "meaning"], told.parameters.map(one => [
      make("code", one.name), one.in + (one.required ? ", needed" : ""), kind(one.schema),
      said("span", [one.description, bounds(one.schema)].filter(Boolean).join(" · ")),
    ])));
  }
  const body = told.requestBody && told.requestBody.content["application/json"];
  if (body) {
    inside.append(make("h3", "Body: " + kind(body.schema)), fields(body.schema, all));
    for (const example of body.schema.examples || (body.example ? [body.example] : []))
      inside.append(make("pre", JSON.stringify(example, null, 2)));
  }
  inside.append(make("h3", "Answers"), table(["status", "form", "meaning"], Object.entries(told.responses).map(
    ([status, one]) => [make("code", status), Object.entries(one.content || {}).map(
      ([type, form]) => kind(form.schema) + " (" + type + ")").join(", "), said("span", one.description)])));
  const head = make("summary", "", [make("span", method.toUpperCase()), make("code", path), make("span", told.summary)]);
  head.firstChild.className = "method";
  return make("details", "", [head, inside]);
};
const draw = told => {
  const groups = Object.fromEntries((told.tags || []).map(tag => [tag.name, []]));
  const page = document.getElementById("page"), all = (told.components || {}).schemas || {};
  page.replaceChildren(make("h1", told.info.title + " API"), said("p", told.info.description.trim()));
  const link = make("a", "openapi.json");
  link.href = "openapi.json";
  page.append(make("p", "", ["All paths stand under " + told.servers[0].url + ". For machines: ", link, "."]));
  for (const [path, methods] of Object.entries(told.paths))
    for (const [method, one] of Object.entries(methods))
      (groups[(one.tags || ["other"])[0]] ||= []).push(operation(path, method, one, all));
  for (const [name, listed] of Object.entries(groups)) page.append(make("h2", name), ...listed);
  page.append(make("h2", "Forms"));
  for (const [name, schema] of Object.entries(all))
    page.append(make("details", "", [make("summary", name), make("div", "", [said("p", schema.description), fields(schema, all)])]));
};
fetch("openapi.json").then(reply => reply.json()).then(draw).catch(() => {
  document.getElementById("page").replaceChildren(make("p", "openapi.json could not be read."));
});
"""
