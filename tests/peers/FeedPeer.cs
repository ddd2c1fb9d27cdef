using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;

namespace Wharf.Tests.Peers;

/// <summary>
/// Serves files as publishers of feeds do, with validators, conditions and ranges (RFC 9110, sections 8.8, 13 and 14), and holds whoever asks to plain requests:
/// what differs is kept as a fault. It can be told to misbehave.
/// </summary>
internal sealed class FeedPeer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (byte[] Content, DateTimeOffset Modified, string? Tag)> _files = new();
    private readonly ConcurrentQueue<Func<HttpContext, byte[], Task>> _misdeeds = new();
    private readonly ConcurrentQueue<string> _answers = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private WebApplication _app = null!;

    /// <summary>Whether there are ETags; without, there is only the time of change.</summary>
    public bool Tags { get; set; } = true;

    /// <summary>Each request so far: the answer's status, and the path.</summary>
    public IReadOnlyList<string> Answers => [.. _answers];

    /// <summary>What was not as a plain client asks.</summary>
    public IReadOnlyList<string> Faults => [.. _faults];

    public string Url => _app.Urls.First() + "/";

    public static async Task<FeedPeer> StartAsync()
    {
        var peer = new FeedPeer();
        peer._app = await PeerServer.StartAsync((http, target, _) => peer.AnswerAsync(http, target));
        return peer;
    }

    public void Put(string path, byte[] content, DateTimeOffset modified) =>
        _files["/" + path] = (content, modified, Tags ? $"\"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))[..16]}\"" : null);

    /// <summary>How the next requests are answered, in place of the file's bytes.</summary>
    public void Misbehave(Func<HttpContext, byte[], Task> misdeed, int times = 1)
    {
        for (var i = 0; i < times; i++)
            _misdeeds.Enqueue(misdeed);
    }

    public void Behave()
    {
        _misdeeds.Clear();
        _answers.Clear();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http, string target)
    {
        var (request, response) = (http.Request, http.Response);
        if (request.Method != "GET" || request.QueryString.HasValue || !request.Headers.UserAgent.ToString().StartsWith("wharf/", StringComparison.Ordinal) || request.Headers.Cookie.Count > 0
            || request.Headers.Authorization.Count > 0 || request.Headers.AcceptEncoding != "identity")
            _faults.Enqueue($"{request.Method} {target} {string.Join(", ", request.Headers)}");
        var asked = new RequestHeaders(request.Headers);
        if (!_files.TryGetValue(Uri.UnescapeDataString(target), out var file))
            response.StatusCode = 404;
        else if (_misdeeds.TryDequeue(out var misdeed))
        {
            Describe(response, file.Modified, file.Tag);
            _answers.Enqueue($"- {target}");
            await misdeed(http, file.Content);
            return;
        }
        else if (asked.IfNoneMatch.Count > 0 ? asked.IfNoneMatch.Any(t => t.ToString() == file.Tag) : asked.IfModifiedSince >= file.Modified)
            response.StatusCode = 304;
        Describe(response, file.Modified, file.Tag);
        var range = asked.Range?.Ranges.Single();
        if (range is not null && (asked.IfRange is null || range.To is not null || asked.IfNoneMatch.Count > 0))
            _faults.Enqueue($"range {request.Headers.Range} if {request.Headers.IfRange}");
        var from = response.StatusCode == 200 && range is not null && asked.IfRange?.EntityTag?.ToString() == file.Tag ? (int)range.From!.Value : 0;
        if (from > 0)
        {
            response.StatusCode = 206;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{file.Content.Length - 1}/{file.Content.Length}");
        }
        _answers.Enqueue($"{response.StatusCode} {target}");
        if (response.StatusCode is 404 or 304)
            return;
        response.ContentLength = file.Content.Length - from;
        await response.Body.WriteAsync(file.Content.AsMemory(from));
    }

    private static void Describe(HttpResponse response, DateTimeOffset modified, string? tag)
    {
        response.Headers.LastModified = modified.ToString("R", CultureInfo.InvariantCulture);
        if (tag is not null)
            response.Headers.ETag = tag;
    }
}
