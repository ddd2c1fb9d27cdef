using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Wharf.Tests.Peers;

/// <summary>
/// A receiver that holds its sender to the documented wire format of Splunk's HTTP Event Collector (docs.splunk.com, "Format events for
/// HTTP Event Collector") or of Elasticsearch's bulk API (elastic.co, "Bulk API"), and answers as those do. What it finds wrong is kept.
/// </summary>
internal sealed partial class AuditReceiver : IAsyncDisposable
{
    /// <summary>The secret that the sender must show.</summary>
    public const string Token = "12345678-1234-1234-1234-1234567890ab";

    private static readonly string[] s_members = ["time", "host", "source", "sourcetype", "index", "event", "fields"];
    private readonly WebApplication _app;
    private readonly string _kind;
    private readonly ConcurrentQueue<int> _tricks = new();
    private readonly ConcurrentDictionary<string, byte> _ids = new();
    private readonly ConcurrentQueue<JsonNode> _entries = new();
    private readonly ConcurrentQueue<string> _faults = new();

    private AuditReceiver(WebApplication app, string kind) => (_app, _kind) = (app, kind);

    public string Url => _app.Urls.First();

    /// <summary>What arrived.</summary>
    public IReadOnlyList<JsonNode> Entries => [.. _entries];

    /// <summary>What was not as documented.</summary>
    public IReadOnlyList<string> Faults => [.. _faults];

    public static async Task<AuditReceiver> StartAsync(string kind)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new AuditReceiver(app, kind);
        app.Run(receiver.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>How the next requests are answered: a status, or 0 for a connection that breaks after the body.</summary>
    public void Misbehave(params int[] statuses)
    {
        foreach (var status in statuses)
            _tricks.Enqueue(status);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body, new UTF8Encoding(false, true));
        var body = await reader.ReadToEndAsync(http.RequestAborted);
        if (_tricks.TryDequeue(out var trick))
        {
            if (trick == 0)
                http.Abort();
            else
                http.Response.StatusCode = trick;
            return;
        }
        await (_kind == "splunk" ? SplunkAsync(http, body) : ElasticsearchAsync(http, body));
    }

    private async Task SplunkAsync(HttpContext http, string body)
    {
        Must(http.Request.Method == "POST" && http.Request.Path == "/services/collector/event", $"{http.Request.Method} {http.Request.Path}");
        Must(http.Request.Headers.Authorization == $"Splunk {Token}", "Authorization");
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(body), new JsonReaderOptions { AllowMultipleValues = true });
        var count = 0;
        while (reader.Read())
        {
            var item = JsonNode.Parse(ref reader)!.AsObject();
            Must(item.All(static m => s_members.Contains(m.Key)), "members: " + string.Join(' ', item.Select(static m => m.Key)));
            Must(item["time"]?.GetValueKind() == JsonValueKind.Number && (double)item["time"]! is > 1.7e9 and < 4e9, "time is in seconds");
            Must((string?)item["index"] == "containers" && (string?)item["sourcetype"] == "wharf:audit", "index or sourcetype");
            Must(item["event"] is JsonObject { Count: > 0 }, "event");
            _entries.Enqueue(item["event"]!.DeepClone());
            count++;
        }
        Must(count > 0, "no data");
        await http.Response.WriteAsync("""{"text":"Success","code":0}""");
    }

    private async Task ElasticsearchAsync(HttpContext http, string body)
    {
        Must(http.Request.Method == "POST" && http.Request.Path == "/_bulk", $"{http.Request.Method} {http.Request.Path}");
        Must(http.Request.ContentType == "application/x-ndjson", "Content-Type");
        Must(http.Request.Headers.Authorization == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"wharf:{Token}")), "Authorization");
        Must(body.EndsWith('\n'), "the last line must end");
        var lines = body.TrimEnd('\n').Split('\n');
        Must(lines.Length % 2 == 0, "an action and a document each");
        var items = new JsonArray();
        for (var i = 0; i + 1 < lines.Length; i += 2)
        {
            var action = JsonNode.Parse(lines[i])!.AsObject();
            var create = action["create"]?.AsObject();
            Must(action.Count == 1 && create is not null && create.All(static m => m.Key is "_index" or "_id"), "action " + lines[i]);
            Must(IndexName().IsMatch((string?)create?["_index"] ?? ""), "index name");
            var id = (string?)create?["_id"] ?? "";
            Must(id.Length is > 0 and <= 512, "id");
            var isNew = _ids.TryAdd(id, 0);
            if (isNew)
                _entries.Enqueue(JsonNode.Parse(lines[i + 1])!);
            items.Add(new JsonObject { ["create"] = new JsonObject { ["_id"] = id, ["status"] = isNew ? 201 : 409 } });
        }
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(new JsonObject { ["took"] = 1, ["errors"] = items.Any(static i => (int)i!["create"]!["status"]! != 201), ["items"] = items }.ToJsonString());
    }

    private void Must(bool holds, string fault)
    {
        if (!holds)
            _faults.Enqueue(fault);
    }

    [GeneratedRegex(@"^reg-\d{4}\.\d\d\.\d\d$", RegexOptions.None, 1000)]
    private static partial Regex IndexName();
}
