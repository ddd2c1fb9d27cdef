using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Wharf.Server.ApiDocs;

/// <summary>
/// The API as a page to read: every operation with its parameters, bodies, answers and a curl line. It is made here, works without
/// scripts, and loads nothing from elsewhere.
/// </summary>
internal sealed class DocsPage
{
    public const int MaxSearch = 100;
    private readonly List<Section> _sections = [];
    private readonly string _types;

    public DocsPage(IReadOnlyList<ApiOperation> operations, JsonObject document)
    {
        foreach (var tag in operations.GroupBy(static o => o.Tag).OrderBy(static t => t.Key, StringComparer.Ordinal))
            _sections.Add(new Section(tag.Key, Tags.Meaning(tag.Key), [.. tag.Select(o => Show(o, document))]));
        _types = ShowTypes((JsonObject)document["components"]!["schemas"]!);
    }

    /// <param name="search">Words that an operation must all have in its name, path or sentence; empty for all.</param>
    public string Render(string search)
    {
        var words = search.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var shown = _sections.Select(s => s with { Operations = [.. s.Operations.Where(o => Array.TrueForAll(words, w => o.Words.Contains(w, StringComparison.OrdinalIgnoreCase)))] }).Where(static s => s.Operations.Count > 0).ToList();
        var count = shown.Sum(static s => s.Operations.Count);
        var text = new StringBuilder();
        text.Append("""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Wharf API</title>
            <link rel="stylesheet" href="/api/docs/docs.css">
            <script src="/api/docs/docs.js" defer></script>
            </head>
            <body>
            <a class="skip" href="#operations">To the operations</a>
            <header>
            <h1><a href="/api/docs">Wharf API</a></h1>
            <p>Quay's API under /api/v1 and the OCI distribution API under /v2. For programs: <a href="/api/v1/openapi.json">OpenAPI 3.1</a>, <a href="/api/v1/discovery">Swagger 2.0</a>.</p>
            <form role="search" action="/api/docs" method="get">
            <label for="q">Search operations</label>
            """);
        text.Append($"<input id=\"q\" name=\"q\" type=\"search\" maxlength=\"{MaxSearch}\" value=\"{Html(search)}\" autocomplete=\"off\">\n<button>Search</button>\n</form>\n");
        text.Append($"<p id=\"count\" role=\"status\">{(words.Length > 0 ? $"{count} operations have “{Html(search)}”. <a href=\"/api/docs\">Show all</a>" : $"{count} operations")}</p>\n</header>\n");
        text.Append("<nav aria-label=\"Operations\">\n");
        foreach (var section in shown)
        {
            text.Append($"<details>\n<summary>{section.Tag}</summary>\n<ul>\n");
            foreach (var operation in section.Operations)
                text.Append($"<li><a href=\"#{operation.Id}\">{operation.Id}</a></li>\n");
            text.Append("</ul>\n</details>\n");
        }
        text.Append("</nav>\n<main id=\"operations\" tabindex=\"-1\">\n");
        foreach (var section in shown)
        {
            text.Append($"<section aria-labelledby=\"tag-{section.Tag}\">\n<h2 id=\"tag-{section.Tag}\">{section.Tag}</h2>\n<p>{Html(section.Meaning)}</p>\n");
            foreach (var operation in section.Operations)
                text.Append(operation.Html);
            text.Append("</section>\n");
        }
        text.Append(_types).Append("</main>\n</body>\n</html>\n");
        return text.ToString();
    }

    private static Shown Show(ApiOperation operation, JsonObject document)
    {
        var described = document["paths"]![operation.Path]![operation.Method.ToLowerInvariant()]!;
        var text = new StringBuilder();
        text.Append($"<article id=\"{operation.Id}\" aria-labelledby=\"{operation.Id}-name\">\n<h3 id=\"{operation.Id}-name\"><a href=\"#{operation.Id}\">{operation.Id}</a></h3>\n");
        text.Append($"<p class=\"path\"><span class=\"method {operation.Method}\">{operation.Method}</span> <code>{Html(operation.Path)}</code></p>\n<p>{Html(operation.About.Summary)}</p>\n");
        if (operation.About.Details is { } details)
            text.Append($"<p>{Html(details)}</p>\n");
        if (described["x-scope"] is { } scope)
            text.Append($"<p class=\"note\">Scope: <code>{scope}</code></p>\n");
        if (operation.Requires.Fresh)
            text.Append("<p class=\"note\">A browser must have shown the password lately.</p>\n");
        if (described["parameters"] is JsonArray parameters)
        {
            text.Append("<h4>Parameters</h4>\n<table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">In</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n");
            foreach (var p in parameters)
                text.Append($"<tr><th scope=\"row\"><code>{p!["name"]}</code></th><td>{p["in"]}{((bool)p["required"]! ? "" : ", optional")}</td><td>{p["schema"]!["type"]}</td><td>{Html((string)p["description"]!)}</td></tr>\n");
            text.Append("</tbody>\n</table>\n");
        }
        if (operation.Body is { } body)
            text.Append($"<h4>Body</h4>\n<p>{Html(body.MediaType)}{(described["requestBody"]!["content"]![body.MediaType]!["schema"] is { } schema ? ": " + TypeOf(schema) : "")}{(body.Optional ? ", may be left out" : "")}</p>\n");
        text.Append("<h4>Answers</h4>\n<dl>\n");
        foreach (var (status, response) in described["responses"]!.AsObject())
        {
            var whole = response!["$ref"] is { } reference ? document["components"]!["responses"]![((string)reference!).Split('/')[^1]]! : response;
            text.Append($"<dt>{status}</dt><dd>{Html((string)whole["description"]!)}");
            if (whole["content"] is JsonObject content)
                foreach (var (mediaType, media) in content)
                    text.Append($" <code>{Html(mediaType)}</code>{(media!["schema"] is { } given ? ": " + TypeOf(given) : "")}");
            text.Append("</dd>\n");
        }
        text.Append($"</dl>\n<h4>Try it</h4>\n<pre><code>{Html(Curl(operation, document))}</code></pre>\n</article>\n");
        return new Shown(operation.Id, $"{operation.Id} {operation.Method} {operation.Path} {operation.About.Summary}", text.ToString());
    }

    private static string Curl(ApiOperation operation, JsonObject document)
    {
        var line = new StringBuilder("curl");
        if (operation.Method != "GET")
            line.Append(" -X ").Append(operation.Method);
        if (!operation.IsOpen)
            line.Append(operation.IsRegistry && operation.Requires.Permission != Auth.Permission.Open ? " -H \"Authorization: Bearer $TOKEN\"" : " -u \"$USER\"");
        if (operation.Body is { Type: not null, MediaType: var mediaType })
        {
            var schema = document["paths"]![operation.Path]![operation.Method.ToLowerInvariant()]!["requestBody"]!["content"]![mediaType]!["schema"]!;
            line.Append($" -H \"Content-Type: {mediaType}\" -d '{Example(schema, document, 0)?.ToJsonString()}'");
        }
        else if (operation.Body is { } body)
        {
            line.Append($" -H \"Content-Type: {body.MediaType}\" --data-binary @file");
        }
        var query = string.Join('&', operation.Query.Where(static q => q.Required).Select(static q => $"{q.Name}={{{q.Name}}}"));
        // Quoted, for its braces, the & and what stands in their place.
        return line.Append($" \"$REGISTRY{operation.Path}{(query.Length > 0 ? "?" + query : "")}\"").ToString();
    }

    // The least that the reader of the body takes.
    private static JsonNode? Example(JsonNode schema, JsonObject document, int depth)
    {
        if (schema is not JsonObject one)
            return new JsonObject();
        if (one["$ref"] is { } reference)
            return Example(document["components"]!["schemas"]![((string)reference!).Split('/')[^1]]!, document, depth);
        if (one["anyOf"] is JsonArray choices)
            return Example(choices[0]!, document, depth);
        if (one["enum"] is JsonArray { Count: > 0 } values)
            return values[0]?.DeepClone();
        var type = one["type"] is JsonArray types ? (string?)types[0] : (string?)one["type"];
        if (type != "object" || depth > 3)
            return type switch { "integer" or "number" => 0, "boolean" => false, "array" => new JsonArray(), "object" => new JsonObject(), _ => "..." };
        var members = one["properties"] as JsonObject ?? [];
        var required = one["required"] is JsonArray names ? [.. names.Select(static n => (string)n!)] : members.Select(static m => m.Key).Take(1).ToHashSet();
        return new JsonObject(members.Where(m => required.Contains(m.Key)).Select(m => KeyValuePair.Create(m.Key, Example(m.Value!, document, depth + 1))));
    }

    private static string ShowTypes(JsonObject schemas)
    {
        var text = new StringBuilder("<section id=\"types\" aria-labelledby=\"types-name\">\n<h2 id=\"types-name\">Types</h2>\n");
        foreach (var (name, schema) in schemas)
        {
            text.Append($"<article id=\"type-{name}\" aria-labelledby=\"type-{name}-name\">\n<h3 id=\"type-{name}-name\">{name}</h3>\n");
            if (schema!["description"] is { } about)
                text.Append($"<p>{Html((string)about!)}</p>\n");
            if (schema["properties"] is JsonObject { Count: > 0 } members)
            {
                var required = schema["required"] is JsonArray names ? names.Select(static n => (string)n!).ToHashSet() : [];
                text.Append("<table>\n<thead><tr><th scope=\"col\">Member</th><th scope=\"col\">Type</th><th scope=\"col\">Always there</th></tr></thead>\n<tbody>\n");
                foreach (var (member, type) in members)
                    text.Append($"<tr><th scope=\"row\"><code>{Html(member)}</code></th><td>{TypeOf(type!)}</td><td>{(required.Contains(member) ? "yes" : "no")}</td></tr>\n");
                text.Append("</tbody>\n</table>\n");
            }
            text.Append("</article>\n");
        }
        return text.Append("</section>\n").ToString();
    }

    private static string TypeOf(JsonNode schema)
    {
        if (schema is not JsonObject one)
            return "anything";
        if (one["$ref"] is { } reference && ((string)reference!).Split('/')[^1] is var name)
            return $"<a href=\"#type-{name}\">{name}</a>";
        if (one["anyOf"] is JsonArray choices)
            return string.Join(" or ", choices.Select(static c => TypeOf(c!)));
        if (one["enum"] is JsonArray values)
            return string.Join(", ", values.Select(static v => $"<code>{Html(v?.ToString() ?? "null")}</code>"));
        var types = one["type"] is JsonArray several ? several.Select(static t => (string)t!) : [(string?)one["type"] ?? "anything"];
        return string.Join(" or ", types.Select(t => t switch
        {
            "array" => "list of " + (one["items"] is { } items ? TypeOf(items) : "anything"),
            "object" when one["additionalProperties"] is { } values => "object whose members are " + TypeOf(values),
            _ => t,
        }));
    }

    private static string Html(string text) => WebUtility.HtmlEncode(text);

    private sealed record Section(string Tag, string Meaning, List<Shown> Operations);

    /// <param name="Words">What a search looks through.</param>
    private sealed record Shown(string Id, string Words, string Html);
}
