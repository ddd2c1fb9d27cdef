using System.Net;
using Wharf.Scanner.Feeds;
using Wharf.Server.Hosting;

namespace Wharf.Server.Security;

/// <summary>
/// Gets what publishers serve: from their own addresses, from a mirror, or from those of the settings. TLS is always checked, the system's proxy is not used, and
/// nothing leads from https to http or from plain http to another host.
/// </summary>
internal sealed class FeedDownload : IDisposable
{
    private const long MaxFile = 2L << 30;
    private const long MaxPointer = 1 << 20;
    private const int Attempts = 4;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(2);

    private readonly SecurityOptions _options;
    private readonly TimeProvider _clock;
    private readonly HttpClient _client;

    public FeedDownload(SecurityOptions options, TimeProvider clock)
    {
        (_options, _clock) = (options, clock);
        // Each file has its own limit, and each silence too.
        _client = Outgoing.Trusted(null, Timeout.InfiniteTimeSpan);
        _client.DefaultRequestHeaders.Add("User-Agent", $"wharf/{BuildInfo.Version}");
        _client.DefaultRequestHeaders.Add("Accept-Encoding", "identity");
    }

    /// <summary>Gets one file, whose time of change is the publisher's.</summary>
    /// <param name="validator">Of what there is already; null: it is wanted in any case.</param>
    /// <param name="path">Where to write it.</param>
    /// <returns>Null: the publisher has nothing newer.</returns>
    /// <exception cref="InvalidDataException">It cannot be had; the message says from where and why.</exception>
    public async Task<FeedDownloaded?> FetchAsync(FeedSource source, string? validator, string path, CancellationToken ct)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        time.CancelAfter(_options.FetchTime);
        var (address, pointers) = AddressOf(source);
        try
        {
            foreach (var pointer in pointers)
            {
                await FetchAsync(address, null, path, MaxPointer, time.Token);
                address = Next(address, pointer(await File.ReadAllTextAsync(path, time.Token)));
            }
            return await FetchAsync(address, validator, path, MaxFile, time.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new InvalidDataException($"{address}: it did not come within {_options.FetchTime}.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            throw new InvalidDataException($"{address}: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>Where an address leads.</summary>
    /// <param name="reference">Absolute, or relative to <paramref name="from"/>.</param>
    /// <exception cref="InvalidDataException">Nowhere that may be gone to.</exception>
    public static Uri Next(Uri from, string reference) =>
        Uri.TryCreate(from, reference, out var to) && (to.Scheme == Uri.UriSchemeHttps || (to.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp && to.Host == from.Host))
            ? to
            : throw new InvalidDataException($"it leads to {reference}, which is neither https nor on the same host");

    public void Dispose() => _client.Dispose();

    private (Uri Address, IReadOnlyList<FeedPointer> Pointers) AddressOf(FeedSource source) =>
        _options.Urls.TryGetValue(source.Path, out var own) ? (new Uri(own), [])
        : _options.Mirror is { } mirror ? (new Uri($"{mirror.TrimEnd('/')}/{string.Join('/', source.Path.Split('/').Select(Uri.EscapeDataString))}"), [])
        : (new Uri(source.Url), source.Pointers);

    private async Task<FeedDownloaded?> FetchAsync(Uri address, string? validator, string path, long max, CancellationToken ct)
    {
        var transfer = new FeedTransfer(_client, address, path, max, _clock);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await transfer.TryAsync(validator, ct);
            }
            catch (Exception e) when (attempt < Attempts && MayPass(e) && !ct.IsCancellationRequested)
            {
                var pause = s_pause * Math.Pow(2, attempt - 1);
                if (transfer.RetryAfter is { } asked && asked > pause)
                    pause = asked <= s_longestPause ? asked : throw new InvalidDataException($"{e.Message}: it asks to be left alone for {asked}", e);
                await Task.Delay(pause, _clock, ct);
            }
        }
    }

    private static bool MayPass(Exception e) =>
        e is IOException or HttpRequestException { StatusCode: null or >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or HttpStatusCode.RequestedRangeNotSatisfiable };
}
