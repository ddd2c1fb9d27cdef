using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Wharf.Server.Hosting;

namespace Wharf.Server.Audit.Sinks;

/// <summary>Splunk's HTTP Event Collector: events one behind the other in one request, which 200 acknowledges for all of them.</summary>
internal sealed class SplunkSink : ISink
{
    private readonly SinkOptions _options;
    private readonly HttpClient _client;
    private readonly Uri _url;

    public SplunkSink(SinkOptions options)
    {
        _options = options;
        _client = Outgoing.Trusted(options.Authority, options.Timeout);
        _url = new Uri(options.Address.TrimEnd('/') + "/services/collector/event");
    }

    public async Task SendAsync(IReadOnlyList<SinkEntry> entries, CancellationToken ct)
    {
        var body = new StringBuilder();
        var index = _options.Index is { } name ? $"\"index\":\"{JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"," : "";
        foreach (var entry in entries)
            body.Append(CultureInfo.InvariantCulture, $"{{\"time\":{entry.At.ToUnixTimeMilliseconds() / 1000.0:F3},\"host\":\"{JsonEncodedText.Encode(Environment.MachineName)}\",\"source\":\"wharf\",\"sourcetype\":\"wharf:audit\",{index}\"event\":{entry.Json}}}\n");
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new StringContent(body.ToString(), Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Splunk", _options.RevealSecret());
        using var response = await _client.DeliverAsync(request, ct);
        if (!response.IsSuccessStatusCode)
            throw await response.RefusalAsync(ct);
    }

    public void Dispose() => _client.Dispose();
}
