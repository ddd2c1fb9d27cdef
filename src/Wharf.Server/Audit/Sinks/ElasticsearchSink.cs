using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Wharf.Server.Hosting;

namespace Wharf.Server.Audit.Sinks;

/// <summary>
/// Elasticsearch's bulk API, an index a day. An entry has its id, so that what is sent twice is there once. What the index refuses for
/// what it says (a mapping) would be refused for ever: it is logged and counted, and stays in the trail.
/// </summary>
internal sealed partial class ElasticsearchSink : ISink
{
    private readonly SinkOptions _options;
    private readonly HttpClient _client;
    private readonly Uri _url;
    private readonly ILogger _logger;

    public ElasticsearchSink(SinkOptions options, ILogger logger)
    {
        (_options, _logger) = (options, logger);
        _client = Outgoing.Trusted(options.Authority, options.Timeout);
        _url = new Uri(options.Address.TrimEnd('/') + "/_bulk");
    }

    public async Task SendAsync(IReadOnlyList<SinkEntry> entries, CancellationToken ct)
    {
        var body = new StringBuilder();
        var prefix = JsonEncodedText.Encode(_options.Index ?? "wharf-audit", JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        foreach (var entry in entries)
            body.Append(CultureInfo.InvariantCulture, $"{{\"create\":{{\"_index\":\"{prefix}-{entry.At:yyyy.MM.dd}\",\"_id\":\"{entry.Id}\"}}}}\n{entry.Json}\n");
        using var content = new StringContent(body.ToString(), Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = content };
        if (_options.User is { } user)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{_options.RevealSecret()}")));
        using var response = await _client.DeliverAsync(request, ct);
        if (!response.IsSuccessStatusCode)
            throw await response.RefusalAsync(ct);
        try
        {
            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(ct));
            if (!answer.RootElement.GetProperty("errors").GetBoolean())
                return;
            var refused = 0;
            foreach (var item in answer.RootElement.GetProperty("items").EnumerateArray())
                switch (item.GetProperty("create").GetProperty("status").GetInt32())
                {
                    case 429 or >= 500:
                        throw new SinkException("it is too busy for all of them");
                    // 409: there already.
                    case >= 400 and not 409:
                        refused++;
                        break;
                }
            if (refused > 0)
                Log.Refused(_logger, _options.Name, refused);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new SinkException("it does not answer as the bulk API does", e);
        }
    }

    public void Dispose() => _client.Dispose();

    private static partial class Log
    {
        [LoggerMessage(340, LogLevel.Error, "The audit sink {Sink} refused {Count} entries for good: its index does not take what they say")]
        public static partial void Refused(ILogger logger, string sink, int count);
    }
}
