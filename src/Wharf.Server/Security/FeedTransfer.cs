using System.Net;
using System.Net.Http.Headers;

namespace Wharf.Server.Security;

/// <summary>
/// One file on its way, over as many requests as it takes: what has come is kept when the connection ends early, and the next request asks for the rest, where the
/// server says by a strong validator that it is of the same file (RFC 9110, 13.1.5 and 14.2).
/// </summary>
/// <param name="path">Where it goes.</param>
/// <param name="max">Bytes.</param>
internal sealed class FeedTransfer(HttpClient client, Uri address, string path, long max, TimeProvider clock)
{
    private const int MaxRedirects = 5;
    private const int MaxValidator = 1000;
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(60);

    private EntityTagHeaderValue? _tag;
    private long _have;

    /// <summary>What the server asked for when it was busy.</summary>
    public TimeSpan? RetryAfter { get; private set; }

    /// <summary>One request.</summary>
    /// <param name="validator">Of what there is already (<see cref="FeedFile.ETag"/>).</param>
    /// <returns>Null: that is still what the publisher has.</returns>
    /// <exception cref="InvalidDataException">What the server answers is not to be had, however often it is asked.</exception>
    /// <exception cref="HttpRequestException">It cannot be reached, or refuses.</exception>
    /// <exception cref="IOException">It ended early, or was silent for too long.</exception>
    public async Task<FeedDownloaded?> TryAsync(string? validator, CancellationToken ct)
    {
        if (_tag is null or { IsWeak: true })
            _have = 0;
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            silence.CancelAfter(s_silence);
            using var response = await SendAsync(validator, silence.Token);
            if (response.StatusCode == HttpStatusCode.NotModified && validator is not null && _have == 0)
                return null;
            await ReceiveAsync(response, silence);
            var headers = response.Content.Headers;
            // A date that is still to come would make every later one older.
            var modified = headers.LastModified is { } stated && stated < clock.GetUtcNow() ? stated : clock.GetUtcNow();
            File.SetLastWriteTimeUtc(path, modified.UtcDateTime);
            return new FeedDownloaded(response.Headers.ETag?.ToString() is { Length: < MaxValidator } tag ? tag : headers.LastModified?.ToString("R"));
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new IOException($"nothing came for {s_silence.TotalSeconds:0} s", e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string? validator, CancellationToken ct)
    {
        var at = address;
        for (var followed = 0; followed <= MaxRedirects; followed++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, at);
            if (_have > 0)
            {
                request.Headers.Range = new RangeHeaderValue(_have, null);
                request.Headers.IfRange = new RangeConditionHeaderValue(_tag!);
            }
            else if (validator is not null)
            {
                request.Headers.TryAddWithoutValidation(validator.EndsWith('"') ? "If-None-Match" : "If-Modified-Since", validator);
            }
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
                return response;
            using (response)
                at = FeedDownload.Next(at, response.Headers.Location?.OriginalString ?? throw new InvalidDataException("it leads elsewhere and does not say where"));
        }
        throw new InvalidDataException($"it leads elsewhere more than {MaxRedirects} times");
    }

    private async Task ReceiveAsync(HttpResponseMessage response, CancellationTokenSource silence)
    {
        if (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange is { } range && range.From == _have && _have > 0)
        {
            // The rest of what is there.
        }
        else if (response.StatusCode == HttpStatusCode.OK)
        {
            _have = 0;
            _tag = response.Headers.ETag;
        }
        else
        {
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                _tag = null;
            RetryAfter = response.Headers.RetryAfter is not { } wait ? null : wait.Delta ?? wait.Date - clock.GetUtcNow();
            throw new HttpRequestException($"{(int)response.StatusCode} {response.ReasonPhrase}", null, response.StatusCode);
        }
        var headers = response.Content.Headers;
        if (headers.ContentType?.MediaType is "text/html")
            throw new InvalidDataException("it is a web page");
        if (_have + headers.ContentLength > max)
            throw new InvalidDataException($"it has more than {max} bytes");
        var whole = _have + headers.ContentLength;
        await using var to = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
        to.SetLength(_have);
        to.Position = _have;
        await using var from = await response.Content.ReadAsStreamAsync(silence.Token);
        var buffer = new byte[128 << 10];
        while (true)
        {
            silence.CancelAfter(s_silence);
            var n = await from.ReadAsync(buffer, silence.Token);
            if (n == 0)
                break;
            if (_have + n > max)
                throw new InvalidDataException($"it has more than {max} bytes");
            await to.WriteAsync(buffer.AsMemory(0, n), silence.Token);
            _have += n;
        }
        if (whole is { } stated && stated != _have)
            throw new IOException($"{_have} bytes came where {stated} were promised");
    }
}

/// <param name="Validator">What the server recognizes it by (<see cref="FeedFile.ETag"/>).</param>
internal sealed record FeedDownloaded(string? Validator);
