using System.Globalization;
using System.Text.Json;

namespace Wharf.Tests.Server.Live;

/// <summary>One open stream of server-sent events, read as it comes.</summary>
internal sealed class EventStream : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage response, Stream stream) => (_response, _reader) = (response, new StreamReader(stream));

    public HttpResponseMessage Response => _response;

    /// <summary>Opens a stream, which must be granted, and reads its first event.</summary>
    public static async Task<(EventStream Stream, Told First)> OpenAsync(HttpClient client, string query = "", params (string Name, string Value)[] headers)
    {
        var stream = await TryOpenAsync(client, query, headers);
        Assert.NotNull(stream);
        return (stream, await stream.NextAsync() ?? throw new InvalidOperationException("The stream ended at once."));
    }

    /// <summary>Opens a stream; null when it is not granted.</summary>
    public static async Task<EventStream?> TryOpenAsync(HttpClient client, string query = "", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events" + query);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        if (response.IsSuccessStatusCode)
            return new EventStream(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        response.Dispose();
        return null;
    }

    /// <summary>The next event; null when the stream has ended.</summary>
    public async Task<Told?> NextAsync(TimeSpan? within = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(within ?? s_limit);
        var (id, kind, data) = (0L, "", "");
        while (await _reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
                id = long.Parse(line[4..], CultureInfo.InvariantCulture);
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
                kind = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data = line[6..];
            else if (line.Length == 0 && kind.Length > 0)
                return new Told(id, kind, JsonDocument.Parse(data).RootElement);
        }
        return null;
    }

    /// <summary>The next event of a kind; others are passed over.</summary>
    public async Task<Told> NextAsync(string kind)
    {
        while (true)
            if ((await NextAsync() ?? throw new InvalidOperationException("The stream has ended.")) is var told && told.Kind == kind)
                return told;
    }

    /// <summary>Reads on until a tag of a repository was told, and until then no other repository's may be. Earlier pushes to it may come first:
    /// where replicas share the database, positions are given out a moment later than pushes are acknowledged.</summary>
    public async Task UntilAsync(string repository, string tag)
    {
        while (true)
        {
            var told = await NextAsync("tag");
            Assert.Equal(repository, told.Repository);
            if (told.Data.GetProperty("tags").Strings().Contains(tag))
                return;
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}

internal sealed record Told(long Id, string Kind, JsonElement Data)
{
    public string? Repository => Text("repository");

    public string? Namespace => Text("namespace");

    public string? Text(string name) => Data.TryGetProperty(name, out var value) ? value.GetString() : null;
}
